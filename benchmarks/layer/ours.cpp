#include <batchnorm/batchnorm.hpp>

#include "contenders.hpp"

namespace benchmarks {
namespace {

template <typename Axis>
class Ours : public Contender {
 public:
  explicit Ours(const Problem& problem)
      : x_(view(problem, problem.buffers->x)),
        dy_(view(problem, problem.buffers->dy)),
        y_(view(problem, problem.buffers->y)),
        dx_(view(problem, problem.buffers->dx)),
        trained_(state(problem)),
        deployed_(state(problem)) {}

  void forward() override { trained_.forward(x_, y_); }
  void backward() override { trained_.backward(x_, dy_, dx_); }
  void inference() override { deployed_.forward(x_, y_); }

 private:
  using Tensor = Eigen::TensorMap<Eigen::Tensor<float, 3, Eigen::RowMajor>>;

  static Tensor view(const Problem& problem, Eigen::ArrayXf& values) {
    const Shape& shape = problem.shape;
    if constexpr (std::is_same_v<Axis, batchnorm::ChannelsFirst>) {
      return {values.data(), shape.samples, shape.channels, shape.spatial};
    } else {
      return {values.data(), shape.samples, shape.spatial, shape.channels};
    }
  }

  static batchnorm::State<float> state(const Problem& problem) {
    return {problem.gamma, problem.beta, problem.running_mean, problem.running_variance};
  }

  Tensor x_;
  Tensor dy_;
  Tensor y_;
  Tensor dx_;
  batchnorm::BatchNorm<float, batchnorm::Train, Axis> trained_;
  batchnorm::BatchNorm<float, batchnorm::Eval, Axis> deployed_;
};

}  // namespace

std::unique_ptr<Contender> make_ours(const Problem& problem) {
  if (problem.layout == Layout::planes) {
    return std::make_unique<Ours<batchnorm::ChannelsFirst>>(problem);
  }
  return std::make_unique<Ours<batchnorm::ChannelsLast>>(problem);
}

}  // namespace benchmarks
