#include <gtest/gtest.h>

#include "pairwise.hpp"

// The output and the running statistics of every layer, for every kind of argument, against the
// reference.

namespace {

using namespace fixtures;

template <typename C>
class Forward : public ::testing::Test {};
TYPED_TEST_SUITE(Forward, Cases, CaseName);

/// One call of the layer and what the reference says about it.
template <typename C>
struct Call {
  using Scalar = typename C::Scalar;
  using Dims = Dimensions<C::Kind::rank>;

  explicit Call(const Dims& d)
      : dimensions(d),
        shape(shape_of(d, C::axis)),
        state(some_state<Scalar, typename C::Affine>(shape.channels)),
        x_values(pattern<Scalar>(shape, 11)),
        r_values(pattern<Scalar>(shape, 12)),
        x(d),
        r(d),
        y(d) {
    write(x.get(), d, C::axis, x_values);
    write(r.get(), d, C::axis, r_values);
  }

  void expect_output(const Values* residual) {
    const reference::State before = to_reference(state);
    const Values expected = reference::forward(C::settings(), before, x_values, residual);
    const Values unit = reference::forward_magnitude(C::settings(), before, x_values, residual);
    EXPECT_LE(worst_error<Scalar>(output(), expected, unit), forward_roundoffs<Scalar>);
    EXPECT_TRUE(y.untouched());
  }
  void expect_state(const typename C::Layer& layer) {
    const reference::State before = to_reference(state);
    expect_running<Scalar>(layer, reference::after_forward(C::settings(), before, x_values));
  }
  Values output() { return read(y.get(), dimensions, C::axis); }

