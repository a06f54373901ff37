#include <gtest/gtest.h>

#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

#include "layouts.hpp"

// A layer whose number of channels is known when compiling is the layer of that many channels, to
// the last bit, with all of its memory within itself.

namespace {

using namespace fixtures;
using batchnorm::BatchNorm, batchnorm::Channels, batchnorm::Eval, batchnorm::Frozen,
    batchnorm::Options, batchnorm::ReLU, batchnorm::residual, batchnorm::State, batchnorm::Train;

template <typename L, int count>
class ChannelsWithin {
 public:
  using Scalar = typename OfLayout<L>::Scalar;
  using Parameter = batchnorm::ArithmeticOf<Scalar>;
  template <typename Mode>
  using Fixed = BatchNorm<Scalar, Mode, ReLU, typename L::Axis, Channels<count>>;
  template <typename Mode>
  using Dynamic = BatchNorm<Scalar, Mode, ReLU, typename L::Axis>;

  struct Arguments {
    explicit Arguments(const typename L::Dims& dimensions)
        : x(L::filled(dimensions, pattern<Scalar>(L::shape(dimensions), 181))),
          r(L::filled(dimensions, pattern<Scalar>(L::shape(dimensions), 182))),
          dy(L::filled(dimensions, pattern<Scalar>(L::shape(dimensions), 183))),
          y(dimensions),
          dx(dimensions),
          dr(dimensions) {}
    typename L::Kind x, r, dy, y, dx, dr;
  };

  template <typename Layer>
  static void step(Layer& layer, Arguments& on) {
    layer.forward(on.x.get(), residual(on.r.get()), on.y.get());
    layer.backward(on.x.get(), residual(on.r.get()), on.dy.get(), on.dx.get(), on.dr.get());
  }

