// The operators below torch::nn::BatchNorm and torch::nn::ReLU, without the cost of autograd.

#include <ATen/Parallel.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/native_batch_norm.h>
#include <ATen/ops/native_batch_norm_backward.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/threshold_backward.h>
#include <c10/core/InferenceMode.h>
#include <torch/version.h>

#include <cstdlib>
#include <tuple>

#include "contender.hpp"

namespace benchmarks {
namespace {

using at::Tensor;

class LibTorch : public Contender {
 public:
  explicit LibTorch(const Problem& problem)
      : problem_(problem),
        x_(view(problem.buffers->x)),
        dy_(view(problem.buffers->dy)),
        gamma_(per_channel(problem.gamma)),
        beta_(per_channel(problem.beta)),
        running_mean_(per_channel(problem.running_mean)),
        running_variance_(per_channel(problem.running_variance)),
        moved_mean_(running_mean_.clone()),
        moved_variance_(running_variance_.clone()) {
    at::set_num_threads(1);
  }

  void forward() override {
    const c10::InferenceMode no_autograd;
    y_.reset();  // its memory serves again
    std::tie(y_, mean_, inverse_) =
        at::native_batch_norm(x_, gamma_, beta_, moved_mean_, moved_variance_, true,
                              Problem::new_weight, Problem::epsilon);
    if (problem_.relu) at::relu_(y_);
  }

  void backward() override {
    const c10::InferenceMode no_autograd;
    dx_.reset();
    const Tensor dy = problem_.relu ? at::threshold_backward(dy_, y_, 0) : dy_;
    std::tie(dx_, gamma_gradient_, beta_gradient_) =
        at::native_batch_norm_backward(dy, x_, gamma_, moved_mean_, moved_variance_, mean_,
                                       inverse_, true, Problem::epsilon, {true, true, true});
  }

  void inference() override {
    const c10::InferenceMode no_autograd;
    y_.reset();
    y_ = std::get<0>(at::native_batch_norm(x_, gamma_, beta_, running_mean_, running_variance_,
                                           false, Problem::new_weight, Problem::epsilon));
    if (problem_.relu) at::relu_(y_);
  }

  void unload(Operation operation) override {
    const c10::InferenceMode no_autograd;
    Buffers& buffers = *problem_.buffers;
    if (operation == Operation::backward) {
      view(buffers.dx).copy_(dx_);
    } else {
      view(buffers.y).copy_(y_);
    }
  }

 private:
  /// (N, C), or (N, C, S, 1) in the memory format of the layout.
  Tensor view(Eigen::ArrayXf& values) const {
    const Shape& shape = problem_.shape;
    const Index n = shape.samples;
    const Index c = shape.channels;
    const Index s = shape.spatial;
    if (s == 1) return at::from_blob(values.data(), {n, c}, at::kFloat);
    if (problem_.layout == Layout::planes) {
      return at::from_blob(values.data(), {n, c, s, 1}, at::kFloat);
    }
    return at::from_blob(values.data(), {n, c, s, 1}, {s * c, 1, c, c}, at::kFloat);
  }

  static Tensor per_channel(Eigen::ArrayXf values) {
    return at::from_blob(values.data(), {values.size()}, at::kFloat).clone();
  }

  const Problem& problem_;
  Tensor x_, dy_, y_, dx_;
  Tensor gamma_, beta_, running_mean_, running_variance_, moved_mean_, moved_variance_;
  Tensor mean_, inverse_, gamma_gradient_, beta_gradient_;
};

std::unique_ptr<Contender> make(const Problem& problem) {
  return std::make_unique<LibTorch>(problem);
}

}  // namespace

Entry libtorch() {
  const char* const instructions = std::getenv("ATEN_CPU_CAPABILITY");
  return {"libtorch",
          "libtorch " TORCH_VERSION ", ATEN_CPU_CAPABILITY=" +
              std::string(instructions == nullptr ? "default" : instructions) +
              "; ReLU an operator of its own",
          Role::peer, Scope::everywhere, make};
}

}  // namespace benchmarks
