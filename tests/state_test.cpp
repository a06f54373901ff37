#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <ratio>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "fixtures.hpp"

// Layers are values: what is copied, moved, converted, saved and restored is the same to the bit.

namespace {

using namespace fixtures;
using batchnorm::BatchNorm, batchnorm::Eval, batchnorm::Frozen, batchnorm::Train;
using Matrix = Eigen::MatrixXf;

const batchnorm::Options unusual{.epsilon = 0.25,
                                 .momentum = batchnorm::new_weight(0.3),
                                 .running_variance = batchnorm::RunningVariance::biased,
                                 .single_value = batchnorm::SingleValue::use_running,
                                 .non_finite = batchnorm::NonFinite::propagate};

/// A state whose every entry differs, rejected batches included.
template <typename Scalar, typename Affine = batchnorm::ScaleAndShift>
batchnorm::State<Scalar> full_state(std::uint64_t seed = 1) {
  batchnorm::State<Scalar> state = some_state<Scalar, Affine>(4, seed);
  state.rejected.resize(4);
  state.rejected << 2, 0, 1, 5;
  return state;
}

Matrix batch(std::uint64_t seed) {
  Matrix x(6, 4);
  for (Index row = 0; row < 6; ++row)
    for (Index c = 0; c < 4; ++c) x(row, c) = static_cast<float>(noise(seed, row, c, 0));
  return x;
}

template <typename Scalar, typename Affine>
void expect_round_trips() {
  const batchnorm::State<Scalar> state = full_state<Scalar, Affine>();
  using L = BatchNorm<Scalar, Train, Affine>;
  const L train(state, unusual);
  EXPECT_TRUE(same_bits(train.state(), state));
  EXPECT_TRUE(same_bits((BatchNorm<Scalar, Frozen, Affine>(state, unusual).state()), state));
  EXPECT_TRUE(same_bits((BatchNorm<Scalar, Eval, Affine>(state, unusual).state()), state));
  L other(4, unusual);
  other.set_state(state);
  EXPECT_TRUE(same_bits(other.state(), state));
  EXPECT_TRUE(other == train);
}

TEST(State, MakesRoundTrips) {
  expect_round_trips<float, batchnorm::ScaleAndShift>();
  expect_round_trips<float, batchnorm::ScaleOnly>();
  expect_round_trips<double, batchnorm::ShiftOnly>();
  expect_round_trips<double, batchnorm::NoAffine>();
}

TEST(State, IsWhatTheAccessorsShow) {
  const batchnorm::State<float> state = full_state<float>();
  const BatchNorm<float> train(state);
  const BatchNorm<float, Eval> eval(state);
  const auto expect_shown = [&state](const auto& layer) {
    EXPECT_TRUE(same_bits(layer.gamma(), state.gamma));
    EXPECT_TRUE(same_bits(layer.beta(), state.beta));
    EXPECT_TRUE(same_bits(layer.running_mean(), state.running_mean));
    EXPECT_TRUE(same_bits(layer.running_variance(), state.running_variance));
    EXPECT_TRUE(same_bits(layer.rejected(), state.rejected));
    EXPECT_EQ(layer.batches(), state.batches);
    EXPECT_EQ(layer.channels(), 4);
  };
  expect_shown(train);
  expect_shown(BatchNorm<float, Frozen>(state));
  expect_shown(eval);
}

TEST(State, OfRejectedBatchesMayBeEmpty) {
  batchnorm::State<float> state = some_state<float>(4);
  ASSERT_EQ(state.rejected.size(), 0);
  const BatchNorm<float> layer(state);
  ASSERT_EQ(layer.rejected().size(), 4);
  EXPECT_TRUE((layer.rejected().array() == 0).all());
  EXPECT_TRUE(same_bits(BatchNorm<float>(layer.state()).state(), layer.state()));
}

TEST(State, OfTheParametersIsWritten) {
  BatchNorm<float> layer(full_state<float>());
  layer.gamma()(1) = 42;
  layer.beta().setConstant(-3);
  EXPECT_EQ(layer.state().gamma(1), 42);
  EXPECT_TRUE((layer.state().beta.array() == -3).all());
  using Writable = decltype(std::declval<BatchNorm<float>&>().gamma());
  using Readable = decltype(std::declval<const BatchNorm<float>&>().gamma());
  static_assert(!std::is_const_v<std::remove_pointer_t<decltype(std::declval<Writable>().data())>>);
  static_assert(std::is_const_v<std::remove_pointer_t<decltype(std::declval<Readable>().data())>>);
}

template <typename From, typename To>
void expect_conversion() {
  const batchnorm::State<float> state = full_state<float>();
  const BatchNorm<float, From> from(state, unusual);
  const BatchNorm<float, To> to(from);
  EXPECT_TRUE(same_bits(to.state(), state));
  EXPECT_EQ(to.options(), unusual);
  EXPECT_TRUE(same_bits(from.state(), state));
}

TEST(Conversion, BetweenAnyTwoModesIsExact) {
  expect_conversion<Train, Frozen>();
  expect_conversion<Train, Eval>();
  expect_conversion<Frozen, Train>();
  expect_conversion<Frozen, Eval>();
  expect_conversion<Eval, Train>();
  expect_conversion<Eval, Frozen>();
  expect_conversion<Train, Train>();
  expect_conversion<Frozen, Frozen>();
  expect_conversion<Eval, Eval>();
}

TEST(Conversion, IsASnapshot) {
  BatchNorm<float> trained(full_state<float>());
  const BatchNorm<float, Eval> deployed(trained);
  const Matrix before = deployed.forward(batch(1));
  trained.forward(batch(2));
  trained.gamma().setZero();
  EXPECT_TRUE(same_bits(deployed.forward(batch(1)), before));
}

TEST(Conversion, ThereAndBackGoesOnLikeTheOriginal) {
  BatchNorm<float> norm(full_state<float>(), unusual);
  BatchNorm<float> back{BatchNorm<float, Eval>(norm)};
  EXPECT_TRUE(same_bits(norm.forward(batch(1)), back.forward(batch(1))));
  EXPECT_TRUE(norm == back);
}

// What a layer came to by itself is no bad input, even if it is of little use.
TEST(Conversion, CarriesStatisticsThatAreNotFinite) {
  BatchNorm<float> norm(full_state<float>(), unusual);
  Matrix x = batch(1);
  x(3, 2) = std::numeric_limits<float>::quiet_NaN();
  norm.forward(x);
  ASSERT_TRUE(std::isnan(norm.running_mean()(2)));
  const BatchNorm<float, Eval> deployed(norm);
  EXPECT_TRUE(same_bits(deployed.state(), norm.state()));
  const Matrix y = deployed.forward(batch(1));
  for (Index c = 0; c < 4; ++c) EXPECT_EQ(std::isnan(y(0, c)), c == 2);
}

TEST(Copies, AreEqualAndIndependent) {
  BatchNorm<float> norm(full_state<float>());
  norm.forward(batch(1));
  norm.backward(batch(1), batch(2));
  BatchNorm<float> copy = norm;
  EXPECT_TRUE(copy == norm);
  EXPECT_TRUE(same_bits(copy.gamma_gradient(), norm.gamma_gradient()));
  EXPECT_TRUE(same_bits(copy.backward(batch(1), batch(2)), norm.backward(batch(1), batch(2))));
  const batchnorm::State<float> before = norm.state();
  copy.forward(batch(3));
  copy.gamma()(0) += 1;
  EXPECT_FALSE(copy == norm);
  EXPECT_TRUE(same_bits(norm.state(), before));
  copy = norm;
  EXPECT_TRUE(copy == norm);
}

TEST(Copies, MayHaveAnotherNumberOfChannels) {
  BatchNorm<float> norm(full_state<float>()), other(9);
  other = norm;
  EXPECT_EQ(other.channels(), 4);
  EXPECT_TRUE(same_bits(other.forward(batch(1)), norm.forward(batch(1))));
}

TEST(Copies, OfEvalAreEqualAndIndependent) {
  const BatchNorm<float, Eval> norm(full_state<float>(1));
  BatchNorm<float, Eval> other(full_state<float>(2));
  const BatchNorm<float, Eval> copy = norm;
  EXPECT_TRUE(same_bits(copy.forward(batch(1)), norm.forward(batch(1))));
  other = norm;
  EXPECT_TRUE(same_bits(other.forward(batch(1)), norm.forward(batch(1))));
}

TEST(Moves, CarryEverything) {
  BatchNorm<float> norm(full_state<float>(), unusual);
  const Matrix y = norm.forward(batch(1));
  BatchNorm<float> same = norm;
  BatchNorm<float> moved = std::move(norm);
  EXPECT_TRUE(moved == same);
  EXPECT_TRUE(same_bits(moved.backward(batch(1), batch(2)), same.backward(batch(1), batch(2))));
  BatchNorm<float> assigned(2);
  assigned = std::move(moved);
  EXPECT_TRUE(assigned == same);
}

TEST(Equality, SeesEveryPartOfTheState) {
  const batchnorm::State<float> state = full_state<float>();
  const BatchNorm<float> norm(state);
  EXPECT_TRUE(norm == BatchNorm<float>(state));
  const auto differs = [&](const auto& change) {
    batchnorm::State<float> changed = state;
    change(changed);
    return !(norm == BatchNorm<float>(changed));
  };
  EXPECT_TRUE(differs([](auto& s) { s.gamma(1) += 1; }));
  EXPECT_TRUE(differs([](auto& s) { s.beta(3) += 1; }));
  EXPECT_TRUE(differs([](auto& s) { s.running_mean(0) += 1; }));
  EXPECT_TRUE(differs([](auto& s) { s.running_variance(2) += 1; }));
  EXPECT_TRUE(differs([](auto& s) { s.batches += 1; }));
  EXPECT_TRUE(differs([](auto& s) { s.rejected(1) += 1; }));
  EXPECT_FALSE(norm == BatchNorm<float>(state, unusual));
  EXPECT_FALSE(norm == BatchNorm<float>(7));
}

TEST(SetState, MakesTheLayerGoOnLikeTheSavedOne) {
  BatchNorm<float> trained(full_state<float>());
  trained.forward(batch(1));
  BatchNorm<float> restored(4);
  restored.set_state(trained.state());
  EXPECT_TRUE(same_bits(restored.forward(batch(2)), trained.forward(batch(2))));
  EXPECT_TRUE(restored == trained);
}

TEST(SetState, ForgetsTheLastForward) {
  BatchNorm<float> norm(4);
  const Matrix x = batch(1), dy = batch(2);
  norm.forward(x);
  norm.set_state(norm.state());
  EXPECT_THROW(norm.backward(x, dy), std::invalid_argument);
  norm.forward(x);
  EXPECT_NO_THROW(norm.backward(x, dy));
}

TEST(SetState, OfFrozenChangesItsStatistics) {
  BatchNorm<float, Frozen> layer(full_state<float>(1));
  layer.set_state(full_state<float>(2));
  EXPECT_TRUE(same_bits(layer.state(), full_state<float>(2)));
  EXPECT_TRUE(same_bits(layer.forward(batch(1)),
                        BatchNorm<float, Frozen>(full_state<float>(2)).forward(batch(1))));
}

TEST(Writing, ParametersOfFrozenTakesEffectInTheNextForward) {
  BatchNorm<float, Frozen> layer(full_state<float>(1));
  layer.forward(batch(1));
  const batchnorm::State<float> other = full_state<float>(2);
  layer.gamma() = other.gamma;
  layer.beta() = other.beta;
  batchnorm::State<float> mixed = full_state<float>(1);
  mixed.gamma = other.gamma;
  mixed.beta = other.beta;
  EXPECT_TRUE(
      same_bits(layer.forward(batch(1)), BatchNorm<float, Frozen>(mixed).forward(batch(1))));
}

/// A layer that went through an infinity and a NaN.
BatchNorm<float> spoilt_layer() {
  BatchNorm<float> norm(full_state<float>(), unusual);
  Matrix x = batch(1);
  x(3, 2) = std::numeric_limits<float>::quiet_NaN();
  x(1, 0) = std::numeric_limits<float>::infinity();
  norm.forward(x);
  norm.beta()(3) = -std::numeric_limits<float>::infinity();
  return norm;
}

TEST(StateThatIsNotFinite, MakesALayerAgainByOption) {
  const BatchNorm<float> norm = spoilt_layer();
  ASSERT_TRUE(std::isnan(norm.running_mean()(2)));
  const batchnorm::State<float> state = norm.state();
  const BatchNorm<float> again(state, norm.options());
  EXPECT_TRUE(same_bits(again.state(), state));
  EXPECT_TRUE(again == norm);
  EXPECT_TRUE(same_bits((BatchNorm<float, Eval>(state, norm.options()).state()), state));
  BatchNorm<float> other(4, norm.options());
  other.set_state(state);
  EXPECT_TRUE(other == norm);
}

TEST(StateThatIsNotFinite, IsRefusedWithoutTheOption) {
  const batchnorm::State<float> state = spoilt_layer().state();
  EXPECT_THROW(BatchNorm<float>{state}, std::invalid_argument);
  const auto refuses = [](const auto& change) {
    batchnorm::State<float> changed = full_state<float>();
    change(changed);
    EXPECT_THROW(BatchNorm<float>{changed}, std::invalid_argument);
    EXPECT_NO_THROW((BatchNorm<float>(changed, unusual)));
  };
  constexpr double infinity = std::numeric_limits<double>::infinity();
  refuses([](auto& s) { s.gamma(1) = std::numeric_limits<float>::quiet_NaN(); });
  refuses([](auto& s) { s.beta(0) = std::numeric_limits<float>::infinity(); });
  refuses([](auto& s) { s.running_mean(3) = -infinity; });
  refuses([](auto& s) { s.running_variance(2) = infinity; });
}

TEST(Copies, AreEqualWithNaNBitsToo) {
  BatchNorm<float> norm = spoilt_layer();
  const BatchNorm<float> copy = norm;
  EXPECT_TRUE(copy == norm);
  const BatchNorm<float, Eval> deployed(norm);
  const BatchNorm<float, Eval> same = deployed;
  EXPECT_TRUE(same == deployed);
  norm.beta()(3) = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(copy == norm);
}

/// What an optimiser keeps of a layer.
struct Parameter {
  Eigen::Map<Eigen::VectorXf> value;
  Eigen::Map<const Eigen::VectorXf> gradient;
};

template <typename Layer>
std::vector<Parameter> parameters_of(Layer& layer) {
  std::vector<Parameter> list;
  layer.for_each_parameter([&](auto value, auto gradient) { list.push_back({value, gradient}); });
  return list;
}

/// A list of parameters, taken once, is that of the layer still, and a step through it is not lost.
template <typename Layer>
void expect_in_place(Layer& layer, const std::vector<Parameter>& list) {
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].value.data(), layer.gamma().data());
  EXPECT_EQ(list[1].value.data(), layer.beta().data());
  layer.forward(batch(5));
  layer.backward(batch(5), batch(6));
  EXPECT_EQ(list[0].gradient, layer.gamma_gradient());
  EXPECT_EQ(list[1].gradient, layer.beta_gradient());
  for (Parameter parameter : list) parameter.value -= parameter.gradient;
  EXPECT_EQ(list[0].value, layer.state().gamma);
  EXPECT_EQ(list[1].value, layer.state().beta);
}