  template <typename Mode>
  static void expect_same_steps(const Options& options = {}) {
    const auto state = some_state<Parameter>(count);
    auto fixed = std::make_unique<Fixed<Mode>>(state, options);
    Dynamic<Mode> dynamic(state, options);
    for (const auto& [samples, spatial] :
         {std::pair{8, 1}, {3, 5}, {2, 40}, {600, 2}, {1, 700}, {5, 3000}}) {
      const auto dimensions = L::dimensions(samples, count, spatial);
      Arguments a(dimensions), b(dimensions);
      step(*fixed, a);
      step(dynamic, b);
      for (const auto which : {&Arguments::y, &Arguments::dx, &Arguments::dr}) {
        EXPECT_TRUE(same_bits(L::values(a.*which, dimensions), L::values(b.*which, dimensions)));
      }
    }
    EXPECT_TRUE(same_bits(fixed->state(), dynamic.state()));
    if constexpr (!std::is_same_v<Mode, Eval>) {
      EXPECT_TRUE(same_bits(fixed->gamma_gradient(), dynamic.gamma_gradient()));
    }
  }
};

template <typename L>
class ChannelsOf : public ::testing::Test {};
using Of = LayoutsOf<float>;
using Types = ::testing::Types<Of::RowMajorMatrix, Of::ColMajorMatrix, Of::NCHW, Of::ColMajorTensor,
                               LayoutsOf<double>::NCHW, LayoutsOf<Eigen::bfloat16>::NHWC>;
TYPED_TEST_SUITE(ChannelsOf, Types, LayoutName);

TYPED_TEST(ChannelsOf, ATypeGiveTheBitsOfAsManyOfAnObject) {
  using Within = ChannelsWithin<TypeParam, 19>;
  Within::template expect_same_steps<Train>();
  Within::template expect_same_steps<Frozen>();
  Within::template expect_same_steps<Eval>();
}

using Matrices = LayoutsOf<float>::RowMajorMatrix;
using Columns = LayoutsOf<float>::ColMajorMatrix;

TEST(ChannelsOfAType, AreAnyNumberOfThem) {
  ChannelsWithin<Matrices, 1>::expect_same_steps<Train>();
  ChannelsWithin<Columns, 2>::expect_same_steps<Train>();
  ChannelsWithin<Matrices, 63>::expect_same_steps<Train>();
  ChannelsWithin<Columns, 256>::expect_same_steps<Train>();
}

TEST(ChannelsOfAType, TakeEveryOption) {
  using Few = ChannelsWithin<LayoutsOf<float>::NCHW, 5>;
  Few::expect_same_steps<Train>({.renormalization = {.r_max = 1.5, .d_max = 0.5}});
  Few::expect_same_steps<Train>({.epsilon = 1e-80});
  Few::expect_same_steps<Train>({.running_variance = batchnorm::RunningVariance::biased,
                                 .non_finite = batchnorm::NonFinite::propagate});
}

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Four = BatchNorm<float, Train, Channels<4>>;

TEST(ChannelsOfAType, NeedNoNumberAndNoState) {
  const Four norm;
  EXPECT_EQ(norm.channels(), 4);
  EXPECT_EQ(norm.state().gamma, Eigen::VectorXf::Ones(4));
  const Four biased({.momentum = batchnorm::pooled()});
  EXPECT_TRUE(biased.options().momentum.is_pooled());
}

TEST(ChannelsOfAType, PoolWhatTheySee) {
  Four fixed({.momentum = batchnorm::pooled()});
  BatchNorm<float> dynamic(4, {.momentum = batchnorm::pooled()});
  for (const Index rows : {6, 7, 8}) {
    const Matrix x = noise_matrix<float>(rows, 4, static_cast<std::uint64_t>(rows));
    fixed.forward(x);
    dynamic.forward(x);
  }
  EXPECT_TRUE(same_bits(fixed.state(), dynamic.state()));
  EXPECT_EQ(fixed.state().values, dynamic.state().values);
}

/// A copy works in memory of its own, whatever becomes of the other.
TEST(ChannelsOfAType, AreCopiedWithTheirMemory) {
  const Matrix x = noise_matrix<float>(6, 4, 1), dy = noise_matrix<float>(6, 4, 2);
  auto first = std::make_unique<Four>();
  first->forward(x);
  Four copy = *first, assigned;
  assigned = *first;
  const Matrix dx = first->backward(x, dy);
  Four moved = std::move(*first);
  first.reset();
  EXPECT_TRUE(same_bits(Matrix(copy.backward(x, dy)), dx));
  EXPECT_TRUE(same_bits(Matrix(assigned.backward(x, dy)), dx));
  EXPECT_TRUE(same_bits(Matrix(moved.backward(x, dy)), dx));
  EXPECT_EQ(copy, assigned);
  const BatchNorm<float, Eval, Channels<4>> eval(copy);
  auto other = std::make_unique<BatchNorm<float, Eval, Channels<4>>>(eval);
  const BatchNorm<float, Eval, Channels<4>> again = *other;
  other.reset();
  EXPECT_TRUE(same_bits(Matrix(again.forward(x)), Matrix(eval.forward(x))));
}

TEST(ChannelsOfAType, ConvertIntoAndFromAnyNumber) {
  const Matrix x = noise_matrix<float>(6, 4, 1);
  Four fixed(some_state<float>(4), {.epsilon = 1e-3});
  fixed.forward(x);
  const BatchNorm<float> dynamic(fixed);
  EXPECT_TRUE(same_bits(dynamic.state(), fixed.state()));
  EXPECT_EQ(dynamic.options(), fixed.options());
  EXPECT_EQ(Four(dynamic), fixed);
  const BatchNorm<float, Eval, Channels<4>> eval(dynamic);
  EXPECT_TRUE(same_bits(Matrix(eval.forward(x)), Matrix(BatchNorm<float, Eval>(fixed).forward(x))));
  Four other;
  other.set_state(dynamic.state());
  EXPECT_TRUE(same_bits(other.state(), fixed.state()));
  BatchNorm<float> another(4);
  another.set_state(fixed.state());
  EXPECT_TRUE(same_bits(another.state(), fixed.state()));
}

TEST(ChannelsOfAType, RefuseAnotherNumber) {
  EXPECT_THROW(Four(BatchNorm<float>(5)), std::invalid_argument);
  EXPECT_THROW(Four(some_state<float>(3)), std::invalid_argument);
  Four norm;
  EXPECT_THROW(norm.set_state(some_state<float>(3)), std::invalid_argument);
  EXPECT_THROW(norm.forward(Matrix(noise_matrix<float>(6, 5, 1))), std::invalid_argument);
}

/// What was seen before stays, and so does y.
TEST(ChannelsOfAType, RefuseSumsThatTheyHaveNoMemoryFor) {
  BatchNorm<float, Train, Channels<4, 192>> norm;
  const Matrix x = noise_matrix<float>(6, 4, 1), dy = noise_matrix<float>(6, 4, 2);
  const Eigen::MatrixXf columns = x;
  norm.forward(x);
  const auto before = norm;
  Eigen::MatrixXf y = Eigen::MatrixXf::Constant(1, 1, 3.0F);
  try {
    norm.forward(columns, y);
    FAIL() << "runs of six values need sums for every place";
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("give the layer Channels<4, 1152>"), std::string::npos)
        << error.what();
  }
  EXPECT_EQ(y.size(), 1);
  EXPECT_EQ(norm, before);
  norm.backward(x, dy);
  BatchNorm<float, Train, Channels<4, 1152>> roomy;
  roomy.forward(columns);
}

