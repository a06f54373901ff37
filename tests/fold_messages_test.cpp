#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "fold_network.hpp"

// A refusal of folding names calls. Here every one of them is made: for every kind of map, wherever
// the layer is, each call that is refused must name the right call, with words that are true of
// that map; and what a true line names must be right.

namespace {

using namespace fixtures;
using batchnorm::BatchNorm, batchnorm::fold, batchnorm::fold_into_next, batchnorm::groups,
    batchnorm::ChannelAxis, batchnorm::ChannelsLast, batchnorm::Eval;
using fold_network::Kind, fold_network::Map;

using Vector = Eigen::VectorXf;

/// A call by its axes; `whole` is that of groups<>, which counts if `groups` is not 1.
struct Call {
  bool in_front = false;
  int outputs = 0, inputs = 1, whole = 0;
  Index groups = 1;

  bool operator==(const Call&) const = default;
};

/// The values of a folded map: of its weight as they lie in memory, then of its bias.
using Result = std::vector<float>;

template <typename Folded>
Result values_of(const Folded& folded) {
  Result result(folded.weight.data(), folded.weight.data() + folded.weight.size());
  result.insert(result.end(), folded.bias.data(), folded.bias.data() + folded.bias.size());
  return result;
}

/// Calls f(std::integral_constant<int, n>()) for an n that is known as the program runs.
template <int Count, typename Function>
Result with_constant(int n, const Function& f) {
  if constexpr (Count > 1) {
    if (n < Count - 1) return with_constant<Count - 1>(n, f);
  }
  return f(std::integral_constant<int, Count - 1>());
}

template <int O, int I, typename... Arguments>
Result fold_as(const Call& call, const Arguments&... arguments) {
  if constexpr (O == I) {
    return {};
  } else {
    using Outputs = ChannelAxis<O>;
    using Inputs = ChannelAxis<I>;
    const auto of_inputs = groups<Inputs>(call.groups);
    const auto of_outputs = groups<Outputs>(call.groups);
    if (!call.in_front && call.groups == 1) return values_of(fold<Outputs>(arguments...));
    if (!call.in_front) return values_of(fold<Outputs>(arguments..., of_inputs));
    if (call.groups == 1) return values_of(fold_into_next<Outputs, Inputs>(arguments...));
    if (call.whole == call.inputs)
      return values_of(fold_into_next<Outputs, Inputs>(arguments..., of_inputs));
    return values_of(fold_into_next<Outputs, Inputs>(arguments..., of_outputs));
  }
}

template <int Rank, typename... Arguments>
Result make(const Call& call, const Arguments&... arguments) {
  return with_constant<Rank>(call.outputs, [&](auto o) {
    return with_constant<Rank>(call.inputs, [&](auto i) {
      return fold_as<decltype(o)::value, decltype(i)::value>(call, arguments...);
    });
  });
}

int axis_in(const std::string& text, int rank) {
  const auto at = text.find("ChannelAxis<");
  return at == std::string::npos ? rank - 1 : std::stoi(text.substr(at + 12));
}

/// The calls that a message names. What a line says of the map is what its call takes it for.
std::vector<Call> hints_in(const std::string& message, int rank) {
  static const std::regex line(
      "; if the layer is (behind|in front of) a (map|convolution)( without zero padding)? with "
      "(all|the) outputs( of each of (\\d+) groups)? on axis (\\d)"
      "( and (all|the) inputs( of each of (\\d+) groups)? on axis (\\d))?"
      ", (fold|fold_into_next)<(ChannelsLast|ChannelAxis<\\d>)>"
      "( with groups<(ChannelsLast|ChannelAxis<\\d>)>\\((\\d+)\\))?");
  std::vector<Call> hints;
  for (std::sregex_iterator at(message.begin(), message.end(), line), end; at != end; ++at) {
    const std::smatch& m = *at;
    Call hint;
    hint.in_front = m[1] == "in front of";
    hint.outputs = std::stoi(m[7]);
    hint.inputs = m[8].matched ? std::stoi(m[12]) : hint.outputs == 0 ? 1 : 0;
    hint.whole = m[5].matched ? hint.inputs : hint.outputs;
    if (m[15].matched) hint.groups = std::stoi(m[17]);

    // The words before the comma say the same as the call behind it.
    EXPECT_EQ(m[13], hint.in_front ? "fold_into_next" : "fold") << message;
    EXPECT_EQ(m[2], rank == 2 ? "map" : "convolution") << message;
    EXPECT_EQ(m[3].matched, hint.in_front && rank > 2) << message;
    EXPECT_EQ(axis_in(m[14], rank), hint.outputs) << message;
    EXPECT_EQ(m[15].matched, m[5].matched || m[10].matched) << message;
    if (m[15].matched) {
      EXPECT_EQ(axis_in(m[16], rank), hint.whole) << message;
      EXPECT_EQ(m[5].matched ? m[6] : m[11], m[17]) << message;
    }
    EXPECT_EQ(m[4], m[5].matched ? "the" : "all") << message;
    if (m[8].matched) {
      EXPECT_EQ(m[9], m[10].matched ? "the" : "all") << message;
    }
    hints.push_back(hint);
  }
  return hints;
}

/// The call that is right for a map. If the layer is in front and the map a transposed convolution,
/// it is the one that its axes ask for and that no line may name.
Call right_call(const Map& map, bool in_front) {
  const int o = fold_network::outputs_axis(map.kind, map.rank);
  const int i = fold_network::inputs_axis(map.kind, map.rank);
  const bool has_all_inputs = fold_network::has_all_inputs(map.kind);
  if (!in_front && !has_all_inputs) return {false, o, o == 0 ? 1 : 0, o, 1};
  if (map.groups == 1) return {in_front, o, in_front ? i : o == 0 ? 1 : 0, o, 1};
  return {in_front, o, i, has_all_inputs ? i : o, map.groups};
}

/// Whether what a line says is so.
bool is_true(const Call& hint, const Map& map, bool in_front) {
  return hint == right_call(map, in_front);
}

/// All calls that compile for a weight of this rank, with the groups that a user may think of.
std::vector<Call> all_calls(const Map& map) {
  std::vector<Call> calls;
  for (const bool in_front : {false, true})
    for (int o = 0; o < map.rank; ++o)
      for (int i = 0; i < map.rank; ++i) {
        if (o == i) continue;
        calls.push_back({in_front, o, i, o, 1});
        for (const Index count : std::set{Index{2}, Index{3}, map.inputs(), map.groups}) {
          if (count == 1) continue;
          calls.push_back({in_front, o, i, i, count});
          if (in_front) calls.push_back({in_front, o, i, o, count});
        }
      }
  return calls;
}

struct Count {
  int refused = 0, followed = 0;
};

template <int Rank, typename... Arguments>
void follow_all_hints(const Map& map, bool in_front, Count& count, const Arguments&... arguments) {
  const bool has_answer = !in_front || !fold_network::is_transposed(map.kind);
  const Result right = has_answer ? make<Rank>(right_call(map, in_front), arguments...) : Result();
  for (const Call& call : all_calls(map)) {
    std::string message;
    try {
      make<Rank>(call, arguments...);
      continue;
    } catch (const std::invalid_argument& refusal) {
      message = refusal.what();
    }
    ++count.refused;
    int true_lines = 0;
    for (const Call& hint : hints_in(message, Rank)) {
      const Result got = make<Rank>(hint, arguments...);  // what is named is never refused
      if (!is_true(hint, map, in_front)) continue;
      ++true_lines;
      EXPECT_EQ(got, right) << message;
    }
    EXPECT_EQ(true_lines, has_answer ? 1 : 0) << message;
    count.followed += true_lines;
  }
}

template <int Rank>
void check(const Map& map, bool in_front, Count& count) {
  const BatchNorm<float, Eval> norm(some_state<float>(in_front ? map.inputs() : map.outputs()));
  const Vector bias = Vector::LinSpaced(map.outputs(), -1, 2);
  const auto follow = [&](auto& weight) {
    for (Index k = 0; k < weight.size(); ++k)
      weight.data()[k] = static_cast<float>(noise(2, k, 0, 0));
    follow_all_hints<Rank>(map, in_front, count, norm, weight);
    follow_all_hints<Rank>(map, in_front, count, norm, weight, bias);
  };
  if constexpr (Rank == 2) {
    Eigen::MatrixXf weight(map.extent(0), map.extent(1));
    follow(weight);
  } else {
    std::array<Index, Rank> extents{};
    for (int axis = 0; axis < Rank; ++axis)
      extents[static_cast<std::size_t>(axis)] = map.extent(axis);
    Eigen::Tensor<float, Rank, Eigen::RowMajor> weight(extents);
    follow(weight);
  }
}

template <int Rank>
void check_all_maps(Kind kind, bool in_front) {
  Count count;
  const bool is_depthwise = kind == Kind::keras_depthwise;
  for (const Index inputs : {1, 2, 4})
    for (const Index outputs : {1, 2, 3})
      for (const Index some_groups : {1, 2, 4}) {
        if (is_depthwise && inputs > 1) continue;
        if (kind == Kind::keras_transposed && some_groups > 1) continue;
        check<Rank>({.kind = kind,
                     .rank = Rank,
                     .inputs_of_group = inputs,
                     .outputs_of_group = outputs,
                     .groups = some_groups,
                     .kernel = {Rank > 2 ? 3 : 1, Rank > 3 ? 2 : 1, 1}},
                    in_front, count);
      }
  const bool has_answer = !in_front || !fold_network::is_transposed(kind);
  EXPECT_GT(count.refused, 50);
  EXPECT_EQ(count.followed, has_answer ? count.refused : 0);
}

class FoldMessages : public testing::TestWithParam<std::tuple<Kind, bool>> {};

TEST_P(FoldMessages, LeadToTheRightCallForTensors) {
  const auto [kind, in_front] = GetParam();
  check_all_maps<3>(kind, in_front);
  check_all_maps<4>(kind, in_front);
}

INSTANTIATE_TEST_SUITE_P(
    , FoldMessages,
    testing::Combine(testing::Values(Kind::pytorch, Kind::keras, Kind::keras_depthwise,
                                     Kind::pytorch_transposed, Kind::keras_transposed),
                     testing::Bool()));

TEST(FoldMessage, LeadsToTheRightCallForMatrices) {
  for (const Kind kind : {Kind::pytorch, Kind::keras})
    for (const bool in_front : {false, true}) check_all_maps<2>(kind, in_front);
}

template <typename Function>
std::string refusal_of(const Function& call) {
  try {
    call();
  } catch (const std::invalid_argument& refusal) {
    return refusal.what();
  }
  return "no refusal";
}

TEST(FoldMessage, SaysWhatCameAndWhatWasExpected) {
  const BatchNorm<float, Eval> norm(some_state<float>(5)), of_four(some_state<float>(4)),
      of_six(some_state<float>(6));
  const Eigen::MatrixXf weight = Eigen::MatrixXf::Zero(7, 5);
  Eigen::Tensor<float, 4> kernel(4, 2, 3, 3);
  kernel.setZero();
  EXPECT_EQ(refusal_of([&] { return fold(norm, weight); }),
            "BatchNorm: fold: expected 5 outputs on axis 0 of weight, got (7, 5); if the layer is "
            "behind a map with all outputs on axis 1, fold<ChannelsLast>; if the layer is in front "
            "of a map with all outputs on axis 0 and all inputs on axis 1, "
            "fold_into_next<ChannelAxis<0>>.");
  EXPECT_EQ(refusal_of([&] { return fold<ChannelAxis<1>>(of_four, kernel); }),
            "BatchNorm: fold: expected 4 outputs on axis 1 of weight, got (4, 2, 3, 3); if the "
            "layer is behind a convolution with all outputs on axis 0, fold<ChannelAxis<0>>; if "
            "the layer is behind a convolution with the outputs of each of 2 groups on axis 1 and "
            "all inputs on axis 0, fold<ChannelAxis<1>> with groups<ChannelAxis<0>>(2); if the "
            "layer is in front of a convolution without zero padding with all outputs on axis 0 "
            "and the inputs of each of 2 groups on axis 1, fold_into_next<ChannelAxis<0>> with "
            "groups<ChannelAxis<0>>(2).");
  EXPECT_EQ(refusal_of([&] { return fold(norm, Eigen::MatrixXf(3, 4)); }),
            "BatchNorm: fold: expected 5 outputs on axis 0 of weight, got (3, 4); are this layer "
            "and this map beside each other in the network?");
  EXPECT_EQ(refusal_of([&] { return fold_into_next(norm, weight, Vector(9)); }),
            "BatchNorm: fold_into_next: expected a bias of 7 values for weight (7, 5), got 9; is "
            "it the bias of another map?");
  EXPECT_EQ(refusal_of([&] { return fold(of_six, kernel, groups<ChannelAxis<1>>(0)); }),
            "BatchNorm: fold: expected at least 1 group, got 0.");
  EXPECT_EQ(
      refusal_of([&] { return fold<ChannelAxis<1>>(norm, kernel, groups<ChannelAxis<0>>(3)); }),
      "BatchNorm: fold: expected a number of groups that divides axis 0 of weight (4, 2, 3, "
      "3), got 3; are these the groups of another map?");
  EXPECT_EQ(
      refusal_of([&] { return fold<ChannelAxis<1>>(norm, kernel, groups<ChannelAxis<0>>(2)); }),
      "BatchNorm: fold: expected 5 outputs, got 2 groups of 2 on axis 1 of weight (4, 2, 3, "
      "3); are this layer and this map beside each other in the network?");
}

}  // namespace
