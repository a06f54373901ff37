#include <batchnorm/batchnorm.hpp>

#include "contender.hpp"

namespace benchmarks {
namespace {

template <typename Axis, typename Activation>
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

 protected:
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
  batchnorm::BatchNorm<float, batchnorm::Train, Axis, Activation> trained_;
  batchnorm::BatchNorm<float, batchnorm::Eval, Axis, Activation> deployed_;
};

template <typename Axis, typename Activation>
class OursThreaded : public Ours<Axis, Activation> {
 public:
  explicit OursThreaded(const Problem& problem)
      : Ours<Axis, Activation>(problem), pool_(problem.threads), device_(&pool_, problem.threads) {}

  void forward() override { this->trained_.forward(device_, this->x_, this->y_); }
  void backward() override { this->trained_.backward(device_, this->x_, this->dy_, this->dx_); }
  void inference() override { this->deployed_.forward(device_, this->x_, this->y_); }

 private:
  Eigen::ThreadPool pool_;
  Eigen::ThreadPoolDevice device_;
};

template <template <typename, typename> class Which, typename Axis>
std::unique_ptr<Contender> with_axis(const Problem& problem) {
  if (problem.relu) return std::make_unique<Which<Axis, batchnorm::ReLU>>(problem);
  return std::make_unique<Which<Axis, batchnorm::NoActivation>>(problem);
}

template <template <typename, typename> class Which>
std::unique_ptr<Contender> make(const Problem& problem) {
  if (problem.layout == Layout::planes) return with_axis<Which, batchnorm::ChannelsFirst>(problem);
  return with_axis<Which, batchnorm::ChannelsLast>(problem);
}

std::unique_ptr<Contender> make_threaded(const Problem& problem) {
  return problem.threads > 1 ? make<OursThreaded>(problem) : nullptr;
}

}  // namespace

Entry ours() { return {"ours", "this library", Role::ours, Scope::everywhere, make<Ours>}; }

Entry ours_threads() {
  return {"ours-threads", "this library on an Eigen::ThreadPoolDevice", Role::threaded,
          Scope::everywhere, make_threaded};
}

}  // namespace benchmarks
