#pragma once

#include <Eigen/Core>
#include <array>
#include <cmath>
#include <limits>

#include "../../options.hpp"
#include "../../state.hpp"
#include "../refusal/refusal.hpp"

// Whether a state fits a layer: sizes first, then values.
namespace batchnorm::detail {

using Eigen::Index;

/// A vector of a state, as a layer of some policies wants it.
struct StateVector {
  const char* name;
  Index size;
  bool wanted;            ///< one value per channel, or else none
  bool may_miss = false;  ///< none will do as well

  bool tells() const { return wanted && !(may_miss && size == 0); }
};

struct StateShape {
  std::array<StateVector, 6> vectors;
};

inline void append_to(Message& message, const StateShape& shape) {
  const char* before = "";
  for (const StateVector& vector : shape.vectors) {
    if (!vector.tells()) continue;
    for (const char* text : {before, vector.name, " has "}) message.append(text);
    message.append(vector.size);
    before = ", ";
  }
}

/// The number of channels that the vectors of a state tell, all of them alike.
inline Index agreed_channels(const StateShape& shape) {
  const StateVector* first = nullptr;
  for (const StateVector& vector : shape.vectors) {
    if (!vector.tells()) continue;
    if (vector.size < 1) {
      refuse("state: expected one value per channel in ", vector.name, ", got ", vector.size,
             "; was the vector left out, or is the state of a layer with other policies?");
    }
    if (first == nullptr) first = &vector;
    if (vector.size != first->size) {
      refuse(
          "state: expected one value per channel in every vector, got vectors of several sizes: ",
          shape, "; is one of them of another layer?");
    }
  }
  if (first == nullptr) {
    refuse(
        "a state of this layer's policies has no vector that tells the number of channels: make "
        "the layer from a channel count.");
  }
  return first->size;
}

/// Whether every vector is one of a layer of `count` channels.
inline void check_sizes(const StateShape& shape, Index count) {
  for (const StateVector& vector : shape.vectors) {
    if (!vector.wanted && vector.size != 0) {
      refuse("state: expected 0 values in ", vector.name, ", got ", vector.size,
             "; this layer's policies have no such vector.");
    }
    if (vector.tells() && vector.size != count) {
      refuse("state: expected ", count, " values in ", vector.name, ", got ", vector.size,
             "; every vector has one value per channel, and the layer has ", count, ".");
    }
  }
}

template <typename Vector>
void check_finite(const char* name, const Vector& values) {
  for (Index c = 0; c < values.size(); ++c) {
    if (!std::isfinite(values[c])) {
      refuse("state: expected a finite ", name, ", got ", values[c], " in channel ", c,
             "; was the network trained past an overflow? NonFinite::propagate takes it as it is.");
    }
  }
}

/// A layer of float centres its data around the mean, in float.
template <typename Scalar, typename Vector>
void check_range(const Vector& means) {
  constexpr double most{std::numeric_limits<Scalar>::max()};
  for (Index c = 0; c < means.size(); ++c) {
    if (std::isfinite(means[c]) && std::abs(means[c]) > most) {
      refuse("state: expected a running_mean in the range of the layer's parameters, got ",
             means[c], " in channel ", c, "; is the state of a layer of double?");
    }
  }
}

template <typename Vector>
void check_variances(const Vector& values) {
  for (Index c = 0; c < values.size(); ++c) {
    if (values[c] < 0.0) {
      refuse("state: expected a running_variance of at least 0, got ", values[c], " in channel ", c,
             "; is this a standard deviation's logarithm, or an uninitialised vector?");
    }
  }
}

template <typename Scalar, int Most>
void check_counts(const State<Scalar, Most>& state) {
  constexpr std::int64_t most = std::int64_t{1} << 62;
  if (state.batches < 0 || state.batches > most)
    refuse("state: expected a count of batches from 0 to 2^62, got ", state.batches, ".");
  for (Index c = 0; c < state.rejected.size(); ++c) {
    if (state.rejected[c] < 0 || state.rejected[c] > state.batches) {
      refuse("state: expected rejected counts between 0 and the ", state.batches, " batches, got ",
             state.rejected[c], " in channel ", c, ".");
    }
  }
}

/// Whether the running statistics of a channel are those of a new layer.
template <typename Scalar, int Most>
bool is_fresh(const State<Scalar, Most>& state, Index c) {
  return state.running_mean[c] == 0.0 && state.running_variance[c] == 1.0;
}

/// A cumulative average goes on from statistics only if it knows how many batches they are of.
template <typename Scalar, int Most>
void check_counted(const State<Scalar, Most>& state) {
  for (Index c = 0; c < state.running_mean.size(); ++c) {
    const std::int64_t rejected = state.rejected.size() > 0 ? state.rejected[c] : 0;
    if (state.batches == rejected && !is_fresh(state, c)) {
      refuse("state: expected the number of batches that the running statistics are of, got 0 (",
             state.batches, " seen, ", rejected, " rejected) in channel ", c,
             "; the next batch of a cumulative() average would replace them: set batches, or "
             "choose decay or new_weight.");
    }
  }
}

template <typename Vector>
void check_pool_sizes(const Vector& values) {
  for (Index c = 0; c < values.size(); ++c) {
    if (values[c] != 0.0 && (!(values[c] >= 1.0) || !std::isfinite(values[c]))) {
      refuse("state: expected a finite number of values, 0 or at least 1, got ", values[c],
             " in channel ", c, ".");
    }
  }
}

/// What was seen so far enters a pool by the number of its values.
template <typename Scalar, int Most>
void check_pooled(const State<Scalar, Most>& state) {
  for (Index c = 0; c < state.running_mean.size(); ++c) {
    const bool known = state.values.size() > 0 && state.values[c] > 0.0;
    if (known || is_fresh(state, c)) continue;
    refuse(
        "state: expected the number of values that the running statistics are of, got none in "
        "channel ",
        c,
        "; pooled() merges what it saw by that number: set values, choose decay or new_weight, "
        "or begin with reset_running_statistics.");
  }
}

/// Whether `momentum` knows what it needs of what was seen so far.
template <typename Scalar, int Most>
void check_momentum(const Momentum& momentum, const State<Scalar, Most>& state) {
  if (momentum.is_cumulative()) check_counted(state);
  if (momentum.is_pooled()) check_pooled(state);
}

template <typename Scalar, int Most>
void check_values(const State<Scalar, Most>& state, const Options& options) {
  if (options.non_finite == NonFinite::reject) {
    check_finite("gamma", state.gamma);
    check_finite("beta", state.beta);
    check_finite("running_mean", state.running_mean);
    check_finite("running_variance", state.running_variance);
  }
  check_range<Scalar>(state.running_mean);
  check_variances(state.running_variance);
  check_counts(state);
  check_pool_sizes(state.values);
  check_momentum(options.momentum, state);
}

}  // namespace batchnorm::detail
