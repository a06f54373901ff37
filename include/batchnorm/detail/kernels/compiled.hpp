#pragma once

#include <type_traits>

#include "../../activation.hpp"
#include "../../scalar.hpp"

// The library that `batchnorm::compiled` links: kernels and steps for all scalars, for every
// instruction set, that were compiled before. In a unit that links it, no kernel is compiled.
namespace batchnorm::detail {

template <typename... Types>
struct TypeList {
  template <typename T>
  static constexpr bool has = (std::is_same_v<T, Types> || ...);
};

using CompiledActivations = TypeList<NoActivation, ReLU, LeakyReLU<>, ReLU6, SiLU, GELU, TanhGELU>;

/// More would take as long to compile as all of float.
using CompiledActivationsOf16Bits = TypeList<NoActivation, ReLU>;

/// Whether the library does `Call`.
template <typename Call>
inline constexpr bool is_compiled = true;

template <template <typename, typename, bool> typename Call, typename Scalar, typename Activation,
          bool HasResidual>
inline constexpr bool is_compiled<Call<Scalar, Activation, HasResidual>> =
    has_16_bits<Scalar> ? CompiledActivationsOf16Bits::has<Activation>
                        : CompiledActivations::has<Activation>;

/// In the library: what does `Call` in the instruction set that this process uses.
template <typename Call>
typename Call::Signature* compiled_call();

/// In the library: the name of that set.
const char* compiled_target();

}  // namespace batchnorm::detail
