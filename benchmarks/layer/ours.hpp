#pragma once

#include <batchnorm/batchnorm.hpp>
#include <memory>

#include "contender.hpp"

namespace benchmarks {

/// This library. `Place` is where an array is: built from the problem and one of its buffers, it
/// has the `array` of a call, and takes from and gives to the buffer.
template <typename Place, typename Axis, typename Activation>
class Ours : public Contender {
 public:
  explicit Ours(const Problem& problem)
      : x_(problem, problem.buffers->x),
        dy_(problem, problem.buffers->dy),
        y_(problem, problem.buffers->y),
        dx_(problem, problem.buffers->dx),
        trained_(state(problem)),
        deployed_(state(problem)) {}

  void load() override {
    x_.take();
    dy_.take();
  }

  void unload(Operation operation) override {
    (operation == Operation::backward ? dx_ : y_).give();
  }

  void forward() override { trained_.forward(x_.array, y_.array); }
  void backward() override { trained_.backward(x_.array, dy_.array, dx_.array); }
  void inference() override { deployed_.forward(x_.array, y_.array); }

 protected:
  static batchnorm::State<float> state(const Problem& problem) {
    return {problem.gamma, problem.beta, problem.running_mean.cast<double>(),
            problem.running_variance.cast<double>()};
  }

  Place x_;
  Place dy_;
  Place y_;
  Place dx_;
  batchnorm::BatchNorm<float, batchnorm::Train, Axis, Activation> trained_;
  batchnorm::BatchNorm<float, batchnorm::Eval, Axis, Activation> deployed_;
};

/// The contender with a problem's activation.
template <template <typename, typename, typename> class Which, typename Place, typename Axis>
std::unique_ptr<Contender> with_activation(const Problem& problem) {
  if (problem.relu) return std::make_unique<Which<Place, Axis, batchnorm::ReLU>>(problem);
  return std::make_unique<Which<Place, Axis, batchnorm::NoActivation>>(problem);
}

/// The contender with a problem's layout and activation.
template <template <typename, typename, typename> class Which, typename Place>
std::unique_ptr<Contender> make_ours(const Problem& problem) {
  if (problem.layout == Layout::planes)
    return with_activation<Which, Place, batchnorm::ChannelsFirst>(problem);
  return with_activation<Which, Place, batchnorm::ChannelsLast>(problem);
}

}  // namespace benchmarks
