// What an optimiser is shown of a layer.
#pragma once

#include <type_traits>

#include "nn/matrix.hpp"
#include "nn/sgd.hpp"

namespace nn {

/// All values of a matrix or vector, in a row.
template <typename Values>
auto flat(Values& values) {
  using Array = Eigen::Array<typename Values::Scalar, Eigen::Dynamic, 1>;
  using Flat = std::conditional_t<std::is_const_v<Values>, const Array, Array>;
  return Eigen::Map<Flat>(values.data(), values.size());
}

/// Calls `f(value, gradient, Decay)`, both one-dimensional, for what a layer has learnt: weights
/// and bias, or gamma and beta, or nothing.
template <typename Layer, typename F>
void visit_parameters(Layer& layer, const F& f) {
  if constexpr (requires { layer.weights_gradient(); }) {
    f(flat(layer.weights()), flat(layer.weights_gradient()), Decay::yes);
    f(flat(layer.bias()), flat(layer.bias_gradient()), Decay::no);
  } else if constexpr (requires { layer.for_each_parameter([](auto, auto) {}); }) {
    layer.for_each_parameter(
        [&](auto parameter, auto gradient) { f(parameter.array(), gradient.array(), Decay::no); });
  }
}

}  // namespace nn
