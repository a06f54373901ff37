#include <gtest/gtest.h>

#include "pairwise.hpp"

// The gradients of every layer, for every kind of argument, against the reference.

namespace {

using namespace fixtures;

template <typename C>
class Backward : public ::testing::Test {};
TYPED_TEST_SUITE(Backward, Cases, CaseName);

/// A forward that has happened, and what its backward needs.
template <typename C>
struct Call {
  using Scalar = typename C::Scalar;
  using Kind = typename C::Kind;
  using Dims = Dimensions<Kind::rank>;

  explicit Call(const Dims& d)
      : dimensions(d),
        shape(shape_of(d, C::axis)),
        state(some_state<Scalar, typename C::Affine>(shape.channels)),
        x_values(pattern<Scalar>(shape, 21)),
        r_values(pattern<Scalar>(shape, 22)),
        dy_values(pattern<Scalar>(shape, 23)),
        x(d),
        r(d),
        y(d),
        dy(d),
        dx(d),
        dr(d) {
    write(x.get(), d, C::axis, x_values);
    write(r.get(), d, C::axis, r_values);
    write(dy.get(), d, C::axis, dy_values);
  }

  reference::Gradients expected(const Values* residual) const {
    return reference::backward(C::settings(), to_reference(state), x_values, residual, dy_values);
  }
  Values values_of(Kind& kind) const { return read(kind.get(), dimensions, C::axis); }

  void expect_dx(const reference::Gradients& expected) {
    EXPECT_LE(worst_error<Scalar>(values_of(dx), expected.dx, expected.dx_magnitude),
              backward_roundoffs<Scalar>);
    EXPECT_TRUE(dx.untouched());
  }

  Dims dimensions;
  reference::Shape shape;
  batchnorm::State<Scalar> state;
  Values x_values, r_values, dy_values;
  Kind x, r, y, dy, dx, dr;
};

/// dgamma within 2e-7 of the sum of |dy * x_hat|, dbeta within 1e-7 of the sum of |dy|; double,
/// whose sums have nothing better to stand in, as many roundoffs more as elsewhere.
template <typename C>
void expect_parameter_gradients(const typename C::Layer& layer,
                                const reference::Gradients& expected) {
  using Scalar = typename C::Scalar;
  constexpr double slack = forward_roundoffs<Scalar> / forward_roundoffs<float>;
  if constexpr (C::learns && has_gamma<typename C::Affine>) {
    EXPECT_LE(
        worst_error<Scalar>(layer.gamma_gradient(), expected.dgamma, expected.dgamma_magnitude),
        slack * 2e-7 / roundoff<float>);
  }
  if constexpr (C::learns && has_beta<typename C::Affine>) {
    EXPECT_LE(worst_error<Scalar>(layer.beta_gradient(), expected.dbeta, expected.dbeta_magnitude),
              slack * 1e-7 / roundoff<float>);
  }
}

template <typename C, typename Function>
void for_each_call(const Function& f) {
  for_each_shape<typename C::Kind>(C::axis, [&](const auto& dimensions, const char* name) {
    SCOPED_TRACE(name);
    Call<C> call(dimensions);
    if (!C::refuses(call.shape)) f(call);
  });
}

TYPED_TEST(Backward, IsTheReference) {
  using C = TypeParam;
  for_each_call<C>([](Call<C>& call) {
    typename C::Layer layer(call.state);
    layer.forward(call.x.get(), call.y.get());
    layer.backward(call.x.get(), call.dy.get(), call.dx.get());
    const reference::Gradients expected = call.expected(nullptr);
    call.expect_dx(expected);
    expect_parameter_gradients<C>(layer, expected);
  });
}

TYPED_TEST(Backward, GoesToTheResidualToo) {
  using C = TypeParam;
  using Scalar = typename C::Scalar;
  for_each_call<C>([](Call<C>& call) {
    typename C::Layer layer(call.state);
    layer.forward(call.x.get(), batchnorm::residual(call.r.get()), call.y.get());
    layer.backward(call.x.get(), batchnorm::residual(call.r.get()), call.dy.get(), call.dx.get(),
                   call.dr.get());
    const reference::Gradients expected = call.expected(&call.r_values);
    call.expect_dx(expected);
    EXPECT_EQ(worst_error<Scalar>(call.values_of(call.dr), expected.dresidual, expected.dresidual),
              0);
    expect_parameter_gradients<C>(layer, expected);
  });
}

TYPED_TEST(Backward, ReturnsWhatItWrites) {
  using C = TypeParam;
  for_each_call<C>([](Call<C>& call) {
    typename C::Layer layer(call.state);
    layer.forward(call.x.get(), call.y.get());
    layer.backward(call.x.get(), call.dy.get(), call.dx.get());
    const auto dx = layer.backward(call.x.get(), call.dy.get());
    EXPECT_TRUE(same_bits(read(dx, call.dimensions, C::axis), call.values_of(call.dx)));
  });
}

TYPED_TEST(Backward, ReturnsBothGradientsOfAResidualCall) {
  using C = TypeParam;
  for_each_call<C>([](Call<C>& call) {
    typename C::Layer layer(call.state);
    layer.forward(call.x.get(), batchnorm::residual(call.r.get()), call.y.get());
    layer.backward(call.x.get(), batchnorm::residual(call.r.get()), call.dy.get(), call.dx.get(),
                   call.dr.get());
    const auto [dx, dr] =
        layer.backward(call.x.get(), batchnorm::residual(call.r.get()), call.dy.get());
    EXPECT_TRUE(same_bits(read(dx, call.dimensions, C::axis), call.values_of(call.dx)));
    EXPECT_TRUE(same_bits(read(dr, call.dimensions, C::axis), call.values_of(call.dr)));
  });
}

TYPED_TEST(Backward, MayWriteOverDyOrX) {
  using C = TypeParam;
  for_each_call<C>([](Call<C>& call) {
    typename C::Layer layer(call.state);
    layer.forward(call.x.get(), call.y.get());
    layer.backward(call.x.get(), call.dy.get(), call.dx.get());
    const Values apart = call.values_of(call.dx);
    layer.backward(call.x.get(), call.dy.get(), call.dy.get());
    EXPECT_TRUE(same_bits(call.values_of(call.dy), apart));
    write(call.dy.get(), call.dimensions, C::axis, call.dy_values);
    layer.backward(call.x.get(), call.dy.get(), call.x.get());
    EXPECT_TRUE(same_bits(call.values_of(call.x), apart));
    EXPECT_TRUE(call.dy.untouched() && call.x.untouched());
  });
}

TYPED_TEST(Backward, MayWriteOverTheResidualAndOverDyAtOnce) {
  using C = TypeParam;
  for_each_call<C>([](Call<C>& call) {
    typename C::Layer layer(call.state);
    layer.forward(call.x.get(), batchnorm::residual(call.r.get()), call.y.get());
    layer.backward(call.x.get(), batchnorm::residual(call.r.get()), call.dy.get(), call.dx.get(),
                   call.dr.get());
    layer.backward(call.x.get(), batchnorm::residual(call.r.get()), call.dy.get(), call.dy.get(),
                   call.r.get());
    EXPECT_TRUE(same_bits(call.values_of(call.dy), call.values_of(call.dx)));
    EXPECT_TRUE(same_bits(call.values_of(call.r), call.values_of(call.dr)));
  });
}

}  // namespace
