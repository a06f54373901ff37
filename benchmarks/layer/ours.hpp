#pragma once

#include <batchnorm/batchnorm.hpp>
#include <memory>

#include "contender.hpp"

namespace benchmarks {

/// This library's layers with a problem's state.
template <typename Axis, typename Activation>
struct Layers {
  explicit Layers(const Problem& problem) : Layers(state(problem)) {}

  batchnorm::BatchNorm<float, batchnorm::Train, Axis, Activation> trained;
  batchnorm::BatchNorm<float, batchnorm::Eval, Axis, Activation> deployed;

 private:
  explicit Layers(const batchnorm::State<float>& state) : trained(state), deployed(state) {}

  static batchnorm::State<float> state(const Problem& problem) {
    return {problem.gamma, problem.beta, problem.running_mean, problem.running_variance};
  }
};

/// The contender on one kind of arrays that has a problem's activation.
template <template <typename, typename, typename> class Which, typename Arrays, typename Axis>
std::unique_ptr<Contender> with_activation(const Problem& problem) {
  if (problem.relu) return std::make_unique<Which<Arrays, Axis, batchnorm::ReLU>>(problem);
  return std::make_unique<Which<Arrays, Axis, batchnorm::NoActivation>>(problem);
}

}  // namespace benchmarks