template <typename Mode>
void expect_maps_stay() {
  BatchNorm<float, Mode> layer(full_state<float>(1));
  const std::vector<Parameter> list = parameters_of(layer);
  const auto mean = layer.running_mean();
  const auto variance = layer.running_variance();
  layer.set_state(full_state<float>(2));
  EXPECT_TRUE(same_bits(layer.state(), full_state<float>(2)));
  expect_in_place(layer, list);
  const BatchNorm<float, Mode> other(full_state<float>(3));
  layer = other;
  EXPECT_TRUE(layer == other);
  expect_in_place(layer, list);
  layer = BatchNorm<float, Mode>(full_state<float>(4));
  EXPECT_TRUE(same_bits(layer.state(), full_state<float>(4)));
  expect_in_place(layer, list);
  EXPECT_EQ(mean.data(), layer.running_mean().data());
  EXPECT_EQ(variance.data(), layer.running_variance().data());
}

TEST(Maps, StayOverSetStateAndAssignment) {
  expect_maps_stay<Train>();
  expect_maps_stay<Frozen>();
}

TEST(Maps, OfAMovedLayerAreThoseOfTheNewOne) {
  BatchNorm<float> norm(full_state<float>());
  const float* gamma = norm.gamma().data();
  BatchNorm<float> moved = std::move(norm);
  EXPECT_EQ(moved.gamma().data(), gamma);
}

