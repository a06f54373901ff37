// The operators below torch::nn::BatchNorm, without the cost of autograd.

#include <ATen/Parallel.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>
#include <ATen/ops/native_batch_norm.h>
#include <ATen/ops/native_batch_norm_backward.h>
#include <c10/core/InferenceMode.h>
#include <torch/version.h>

#include <tuple>

#include "typed.hpp"

namespace benchmarks {
namespace {

using at::Tensor;

/// Values of bfloat16; statistics and parameters of `Parameters`.
class LibTorch : public TypedContender {
 public:
  LibTorch(const Images& images, at::ScalarType parameters)
      : shape_(images.shape),
        planes_(images.layout == Layout::planes),
        x_(view(images.x)),
        dy_(view(images.dy)),
        gamma_(per_channel(1, parameters)),
        beta_(per_channel(0, parameters)),
        running_mean_(per_channel(0, parameters)),
        running_variance_(per_channel(1, parameters)) {
    at::set_num_threads(1);
  }

  void forward() override {
    const c10::InferenceMode no_autograd;
    y_.reset();  // its memory serves again
    std::tie(y_, mean_, inverse_) =
        at::native_batch_norm(x_, gamma_, beta_, running_mean_, running_variance_, true,
                              Images::new_weight, Images::epsilon);
  }

  void backward() override {
    const c10::InferenceMode no_autograd;
    dx_.reset();
    std::tie(dx_, gamma_gradient_, beta_gradient_) =
        at::native_batch_norm_backward(dy_, x_, gamma_, running_mean_, running_variance_, mean_,
                                       inverse_, true, Images::epsilon, {true, true, true});
  }

  void inference() override {
    const c10::InferenceMode no_autograd;
    y_.reset();
    y_ = std::get<0>(at::native_batch_norm(x_, gamma_, beta_, running_mean_, running_variance_,
                                           false, Images::new_weight, Images::epsilon));
  }

  Eigen::ArrayXf y() override {
    const c10::InferenceMode no_autograd;
    const Tensor ordered = planes_ ? y_ : y_.permute({0, 2, 3, 1});
    const Tensor wide = ordered.to(at::kFloat).contiguous();
    return Eigen::Map<const Eigen::ArrayXf>(wide.data_ptr<float>(), shape_.size());
  }

 private:
  /// (N, C, S, 1) in the memory format of the layout.
  Tensor view(Eigen::ArrayXf values) const {
    const Index n = shape_.samples;
    const Index c = shape_.channels;
    const Index s = shape_.spatial;
    const Tensor wide =
        planes_ ? at::from_blob(values.data(), {n, c, s, 1}, at::kFloat)
                : at::from_blob(values.data(), {n, c, s, 1}, {s * c, 1, c, c}, at::kFloat);
    return wide.to(at::kBFloat16);
  }

  Tensor per_channel(double value, at::ScalarType type) const {
    return at::full({shape_.channels}, value, type);
  }

  Shape shape_;
  bool planes_;
  Tensor x_, dy_, y_, dx_;
  Tensor gamma_, beta_, running_mean_, running_variance_;
  Tensor mean_, inverse_, gamma_gradient_, beta_gradient_;
};

}  // namespace

std::vector<TypedEntry> libtorch() {
  const auto with = [](at::ScalarType parameters) {
    return [=](const Images& images) { return std::make_unique<LibTorch>(images, parameters); };
  };
  const char* const library = "libtorch " TORCH_VERSION;
  return {{"libtorch", library, with(at::kFloat)},
          {"libtorch, all in bfloat16", library, with(at::kBFloat16)}};
}

}  // namespace benchmarks
