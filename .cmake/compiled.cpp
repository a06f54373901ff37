// The library batchnorm::compiled: what detail/kernels/compiled.hpp declares.

#include <batchnorm/batchnorm.hpp>
#include <batchnorm/detail/kernels/compiled.hpp>
#include <tuple>

namespace batchnorm::detail {

template <typename Call>
typename Call::Signature* compiled_call() {
  if constexpr (requires { Step<Call>::run; }) {
    return &Step<Call>::run;
  } else {
    return kernel<Call>();
  }
}

const char* compiled_target() { return kernels_target(); }

namespace {

template <typename... Calls>
using Pointers = std::tuple<typename Calls::Signature* (*)()...>;

template <typename... Calls>
constexpr Pointers<Calls...> pointers() {
  return {&compiled_call<Calls>...};
}

template <typename Scalar, typename Activation, bool HasResidual>
constexpr auto of_residual() {
  return pointers<calls::Normalize<Scalar, Activation, HasResidual>,
                  calls::AffineGradient<Scalar, Activation, HasResidual>,
                  calls::BatchForward<Scalar, Activation, HasResidual>,
                  calls::BatchBackward<Scalar, Activation, HasResidual>,
                  calls::ConstantBackward<Scalar, Activation, HasResidual>,
                  calls::BackwardOfFew<Scalar, Activation, HasResidual>>();
}

template <typename Scalar, typename... Activations>
constexpr auto of_scalar(TypeList<Activations...> /*all*/) {
  return std::tuple_cat(pointers<calls::RangeMoments<Scalar>, calls::PrepareCoefficients<Scalar>,
                                 calls::WriteGradient<Scalar>>(),
                        of_residual<Scalar, Activations, false>()...,
                        of_residual<Scalar, Activations, true>()...);
}

/// By which a compiler knows that all of them are wanted.
[[gnu::used]] constexpr auto all = std::tuple_cat(
    pointers<calls::MergeMoments, calls::UpdateRunning>(), of_scalar<float>(CompiledActivations{}),
    of_scalar<double>(CompiledActivations{}));

}  // namespace

}  // namespace batchnorm::detail
