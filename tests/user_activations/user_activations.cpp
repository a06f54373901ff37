#include <algorithm>
#include <batchnorm/batchnorm.hpp>
#include <cmath>
#include <iostream>
#include <string>
#include <unsupported/Eigen/CXX11/Tensor>

// Activations of a user's file, which is compiled for another instruction set than the kernels that
// call them: not inlined, by value, and with products that meet sums. A value's result is that of
// the definition to the bit, wherever in a row or a plane of any length it stands. Built without
// optimisation and with it.

namespace {

using namespace batchnorm;

/// u -> u * 0.7 + 0.3 beyond 0.1, in two roundings; never inlined.
struct Apart {
  static constexpr bool gates = true;

  template <typename P>
  [[gnu::noinline]] static P apply(const P& u) {
    const P line = add(multiply(u, constant<P>(0.7)), constant<P>(0.3));
    return select_less(u, constant<P>(0.1), u, line);
  }

  template <typename P>
  [[gnu::noinline]] static P gate(const P& u, const P& dy) {
    return subtract(dy, multiply(u, constant<P>(0.3)));
  }
};

/// The same, inlined where the compiler likes: a product that it could fuse with a sum.
struct Inlined {
  static constexpr bool gates = true;

  template <typename P>
  static P apply(const P& u) {
    return add(multiply(u, u), multiply(u, constant<P>(0.7)));
  }

  template <typename P>
  static P gate(const P& u, const P& dy) {
    return multiply(dy, add(multiply(u, constant<P>(2)), constant<P>(0.7)));
  }
};

template <typename P>
[[gnu::noinline]] P middle(P a, P b, P c) {
  return maximum(minimum(a, b), minimum(maximum(a, b), c));
}

/// By value, through a function of the user's own that takes and returns values too.
struct ByValue {
  static constexpr bool gates = true;

  template <typename P>
  static P apply(P u) {
    P result = middle(constant<P>(-0.5), u, constant<P>(0.5));
    result = divide(result, add(absolute(u), constant<P>(1)));
    return result;
  }

  template <typename P>
  static P gate(P u, P dy) {
    return middle(minus(dy), u, dy);
  }
};

/// An activation of plain numbers. What is rounded goes through memory, so that nothing is fused.
template <typename Activation>
struct Definition;

template <typename Scalar>
Scalar rounded(Scalar value) {
  const volatile Scalar stored = value;
  return stored;
}

template <>
struct Definition<Apart> {
  template <typename Scalar>
  static Scalar apply(Scalar u) {
    return u < Scalar(0.1) ? u : rounded(u * Scalar(0.7)) + Scalar(0.3);
  }
  template <typename Scalar>
  static Scalar gate(Scalar u, Scalar dy) {
    return dy - rounded(u * Scalar(0.3));
  }
};

template <>
struct Definition<Inlined> {
  template <typename Scalar>
  static Scalar apply(Scalar u) {
    return rounded(u * u) + rounded(u * Scalar(0.7));
  }
  template <typename Scalar>
  static Scalar gate(Scalar u, Scalar dy) {
    return dy * rounded(rounded(u * Scalar(2)) + Scalar(0.7));
  }
};

template <>
struct Definition<ByValue> {
  template <typename Scalar>
  static Scalar apply(Scalar u) {
    return std::clamp(u, Scalar(-0.5), Scalar(0.5)) / (std::abs(u) + 1);
  }
  template <typename Scalar>
  static Scalar gate(Scalar u, Scalar dy) {
    return std::clamp(u, -std::abs(dy), std::abs(dy));
  }
};

/// Rows of `length` channels.
template <typename Scalar>
struct Rows {
  using Tensor = Eigen::Tensor<Scalar, 2, Eigen::RowMajor>;
  static Index channels(Index length) { return length; }
  static Tensor make(Index length) { return Tensor(3, length); }
};

/// Planes of `length` values.
template <typename Scalar>
struct Planes {
  using Tensor = Eigen::Tensor<Scalar, 3, Eigen::RowMajor>;
  static Index channels(Index /*length*/) { return 3; }
  static Tensor make(Index length) { return Tensor(2, 3, length); }
};

template <typename Scalar>
State<Scalar> state_of(Index channels) {
  State<Scalar> state;
  state.gamma.setLinSpaced(channels, Scalar(0.5), Scalar(1.5));
  state.beta.setConstant(channels, Scalar(0.1));
  state.running_mean.setConstant(channels, 0.2);
  state.running_variance.setConstant(channels, 0.7);
  return state;
}

template <typename Tensor>
void fill(Tensor& tensor, Index step) {
  using Scalar = typename Tensor::Scalar;
  for (Index k = 0; k < tensor.size(); ++k)
    tensor.data()[k] = static_cast<Scalar>(step * k % 97) / 32 - Scalar(1.5);
}

int failures = 0;

/// Counts what differs, and shows the first few.
template <typename Tensor>
void expect_same(const Tensor& got, const Tensor& expected, const std::string& what) {
  for (Index k = 0; k < got.size(); ++k) {
    if (got.data()[k] == expected.data()[k]) continue;
    if (++failures > 10) return;
    std::cerr << what << ": element " << k << std::hexfloat << " is " << got.data()[k]
              << ", and not " << expected.data()[k] << '\n';
  }
}

/// Forward and backward are those of a layer without activation and of the definition.
template <typename Activation, typename Layer, typename Plain, typename Tensor>
void check_calls(const Layer& layer, const Plain& plain, const Tensor& x, const std::string& what) {
  Tensor dy = x;
  fill(dy, 29);
  const Tensor u = plain.forward(x), y = layer.forward(x), dx = layer.backward(x, dy);
  Tensor of_u = u, g = dy;
  for (Index k = 0; k < u.size(); ++k) {
    of_u.data()[k] = Definition<Activation>::apply(u.data()[k]);
    g.data()[k] = Definition<Activation>::gate(u.data()[k], dy.data()[k]);
  }
  const Tensor expected = plain.backward(x, g);
  expect_same(y, of_u, what + " forward");
  expect_same(dx, expected, what + " backward");
}

template <typename Activation, typename Layout>
void check(const std::string& name) {
  using Scalar = typename Layout::Tensor::Scalar;
  for (Index length = 1; length <= 40; ++length) {
    auto x = Layout::make(length);
    fill(x, 31);
    const std::string what = std::string(target()) + ": " + name + " of " + std::to_string(length);
    const State<Scalar> state = state_of<Scalar>(Layout::channels(length));
    const BatchNorm<Scalar, Eval, Activation> layer(state);
    const BatchNorm<Scalar, Eval> plain(state);
    check_calls<Activation>(layer, plain, x, what);
  }
}

template <typename Activation>
void check_layouts(const std::string& name) {
  check<Activation, Rows<float>>(name + ", rows");
  check<Activation, Planes<float>>(name + ", planes");
}

}  // namespace

int main() {
  check_layouts<Apart>("an activation that is not inlined");
  check_layouts<Inlined>("an activation that is inlined");
  check_layouts<ByValue>("an activation by value");
  check<Inlined, Rows<double>>("an activation that is inlined, rows of double");
  return failures == 0 ? 0 : 1;
}
