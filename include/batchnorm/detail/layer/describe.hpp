#pragma once

#include <concepts>
#include <type_traits>

#include "../../activation.hpp"
#include "../../options.hpp"
#include "../../policies.hpp"
#include "../../view.hpp"
#include "../arguments/policy_set.hpp"
#include "../refusal/message.hpp"

// A layer in one line, as its type and options are written: what is usual is left out.
namespace batchnorm::detail {

template <typename T>
concept Named = requires {
  { T::name } -> std::convertible_to<const char*>;
};

template <typename Policy>
void append_policy(Message& line, std::type_identity<Policy> /*policy*/) {
  if constexpr (Named<Policy>) {
    line.append(Policy::name);
  } else {
    line.append("a policy of your own");
  }
}

template <typename Slope>
void append_policy(Message& line, std::type_identity<LeakyReLU<Slope>> /*policy*/) {
  line.append("LeakyReLU<std::ratio<");
  line.append(Slope::num);
  line.append(", ");
  line.append(Slope::den);
  line.append(">>");
}

template <int Axis>
void append_policy(Message& line, std::type_identity<ChannelAxis<Axis>> /*policy*/) {
  line.append("ChannelAxis<");
  line.append(Axis);
  line.append(">");
}

template <int First, int... Others>
void append_policy(Message& line, std::type_identity<Rank<First, Others...>> /*policy*/) {
  line.append("Rank<");
  line.append(First);
  (..., (line.append(", "), line.append(Others)));
  line.append(">");
}

template <int Count, std::size_t SumsBytes>
void append_policy(Message& line, std::type_identity<Channels<Count, SumsBytes>> /*policy*/) {
  line.append("Channels<");
  line.append(Count);
  if (SumsBytes > 0) {
    line.append(", ");
    line.append(SumsBytes);
  }
  line.append(">");
}

/// `Policy`, unless it is the usual one.
template <typename Policy, typename Usual>
void append_unusual(Message& line) {
  if constexpr (!std::is_same_v<Policy, Usual>) {
    line.append(", ");
    append_policy(line, std::type_identity<Policy>{});
  }
}

inline void append_momentum(Message& line, const Momentum& momentum) {
  if (momentum.is_cumulative()) return line.append("cumulative()");
  if (momentum.is_pooled()) return line.append("pooled()");
  line.append("decay(");
  line.append(momentum.old_weight(1));
  line.append(")");
}

inline void append_options(Message& line, const Options& options) {
  line.append(", epsilon ");
  line.append(options.epsilon);
  line.append(", ");
  append_momentum(line, options.momentum);
  if (options.running_variance == RunningVariance::biased) line.append(", biased");
  if (options.single_value == SingleValue::use_running) line.append(", use_running");
  if (options.non_finite == NonFinite::propagate) line.append(", propagate");
  if (options.renormalization.is_on()) {
    line.append(", renormalization {");
    line.append(options.renormalization.r_max);
    line.append(", ");
    line.append(options.renormalization.d_max);
    line.append("}");
  }
}

template <typename Scalar>
constexpr const char* scalar_name() {
  if (std::is_same_v<Scalar, Eigen::bfloat16>) return "BatchNorm<Eigen::bfloat16, ";
  if (std::is_same_v<Scalar, Eigen::half>) return "BatchNorm<Eigen::half, ";
  return std::is_same_v<Scalar, float> ? "BatchNorm<float, " : "BatchNorm<double, ";
}

template <typename Scalar, typename Mode, typename Set>
Message describe(Index channels, const Options& options, std::int64_t batches) {
  Message line;
  line.append(scalar_name<Scalar>());
  line.append(Mode::name);
  append_unusual<typename Set::Axis, ChannelsFirst>(line);
  append_unusual<typename Set::Affine, ScaleAndShift>(line);
  append_unusual<typename Set::Statistics, RunningStatistics>(line);
  append_unusual<typename Set::Activation, NoActivation>(line);
  append_unusual<typename Set::RankRule, AnyRank>(line);
  append_unusual<typename Set::Channels, AnyChannels>(line);
  line.append(">: ");
  line.append(channels);
  line.append(channels == 1 ? " channel" : " channels");
  append_options(line, options);
  line.append(", ");
  line.append(batches);
  line.append(batches == 1 ? " batch" : " batches");
  return line;
}

}  // namespace batchnorm::detail
