#pragma once

#include <batchnorm/batchnorm.hpp>
#include <batchnorm/detail/kernels/compiled.hpp>
#include <tuple>

// What detail/kernels/compiled.hpp declares. The library is one unit per scalar and activation, so
// that a program takes along only what it calls.
namespace batchnorm::detail {

template <typename Call>
typename Call::Signature* compiled_call() {
  if constexpr (requires { Step<Call>::run; }) {
    return &Step<Call>::run;
  } else {
    return kernel<Call>();
  }
}

/// Of something that is `[[gnu::used]]`, by which a compiler knows that all `Calls` are wanted.
template <typename... Calls>
constexpr std::tuple<typename Calls::Signature* (*)()...> compiled_calls() {
  return {&compiled_call<Calls>...};
}

template <typename Scalar, typename Activation, bool HasResidual>
constexpr auto calls_of_activation() {
  return compiled_calls<calls::Normalize<Scalar, Activation, HasResidual>,
                        calls::AffineGradient<Scalar, Activation, HasResidual>,
                        calls::ParameterGradients<Scalar, Activation, HasResidual>,
                        calls::BatchGradient<Scalar, Activation, HasResidual>,
                        calls::AffineGradientOfFew<Scalar, Activation, HasResidual>,
                        calls::BatchForward<Scalar, Activation, HasResidual>,
                        calls::BatchBackward<Scalar, Activation, HasResidual>,
                        calls::ConstantBackward<Scalar, Activation, HasResidual>,
                        calls::BackwardOfFew<Scalar, Activation, HasResidual>,
                        calls::WeightedParameterGradients<Scalar, Activation, HasResidual>,
                        calls::WeightedBatchGradient<Scalar, Activation, HasResidual>,
                        calls::ConditionalGradient<Scalar, Activation, HasResidual>,
                        calls::WeightedForward<Scalar, Activation, HasResidual>,
                        calls::WeightedBackward<Scalar, Activation, HasResidual>>();
}

/// Of x's scalar.
template <typename Scalar>
constexpr auto calls_of_values() {
  return compiled_calls<calls::RangeMoments<Scalar>, calls::WeightedMoments<Scalar>,
                        calls::ChunkWeights<Scalar>, calls::SecondGradient<Scalar>>();
}

/// Of that of the parameters.
template <typename Scalar>
constexpr auto calls_of_parameters() {
  return compiled_calls<calls::TotalWeights<Scalar>, calls::PrepareCoefficients<Scalar>,
                        calls::PrepareBatchGradient<Scalar>, calls::ModulateCoefficients<Scalar>,
                        calls::WriteGradient<Scalar>>();
}

}  // namespace batchnorm::detail
