#include <dlib/cuda/cpu_dlib.h>
#include <dlib/cuda/tensor.h>
#include <dlib/revision.h>

#include <algorithm>

#include "contender.hpp"

namespace benchmarks {
namespace {

/// Works in dlib's own tensors. A layer's gradient is added to what stands there, so that dlib's
/// users clear it first; ReLU and its gradient work in place, as in dlib's networks.
class Dlib : public Contender {
 public:
  explicit Dlib(const Problem& problem)
      : problem_(problem),
        matrix_(problem.shape.spatial == 1),
        x_(tensor(problem)),
        dy_(tensor(problem)),
        y_(tensor(problem)),
        dx_(tensor(problem)),
        gamma_(per_channel(problem.gamma)),
        beta_(per_channel(problem.beta)),
        running_mean_(per_channel(problem.running_mean)),
        running_variance_(per_channel(problem.running_variance)),
        moved_mean_(running_mean_),
        moved_variance_(running_variance_),
        mean_(gamma_),
        inverse_(gamma_),
        gamma_gradient_(gamma_),
        beta_gradient_(beta_) {}

  void load() override {
    std::ranges::copy(problem_.buffers->x, x_.host());
    std::ranges::copy(problem_.buffers->dy, dy_.host());
  }

  void unload(Operation operation) override {
    if (operation == Operation::backward) {
      std::copy_n(dx_.host(), dx_.size(), problem_.buffers->dx.begin());
    } else {
      std::copy_n(y_.host(), y_.size(), problem_.buffers->y.begin());
    }
  }

  void forward() override {
    const auto normalize = matrix_ ? dlib::cpu::batch_normalize : dlib::cpu::batch_normalize_conv;
    normalize(Problem::epsilon, y_, mean_, inverse_, Problem::new_weight, moved_mean_,
              moved_variance_, x_, gamma_, beta_);
    if (problem_.relu) dlib::cpu::relu(y_, y_);
  }

  void backward() override {
    const auto gradient =
        matrix_ ? dlib::cpu::batch_normalize_gradient : dlib::cpu::batch_normalize_conv_gradient;
    if (problem_.relu) dlib::cpu::relu_gradient(dy_, y_, dy_);
    std::fill_n(dx_.host(), dx_.size(), 0.0F);
    gradient(Problem::epsilon, dy_, mean_, inverse_, x_, gamma_, dx_, gamma_gradient_,
             beta_gradient_);
  }

  void inference() override {
    const auto normalize =
        matrix_ ? dlib::cpu::batch_normalize_inference : dlib::cpu::batch_normalize_conv_inference;
    normalize(Problem::epsilon, y_, x_, gamma_, beta_, running_mean_, running_variance_);
    if (problem_.relu) dlib::cpu::relu(y_, y_);
  }

 private:
  using Tensor = dlib::resizable_tensor;

  static Tensor tensor(const Problem& problem) {
    const Shape& shape = problem.shape;
    return Tensor(shape.samples, shape.channels, shape.spatial);
  }

  Tensor per_channel(const Eigen::ArrayXf& values) const {
    Tensor result(1, values.size());
    std::ranges::copy(values, result.host());
    return result;
  }

  const Problem& problem_;
  bool matrix_;
  Tensor x_, dy_, y_, dx_;
  Tensor gamma_, beta_, running_mean_, running_variance_, moved_mean_, moved_variance_;
  Tensor mean_, inverse_, gamma_gradient_, beta_gradient_;
};

std::unique_ptr<Contender> make(const Problem& problem) {
  if (problem.layout == Layout::rows && problem.shape.spatial > 1) return nullptr;
  // dlib refuses to train on one image, however large.
  if (problem.shape.trained && problem.shape.samples == 1) return nullptr;
  return std::make_unique<Dlib>(problem);
}

}  // namespace

Entry dlib_cpu() {
  const std::string version =
      std::to_string(DLIB_MAJOR_VERSION) + "." + std::to_string(DLIB_MINOR_VERSION);
  return {"dlib", "dlib " + version + ", its CPU functions; ReLU a function of its own", Role::peer,
          Scope::small, make};
}

}  // namespace benchmarks
