#pragma once

#include <cmath>
#include <cstdint>

#include "detail/refusal/refusal.hpp"
#include "momentum.hpp"

namespace batchnorm {

/// Divisor of the batch variance that enters the running variance; M is the number of values per
/// channel.
enum class RunningVariance {
  unbiased,  ///< M - 1, as PyTorch
  biased     ///< M, as Keras and ONNX
};

/// What training does with one value per channel, whose variance says nothing.
enum class SingleValue {
  refuse,      ///< throws
  use_running  ///< normalises with the running statistics, which stay; backward treats them as
               ///< constants
};

/// What training does with a channel whose batch statistics are not finite.
enum class NonFinite {
  reject,  ///< the channel's running statistics stay as they are, and `rejected()` counts the batch
  propagate  ///< the running statistics become what IEEE arithmetic makes of the batch: an infinity
             ///< makes the mean infinite and the variance NaN, two of different signs, or a NaN,
             ///< make both NaN; a state that is not finite is taken, too
};

/// How far training may look to the running statistics in place of the batch's (batch
/// renormalization, Ioffe 2017, arXiv 1702.03275): y = gamma * (r * x_hat + d) + beta, with
/// r = batch deviation / running deviation, limited to [1 / r_max, r_max], and
/// d = (batch mean - running mean) / running deviation, limited to [-d_max, d_max]. Both are of the
/// running statistics before the batch, and constants in backward. Where neither limit is met, y is
/// that of inference; r_max 1 and d_max 0 are batch normalization.
struct Renormalization {
  double r_max = 1.0;  ///< at least 1; infinity for no limit
  double d_max = 0.0;  ///< at least 0; infinity for no limit

  /// Whether it is anything but batch normalization.
  constexpr bool is_on() const { return r_max > 1.0 || d_max > 0.0; }

  /// Whether both limits are equal.
  constexpr bool operator==(const Renormalization&) const = default;
};

/// What is decided once per layer and costs one decision per call.
struct Options {
  /// Added to the variance inside the root: `1 / sqrt(variance + epsilon)`. At least 0, finite.
  /// With 0, a channel of Eval or Frozen whose running variance is 0 gives beta for every x.
  double epsilon = 1e-5;
  /// How much a batch moves the running statistics.
  Momentum momentum = decay(0.9);
  /// Divisor of what enters the running variance.
  RunningVariance running_variance = RunningVariance::unbiased;
  /// What training does with one value per channel.
  SingleValue single_value = SingleValue::refuse;
  /// What training does with a channel whose statistics are not finite.
  NonFinite non_finite = NonFinite::reject;
  /// How far training may look to the running statistics: not at all.
  Renormalization renormalization = {};
  /// Bytes of the last-level cache that a core can use: results of a call whose arrays together
  /// exceed it are written around the caches. 0 asks the machine and believes at most 32 MiB. No
  /// result depends on it.
  std::int64_t cache_bytes = 0;
  /// Bytes of the second-level cache of a core: where the values of a channel lie apart from those
  /// of others, training takes as many channels at a time as stay there, so that its second pass
  /// finds what the first has read. 0 asks the machine and believes 256 KiB to 4 MiB; on AMD, whose
  /// last level is near, it takes as many as stay there. No result depends on it.
  std::int64_t l2_bytes = 0;

  /// Whether all fields are equal.
  bool operator==(const Options&) const = default;
};

namespace detail {

inline void check_renormalization(const Renormalization& limits) {
  if (!(limits.r_max >= 1.0) || !(limits.d_max >= 0.0)) {
    refuse("expected a renormalization with r_max of at least 1 and d_max of at least 0, got ",
           limits.r_max, " and ", limits.d_max, "; {1, 0} is batch normalization.");
  }
}

inline void check_options(const Options& options) {
  if (!(options.epsilon >= 0.0) || !std::isfinite(options.epsilon)) {
    refuse("expected a finite epsilon of at least 0, got ", options.epsilon,
           "; the usual values are 1e-5 (PyTorch, ONNX) and 1e-3 (Keras).");
  }
  check_renormalization(options.renormalization);
  if (options.cache_bytes < 0) {
    refuse("expected cache_bytes of at least 0, got ", options.cache_bytes,
           "; 0 asks the machine.");
  }
  if (options.l2_bytes < 0) {
    refuse("expected l2_bytes of at least 0, got ", options.l2_bytes, "; 0 asks the machine.");
  }
}

}  // namespace detail
}  // namespace batchnorm