  Dims dimensions;
  reference::Shape shape;
  batchnorm::State<Scalar> state;
  Values x_values, r_values;
  typename C::Kind x, r, y;
};

template <typename C, typename Function>
void for_each_call(const Function& f) {
  for_each_shape<typename C::Kind>(C::axis, [&](const auto& dimensions, const char* name) {
    SCOPED_TRACE(name);
    Call<C> call(dimensions);
    if (!C::refuses(call.shape)) f(call);
  });
}

TYPED_TEST(Forward, IsTheReference) {
  using C = TypeParam;
  for_each_call<C>([](Call<C>& call) {
    typename C::Layer layer(call.state);
    layer.forward(call.x.get(), call.y.get());
    call.expect_output(nullptr);
    call.expect_state(layer);
  });
}

TYPED_TEST(Forward, AddsTheResidualBeforeTheActivation) {
  using C = TypeParam;
  for_each_call<C>([](Call<C>& call) {
    typename C::Layer layer(call.state);
    layer.forward(call.x.get(), batchnorm::residual(call.r.get()), call.y.get());
    call.expect_output(&call.r_values);
    call.expect_state(layer);
  });
}

TYPED_TEST(Forward, ReturnsWhatItWrites) {
  using C = TypeParam;
  for_each_call<C>([](Call<C>& call) {
    typename C::Layer writing(call.state), returning(call.state);
    writing.forward(call.x.get(), call.y.get());
    const auto y = returning.forward(call.x.get());
    EXPECT_TRUE(same_bits(read(y, call.dimensions, C::axis), call.output()));
    writing.forward(call.x.get(), batchnorm::residual(call.r.get()), call.y.get());
    const auto z = returning.forward(call.x.get(), batchnorm::residual(call.r.get()));
    EXPECT_TRUE(same_bits(read(z, call.dimensions, C::axis), call.output()));
    EXPECT_TRUE(same_bits(writing.state(), returning.state()));
  });
}

TYPED_TEST(Forward, MayWriteOverItsInput) {
  using C = TypeParam;
  for_each_call<C>([](Call<C>& call) {
    typename C::Layer apart(call.state), in_place(call.state);
    apart.forward(call.x.get(), call.y.get());
    in_place.forward(call.x.get(), call.x.get());
    EXPECT_TRUE(same_bits(read(call.x.get(), call.dimensions, C::axis), call.output()));
    EXPECT_TRUE(same_bits(apart.state(), in_place.state()));
    EXPECT_TRUE(call.x.untouched());
  });
}

template <typename Kind>
void expect_forward_of_fixed() {
  const auto dimensions = Kind::fixed;
  const reference::Shape shape = shape_of(dimensions, 1);
  const auto state = some_state<float>(shape.channels);
  Kind x(dimensions);
  const Values values = pattern<float>(shape, 3);
  write(x.get(), dimensions, 1, values);
  batchnorm::BatchNorm<float> layer(state);
  const auto y = layer.forward(x.get());
  const reference::State before = to_reference(state);
  EXPECT_LE(worst_error<float>(read(y, dimensions, 1), reference::forward({}, before, values),
                               reference::forward_magnitude({}, before, values)),
            4);
}

TEST(ForwardOfFixedSizes, IsTheReferenceForEveryFamilyOfShapes) {
  expect_forward_of_fixed<TensorFixedSizeKind<float, Eigen::RowMajor, 1, 4, 5>>();
  expect_forward_of_fixed<TensorFixedSizeKind<float, Eigen::ColMajor, 6, 1, 4>>();
  expect_forward_of_fixed<TensorFixedSizeKind<float, Eigen::RowMajor, 6, 5>>();
  expect_forward_of_fixed<TensorFixedSizeKind<float, Eigen::ColMajor, 16, 8, 4, 2>>();
  expect_forward_of_fixed<TensorFixedSizeKind<float, Eigen::RowMajor, 15, 7, 31>>();
  expect_forward_of_fixed<TensorFixedSizeKind<float, Eigen::ColMajor, 17, 9, 5, 3, 2>>();
  expect_forward_of_fixed<TensorFixedSizeKind<float, Eigen::RowMajor, 3, 131, 2>>();
  expect_forward_of_fixed<TensorFixedSizeKind<float, Eigen::RowMajor, 259, 3>>();
  expect_forward_of_fixed<TensorFixedSizeKind<float, Eigen::ColMajor, 13, 11, 7>>();
}

TEST(ForwardOfFixedMatrices, IsThatOfDynamicOnes) {
  Eigen::Matrix<float, 5, 3> x;
  x << 1, 2, 3, 4, 5, 6, 7, 8, 10, -1, 0, 1, 2, 2, 2;
  const MatrixOf<float, Eigen::ColMajor> dynamic = x;
  batchnorm::BatchNorm<float> one(3), other(3);
  const auto y = one.forward(x);
  static_assert(std::is_same_v<std::remove_const_t<decltype(y)>, Eigen::Matrix<float, 5, 3>>);
  EXPECT_TRUE(same_bits(y, other.forward(dynamic)));
}

TEST(ForwardOfConstantObjects, ReadsThem) {
  const MatrixOf<float, Eigen::RowMajor> x = MatrixOf<float, Eigen::RowMajor>::Random(6, 3);
  const Eigen::Map<const MatrixOf<float, Eigen::RowMajor>> map(x.data(), 6, 3);
  const Eigen::Ref<const MatrixOf<float, Eigen::RowMajor>> ref(x);
  const Eigen::TensorMap<const Eigen::Tensor<float, 2, Eigen::RowMajor>> tensor(x.data(), 6, 3);
  const batchnorm::BatchNorm<float, batchnorm::Eval> layer(some_state<float>(3));
  const auto y = layer.forward(x);
  EXPECT_TRUE(same_bits(layer.forward(map), y));
  EXPECT_TRUE(same_bits(layer.forward(ref), y));
  EXPECT_TRUE(same_bits(layer.forward(x.middleRows(1, 4)), y.middleRows(1, 4)));
  const auto from_tensor = layer.forward(tensor);
  EXPECT_TRUE(
      same_bits(read(from_tensor, Dimensions<2>{6, 3}, 1), read(y, Dimensions<2>{6, 3}, 1)));
}

template <typename Matrix>
void expect_forward_of_vectors() {
  const Matrix x = Matrix::Random(6, 4);
  const auto state = some_state<float>(4);
  const batchnorm::BatchNorm<float, batchnorm::Eval> eval(state);
  const Matrix y = eval.forward(x);
  for (Index n = 0; n < 6; ++n) {
    EXPECT_TRUE(same_bits(eval.forward(x.row(n)), y.row(n)));
    EXPECT_TRUE(same_bits(eval.forward(Eigen::RowVectorXf(x.row(n))), y.row(n)));
  }
  batchnorm::BatchNorm<float> all(4);
  const Matrix z = all.forward(x);
  for (Index c = 0; c < 4; ++c) {
    batchnorm::BatchNorm<float> one(1);
    EXPECT_TRUE(same_bits(one.forward(x.col(c)), z.col(c)));
    EXPECT_TRUE(same_bits(one.forward(Eigen::VectorXf(x.col(c))), z.col(c)));
  }
}

TEST(ForwardOfVectors, TakesARowForASampleAndAColumnForAChannel) {
  expect_forward_of_vectors<MatrixOf<float, Eigen::RowMajor>>();
  expect_forward_of_vectors<MatrixOf<float, Eigen::ColMajor>>();
}

template <typename X>
using Returned =
    decltype(std::declval<const batchnorm::BatchNorm<float, batchnorm::Eval>&>().forward(
        std::declval<X&>()));

TEST(ForwardReturns, AnOwnerOfTheKindAndOrderOfItsArgument) {
  using Matrix = MatrixOf<float, Eigen::RowMajor>;
  using Array = ArrayOf<float, Eigen::ColMajor>;
  using Tensor = Eigen::Tensor<float, 3, Eigen::RowMajor>;
  static_assert(std::is_same_v<Returned<Matrix>, Matrix>);
  static_assert(std::is_same_v<Returned<const Matrix>, Matrix>);
  static_assert(std::is_same_v<Returned<Array>, Array>);
  static_assert(std::is_same_v<Returned<Eigen::Map<Array>>, Array>);
  static_assert(std::is_same_v<Returned<Eigen::Ref<const Matrix>>, Matrix>);
  static_assert(std::is_same_v<Returned<Tensor>, Tensor>);
  static_assert(std::is_same_v<Returned<Eigen::TensorMap<Tensor>>, Tensor>);
  static_assert(std::is_same_v<Returned<Eigen::TensorMap<const Tensor>>, Tensor>);
  const Matrix x = Matrix::Random(4, 3);
  const batchnorm::BatchNorm<float, batchnorm::Eval> layer(some_state<float>(3));
  EXPECT_NE(layer.forward(x).data(), x.data());
}

}  // namespace