TEST(Parameters, AreVisitedAsThePoliciesHaveThem) {
  const auto names = [](auto layer) {
    int visits = 0;
    layer.for_each_parameter([&](auto value, auto gradient) {
      EXPECT_EQ(value.size(), gradient.size());
      ++visits;
    });
    return visits;
  };
  EXPECT_EQ(names(BatchNorm<float>(3)), 2);
  EXPECT_EQ(names(BatchNorm<float, Train, batchnorm::ScaleOnly>(3)), 1);
  EXPECT_EQ(names(BatchNorm<double, Train, batchnorm::ShiftOnly>(3)), 1);
  EXPECT_EQ(names(BatchNorm<float, Train, batchnorm::NoAffine>(3)), 0);
}

TEST(EvalLayer, ShowsItsAffineMap) {
  const BatchNorm<float, Eval> layer(full_state<float>(), {.epsilon = 0.01});
  const Matrix x = batch(1);
  const Matrix y = layer.forward(x);
  for (Index c = 0; c < 4; ++c)
    for (Index row = 0; row < 6; ++row) {
      const float expected = (x(row, c) - layer.centre()(c)) * layer.scale()(c) + layer.shift()(c);
      EXPECT_NEAR(y(row, c), expected, 4 * roundoff<float> * (1 + std::abs(expected)));
    }
}