/// Whatever a processor's packets are: a batch is summed, or refused before anything has changed.
template <int count, std::size_t bytes, typename Scalar = float>
void expect_sums_or_a_sentence() {
  using Tensor = Eigen::Tensor<Scalar, 3, Eigen::RowMajor>;
  BatchNorm<Scalar, Train, Channels<count, bytes>> norm;
  int summed = 0;
  for (Index samples = 2; samples < 300; samples += samples < 10 ? 1 : 97) {
    for (Index spatial = 1; spatial < 20; ++spatial) {
      Tensor x(samples, count, spatial), y(1, 1, 1);
      x.setRandom();
      const auto before = norm;
      try {
        norm.forward(x, y);
        norm.backward(x, y);
        ++summed;
      } catch (const std::invalid_argument& error) {
        EXPECT_NE(std::string(error.what()).find("give the layer Channels<"), std::string::npos)
            << error.what();
        EXPECT_EQ(norm, before);
        EXPECT_EQ(y.size(), 1);
      }
    }
  }
  EXPECT_GT(summed, 0);
}

TEST(ChannelsOfAType, SumOrRefuseEveryBatch) {
  expect_sums_or_a_sentence<3, 128>();
  expect_sums_or_a_sentence<3, 128, double>();
  expect_sums_or_a_sentence<5, 128>();
  expect_sums_or_a_sentence<7, 256>();
  expect_sums_or_a_sentence<16, 512>();
}

// A copy on the heap would work in the memory of the other one.
static_assert(!std::is_constructible_v<BatchNorm<float>::Saved, const Four::Saved&>);
static_assert(!std::is_convertible_v<Four::Saved*, BatchNorm<float>::Saved*>);

TEST(ChannelsOfAType, KnowTheirPassesAmongAnyNumberOfStates) {
  const Matrix x = noise_matrix<float>(6, 4, 1);
  Four norm;
  Four::Saved saved;
  norm.forward(saved, x);
  for (int k = 0; k < 200; ++k) {
    norm.set_state(norm.state());
    EXPECT_THROW(norm.backward(saved, x, x), std::invalid_argument);
  }
}

TEST(ChannelsOfAType, HaveAStateThatConverts) {
  const State<float, 4> within = Four(some_state<float>(4)).state();
  const State<float> any = within;
  const State<float, 9> wider = any;
  EXPECT_TRUE(same_bits(within, any));
  EXPECT_TRUE(same_bits(wider, any));
  EXPECT_THROW((void)(State<float, 3>(any)), std::invalid_argument);
}

TEST(ChannelsOfAType, TakeSeveralPassesInFlight) {
  const Matrix x = noise_matrix<float>(6, 4, 1), dy = noise_matrix<float>(6, 4, 2);
  Four norm;
  BatchNorm<float> dynamic(4);
  Four::Saved a, b;
  norm.forward(a, x);
  norm.forward(b, dy);
  BatchNorm<float>::Saved expected;
  dynamic.forward(expected, x);
  Four::Saved copy = a;
  const Matrix dx = dynamic.backward(expected, x, dy);
  EXPECT_TRUE(same_bits(Matrix(norm.backward(copy, x, dy)), dx));
  EXPECT_TRUE(same_bits(Matrix(norm.backward(a, x, dy)), dx));
  Four another;
  EXPECT_THROW(another.backward(b, dy, x), std::invalid_argument);
  norm.set_state(norm.state());
  EXPECT_THROW(norm.backward(b, dy, x), std::invalid_argument);
}

TEST(ChannelsOfAType, ArePrinted) {
  std::ostringstream out;
  out << BatchNorm<float, Train, Channels<4, 192>>() << '\n' << Four();
  EXPECT_EQ(out.str(),
            "BatchNorm<float, Train, Channels<4, 192>>: 4 channels, epsilon 1e-05, decay(0.9), 0 "
            "batches\nBatchNorm<float, Train, Channels<4>>: 4 channels, epsilon 1e-05, decay(0.9), "
            "0 batches");
}

}  // namespace
