#pragma once

#include <cstddef>
#include <type_traits>

#include "../../activation.hpp"
#include "../../mode.hpp"
#include "../../policies.hpp"
#include "../../scalar.hpp"

namespace batchnorm::detail {

template <typename T>
struct IsAxis : std::bool_constant<AxisPolicy<T>> {};
template <typename T>
struct IsAffine : std::bool_constant<AffinePolicy<T>> {};
template <typename T>
struct IsStatistics : std::bool_constant<StatisticsPolicy<T>> {};
template <typename T>
struct IsActivation : std::bool_constant<ActivationPolicy<T>> {};
template <typename T>
struct IsRank : std::bool_constant<RankPolicy<T>> {};

template <typename T>
struct IsChannels : std::is_same<T, AnyChannels> {};
template <int Count, std::size_t SumsBytes>
struct IsChannels<Channels<Count, SumsBytes>> : std::true_type {};

template <typename T>
inline constexpr bool is_policy =
    IsAxis<T>::value || IsAffine<T>::value || IsStatistics<T>::value || IsActivation<T>::value ||
    IsRank<T>::value || IsChannels<T>::value;

/// The first of `Policies` that `Is` recognises, or `Default`.
template <template <typename> typename Is, typename Default, typename... Policies>
struct FirstPolicy {
  using type = Default;
};

template <template <typename> typename Is, typename Default, typename First, typename... Rest>
struct FirstPolicy<Is, Default, First, Rest...> {
  using type = typename std::conditional_t<Is<First>::value, std::type_identity<First>,
                                           FirstPolicy<Is, Default, Rest...>>::type;
};

template <template <typename> typename Is, typename... Policies>
inline constexpr bool at_most_one = (0 + ... + int{Is<Policies>::value}) <= 1;

template <typename... Policies>
using GivenChannels = typename FirstPolicy<IsChannels, AnyChannels, Policies...>::type;

/// Whether a layer's type says how many channels it has.
template <typename... Policies>
inline constexpr bool names_channels = !std::is_same_v<GivenChannels<Policies...>, AnyChannels>;

/// Whether that is a number that a layer may have.
template <typename... Policies>
inline constexpr bool channels_fit =
    !names_channels<Policies...> ||
    (GivenChannels<Policies...>::count >= 1 && GivenChannels<Policies...>::count <= 1024);

/// The number of channels among the policies; not a part of `PolicySet`, since a layer asks before
/// that has refused what is wrong.
template <typename... Policies>
using ChannelsAmong =
    std::conditional_t<channels_fit<Policies...>, GivenChannels<Policies...>, AnyChannels>;

/// The parameters of a layer, checked and sorted by kind, so that their order never matters.
template <typename Scalar, typename Mode, typename... Policies>
struct PolicySet {
  static constexpr bool scalar_is_known =
      std::is_same_v<Scalar, float> || std::is_same_v<Scalar, double> || has_16_bits<Scalar>;
  static constexpr bool mode_is_known = ModePolicy<Mode>;
  static constexpr bool policies_are_known = (true && ... && is_policy<Policies>);
  static constexpr bool policies_are_unique =
      at_most_one<IsAxis, Policies...> && at_most_one<IsAffine, Policies...> &&
      at_most_one<IsStatistics, Policies...> && at_most_one<IsActivation, Policies...> &&
      at_most_one<IsRank, Policies...> && at_most_one<IsChannels, Policies...>;

  using Axis = typename FirstPolicy<IsAxis, ChannelsFirst, Policies...>::type;
  using Affine = typename FirstPolicy<IsAffine, ScaleAndShift, Policies...>::type;
  using Statistics = typename FirstPolicy<IsStatistics, RunningStatistics, Policies...>::type;
  using Activation = typename FirstPolicy<IsActivation, NoActivation, Policies...>::type;
  using RankRule = typename FirstPolicy<IsRank, AnyRank, Policies...>::type;
  using Channels = ChannelsAmong<Policies...>;

  static constexpr bool mode_has_statistics =
      std::is_same_v<Mode, Train> || !mode_is_known || Statistics::tracks_running_statistics;

  template <typename Other>
  static constexpr bool same_policies =
      std::is_same_v<Axis, typename Other::Axis>&& std::is_same_v<Affine, typename Other::Affine>&&
          std::is_same_v<Statistics, typename Other::Statistics>&&
              std::is_same_v<Activation, typename Other::Activation> &&
      (Channels::count == Other::Channels::count || Channels::count < 0 ||
       Other::Channels::count < 0);

  static_assert(scalar_is_known,
                "batchnorm: the first parameter of a layer is its scalar, float, double, "
                "Eigen::bfloat16 or Eigen::half.");
  static_assert(
      mode_is_known,
      "batchnorm: the second parameter of a layer is its mode, Train, Frozen or Eval; the other "
      "policies follow: BatchNorm<float, Train, ReLU>.");
  static_assert(policies_are_known,
                "batchnorm: unknown policy: expected an axis (ChannelsFirst, ChannelsLast, "
                "ChannelAxis<k>), an affine map (ScaleAndShift, ScaleOnly, ShiftOnly, NoAffine), "
                "RunningStatistics or NoRunningStatistics, an activation (NoActivation, ReLU, "
                "LeakyReLU<>, ReLU6, SiLU, GELU, TanhGELU, or a type of your own), Rank<...> "
                "or Channels<n>, after the mode.");
  static_assert(
      policies_are_unique,
      "batchnorm: two policies of one kind: give each of axis, affine map, statistics, "
      "activation, rank and channels at most once (BatchNorm1d, 2d and 3d give the rank).");
  static_assert(
      channels_fit<Policies...>,
      "batchnorm: a layer of Channels<N> keeps all of its memory within itself, more than "
      "a kilobyte for each channel: N is from 1 to 1024.");
  static_assert(mode_has_statistics,
                "batchnorm: Frozen and Eval normalise with running statistics: a layer with "
                "NoRunningStatistics has the mode Train only.");
};

}  // namespace batchnorm::detail