template <typename Layer>
std::string printed(const Layer& layer) {
  std::ostringstream text;
  text << layer;
  return text.str();
}

TEST(Printing, ShowsTheSlopeOfAnActivation) {
  using Leaky = BatchNorm<float, Train, batchnorm::LeakyReLU<std::ratio<3, 10>>>;
  EXPECT_NE(printed(Leaky(3)).find("LeakyReLU<std::ratio<3, 10>>"), std::string::npos);
}

TEST(Printing, ShowsALayerInOneLine) {
  BatchNorm<float> norm(64);
  norm.forward(Eigen::MatrixXf::Random(3, 64).eval());
  EXPECT_EQ(printed(norm),
            "BatchNorm<float, Train>: 64 channels, epsilon 1e-05, decay(0.9), 1 batch");
  using Unusual = batchnorm::BatchNorm2d<double, Eval, batchnorm::ReLU, batchnorm::ChannelAxis<2>,
                                         batchnorm::NoAffine>;
  batchnorm::State<double> state;
  state.running_mean.setZero(1);
  state.running_variance.setOnes(1);
  const std::string line = printed(Unusual(state, unusual));
  EXPECT_EQ(line.find('\n'), std::string::npos);
  for (const std::string part :
       {"double", "Eval", "ReLU", "ChannelAxis<2>", "NoAffine", "Rank<4>", "1 channel", "0.25",
        "decay(0.7)", "biased", "use_running", "propagate", "0 batches"})
    EXPECT_NE(line.find(part), std::string::npos) << part << " in " << line;
}

}  // namespace
