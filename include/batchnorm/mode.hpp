#pragma once

#include <concepts>

namespace batchnorm {

/// Normalises with the statistics of the batch; the running statistics move in `forward`, or by
/// `observe` where the forward was given moments, and nowhere else. The gradient goes through the
/// statistics (Ioffe and Szegedy 2015, arXiv 1502.03167, algorithm 1).
struct Train {
  static constexpr const char* name = "Train";  ///< as a printed layer shows it
};

/// Normalises with the running statistics as constants, which never move; gamma and beta still
/// learn. For fine-tuning on data or batches that should not change the statistics.
struct Frozen {
  static constexpr const char* name = "Frozen";  ///< as a printed layer shows it
};

/// Normalises with the running statistics, prepared once as scale and shift; nothing learns,
/// everything is const and may be shared between threads (Ioffe and Szegedy 2015, algorithm 2, line
/// 11).
struct Eval {
  static constexpr const char* name = "Eval";  ///< as a printed layer shows it
};

/// A mode says which statistics normalise and what may change. It is the second parameter of a
/// layer.
template <typename T>
concept ModePolicy = std::same_as<T, Train> || std::same_as<T, Frozen> || std::same_as<T, Eval>;

}  // namespace batchnorm
