#pragma once

#include <concepts>
#include <cstddef>

namespace batchnorm {

/// Channels on axis 1: (N, C), (N, C, L), (N, C, H, W), (N, C, D, H, W). The default.
struct ChannelsFirst {
  static constexpr const char* name = "ChannelsFirst";  ///< as a printed layer shows it
  /// 1, for every rank.
  static constexpr int axis(int /*rank*/) { return 1; }
};

/// Channels on the last axis: (N, C), (N, L, C), (N, H, W, C), (N, D, H, W, C).
struct ChannelsLast {
  static constexpr const char* name = "ChannelsLast";  ///< as a printed layer shows it
  /// The last axis of that rank.
  static constexpr int axis(int rank) { return rank - 1; }
};

/// Channels on axis `Axis`, counted from 0; `ChannelAxis<0>` is for (C, N), samples in columns.
template <int Axis>
struct ChannelAxis {
  static_assert(Axis >= 0, "batchnorm: ChannelAxis counts from 0; the last axis is ChannelsLast.");
  /// `Axis`, for every rank.
  static constexpr int axis(int /*rank*/) { return Axis; }
};

/// Learns gamma and beta. The default.
struct ScaleAndShift {
  static constexpr const char* name = "ScaleAndShift";  ///< as a printed layer shows it
  static constexpr bool has_gamma = true;               ///< gamma is stored and learns
  static constexpr bool has_beta = true;                ///< beta is stored and learns
};

/// Learns gamma; beta is 0 and takes no storage.
struct ScaleOnly {
  static constexpr const char* name = "ScaleOnly";  ///< as a printed layer shows it
  static constexpr bool has_gamma = true;           ///< gamma is stored and learns
  static constexpr bool has_beta = false;           ///< beta is 0
};

/// Learns beta; gamma is 1 and takes no storage.
struct ShiftOnly {
  static constexpr const char* name = "ShiftOnly";  ///< as a printed layer shows it
  static constexpr bool has_gamma = false;          ///< gamma is 1
  static constexpr bool has_beta = true;            ///< beta is stored and learns
};

/// Learns nothing: gamma is 1, beta is 0.
struct NoAffine {
  static constexpr const char* name = "NoAffine";  ///< as a printed layer shows it
  static constexpr bool has_gamma = false;         ///< gamma is 1
  static constexpr bool has_beta = false;          ///< beta is 0
};

/// Keeps running statistics for inference. The default.
struct RunningStatistics {
  static constexpr const char* name = "RunningStatistics";  ///< as a printed layer shows it
  static constexpr bool tracks_running_statistics = true;   ///< stored, and moved by Train
};

/// Keeps none: the layer exists in mode Train only and always normalises with the batch.
struct NoRunningStatistics {
  static constexpr const char* name = "NoRunningStatistics";  ///< as a printed layer shows it
  static constexpr bool tracks_running_statistics = false;    ///< no storage
};

/// Takes every rank from 2 to 5. The default.
struct AnyRank {
  static constexpr const char* name = "AnyRank";  ///< as a printed layer shows it
  /// True: a rank that no view can have is refused elsewhere.
  static constexpr bool allows_rank(int /*rank*/) { return true; }
};

/// Takes the listed ranks only, checked when compiling.
template <int... Ranks>
struct Rank {
  /// Whether `rank` is one of `Ranks`.
  static constexpr bool allows_rank(int rank) { return ((rank == Ranks) || ...); }
};

/// As many channels as the layer is made with. The default.
struct AnyChannels {
  static constexpr const char* name = "AnyChannels";  ///< as a printed layer shows it
  static constexpr int count = -1;                    ///< Eigen::Dynamic: known when it runs
};

/// `Count` channels, known when compiling: the layer keeps all of its memory within itself, and no
/// call of it takes any from the heap. From 1 to 1024 channels. `SumsBytes` says how much of it is
/// for what a batch sums, at least 64, in whole lines of 64; 0 is enough for batches of every kind
/// and usual size. See docs/guide.md, "Without a heap".
template <int Count, std::size_t SumsBytes = 0>
struct Channels {
  static constexpr int count = Count;                   ///< how many channels
  static constexpr std::size_t sums_bytes = SumsBytes;  ///< for the sums of a batch
};

/// Where the channels of an argument are.
template <typename T>
concept AxisPolicy = requires {
  { T::axis(2) } -> std::convertible_to<int>;  // the channel axis of a tensor of that rank
};

/// Which parameters a layer stores and learns.
template <typename T>
concept AffinePolicy = requires {
  { T::has_gamma } -> std::convertible_to<bool>;  // whether a scale is learnt and stored
  { T::has_beta } -> std::convertible_to<bool>;   // whether a shift is learnt and stored
};

/// Whether a layer keeps running statistics.
template <typename T>
concept StatisticsPolicy = requires {
  { T::tracks_running_statistics } -> std::convertible_to<bool>;  // whether they are stored
};

/// Which ranks a layer takes.
template <typename T>
concept RankPolicy = requires {
  { T::allows_rank(2) } -> std::convertible_to<bool>;  // whether a tensor of that rank is taken
};

}  // namespace batchnorm
