#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

/// Batch normalization in plain loops over doubles: what the library is measured against. Nothing
/// here is optimised and nothing here may be: it is read more often than it runs. It includes
/// nothing of the library and nothing of Eigen. Equation numbers are those of Ioffe and Szegedy
/// 2015, arXiv 1502.03167.
namespace reference {

using Index = std::ptrdiff_t;
using PerChannel = std::vector<double>;

/// Any array with a channel axis is `outer` x `channels` x `inner`: `outer` counts the positions
/// along the axes before the channel axis, `inner` those along the axes after it.
struct Shape {
  Index outer = 0;
  Index channels = 0;
  Index inner = 0;

  Index count() const { return outer * inner; }
  Index size() const { return count() * channels; }
};

/// The shape of an array with these dimensions (any container of them) and this channel axis.
template <typename Dimensions>
Shape shape_of(const Dimensions& dimensions, Index axis) {
  Shape shape{1, dimensions[static_cast<std::size_t>(axis)], 1};
  for (Index k = 0; k < axis; ++k) shape.outer *= dimensions[static_cast<std::size_t>(k)];
  for (Index k = axis + 1; k < static_cast<Index>(dimensions.size()); ++k)
    shape.inner *= dimensions[static_cast<std::size_t>(k)];
  return shape;
}

/// The index of element (o, c, i) in an array of these dimensions; the last axis runs fastest.
template <typename Dimensions>
Dimensions index_of(const Dimensions& dimensions, Index axis, Index o, Index c, Index i) {
  Dimensions index = dimensions;
  index[static_cast<std::size_t>(axis)] = c;
  for (Index k = static_cast<Index>(dimensions.size()) - 1; k > axis; --k) {
    const auto at = static_cast<std::size_t>(k);
    index[at] = i % dimensions[at];
    i /= dimensions[at];
  }
  for (Index k = axis - 1; k >= 0; --k) {
    const auto at = static_cast<std::size_t>(k);
    index[at] = o % dimensions[at];
    o /= dimensions[at];
  }
  return index;
}

/// An array of doubles addressed by (o, c, i).
class Values {
 public:
  explicit Values(const Shape& shape)
      : shape_(shape), data_(static_cast<std::size_t>(shape.size())) {}

  const Shape& shape() const { return shape_; }
  double& operator()(Index o, Index c, Index i) { return data_[offset(o, c, i)]; }
  double operator()(Index o, Index c, Index i) const { return data_[offset(o, c, i)]; }

 private:
  std::size_t offset(Index o, Index c, Index i) const {
    return static_cast<std::size_t>((o * shape_.channels + c) * shape_.inner + i);
  }

  Shape shape_;
  std::vector<double> data_;
};

/// Calls f(o, c, i) for every element.
template <typename Function>
void for_each(const Shape& shape, const Function& f) {
  for (Index o = 0; o < shape.outer; ++o)
    for (Index c = 0; c < shape.channels; ++c)
      for (Index i = 0; i < shape.inner; ++i) f(o, c, i);
}

enum class Mode { train, frozen, eval };

struct Settings {
  Mode mode = Mode::train;
  bool relu = false;
  double epsilon = 1e-5;
  double decay = 0.9;              // the weight of the old running statistics
  bool cumulative = false;         // every accepted batch weighs the same; decay is not used
  bool unbiased = true;            // divisor M - 1 for the running variance
  bool use_running = false;        // one value per channel: normalise as in Mode::frozen
  bool reject_non_finite = true;   // a channel that is not finite stays out of the statistics
  bool running_statistics = true;  // false: there are none
};

/// An empty gamma means 1, an empty beta 0, an empty rejected 0, for every channel.
struct State {
  PerChannel gamma, beta, running_mean, running_variance;
  std::int64_t batches = 0;
  std::vector<std::int64_t> rejected;
};

inline double channel(const PerChannel& values, Index c, double otherwise) {
  return values.empty() ? otherwise : values[static_cast<std::size_t>(c)];
}

struct Statistics {
  PerChannel mean, variance;
};

/// Mean and variance with divisor M, in two passes (Algorithm 1, lines 1 and 2).
inline Statistics batch_statistics(const Values& x) {
  const Shape& shape = x.shape();
  Statistics result;
  for (Index c = 0; c < shape.channels; ++c) {
    const auto average = [&](const auto& term) {
      long double sum = 0;
      for (Index o = 0; o < shape.outer; ++o)
        for (Index i = 0; i < shape.inner; ++i) sum += term(x(o, c, i));
      return sum / static_cast<long double>(shape.count());
    };
    const long double mean = average([](long double value) { return value; });
    const auto square = [mean](long double value) { return (value - mean) * (value - mean); };
    result.mean.push_back(static_cast<double>(mean));
    result.variance.push_back(static_cast<double>(average(square)));
  }
  return result;
}

/// Whether the statistics of the batch take part, in forward and in backward.
inline bool uses_batch(const Settings& settings, const Values& x) {
  return settings.mode == Mode::train && !(settings.use_running && x.shape().count() == 1);
}

inline Statistics statistics(const Settings& settings, const State& state, const Values& x) {
  if (uses_batch(settings, x)) return batch_statistics(x);
  return {state.running_mean, state.running_variance};
}

/// 1 / sqrt(variance + epsilon), and 0 where nothing varies and epsilon is 0.
inline double inverse_deviation(double variance, double epsilon) {
  return variance + epsilon == 0 ? 0 : 1 / std::sqrt(variance + epsilon);
}

/// x_hat (Algorithm 1, line 3).
inline Values normalized(const Settings& settings, const State& state, const Values& x) {
  const Statistics used = statistics(settings, state, x);
  Values result(x.shape());
  for_each(x.shape(), [&](Index o, Index c, Index i) {
    const double scale = inverse_deviation(channel(used.variance, c, 1), settings.epsilon);
    const double deviation = x(o, c, i) - channel(used.mean, c, 0);
    result(o, c, i) = deviation == 0 ? 0 : deviation * scale;
  });
  return result;
}

/// gamma * x_hat + beta + residual (Algorithm 1, line 4): the output before the activation.
inline Values before_activation(const Settings& settings, const State& state, const Values& x,
                                const Values* residual = nullptr) {
  Values result = normalized(settings, state, x);
  for_each(x.shape(), [&](Index o, Index c, Index i) {
    result(o, c, i) = channel(state.gamma, c, 1) * result(o, c, i) + channel(state.beta, c, 0) +
                      (residual == nullptr ? 0 : (*residual)(o, c, i));
  });
  return result;
}

inline Values forward(const Settings& settings, const State& state, const Values& x,
                      const Values* residual = nullptr) {
  Values y = before_activation(settings, state, x, residual);
  for_each(x.shape(), [&](Index o, Index c, Index i) {
    if (settings.relu && y(o, c, i) < 0) y(o, c, i) = 0;
  });
  return y;
}

/// |gamma * x_hat| + |beta| + |residual|: what the rounding of y is measured in. Where the mean is
/// itself a rounded sum, its error is one of a typical x_hat: `typical` 1 takes 1 for any smaller.
inline Values forward_magnitude(const Settings& settings, const State& state, const Values& x,
                                const Values* residual = nullptr, double typical = 1) {
  Values result = normalized(settings, state, x);
  for_each(x.shape(), [&](Index o, Index c, Index i) {
    const double size = std::max(std::abs(result(o, c, i)), typical);
    result(o, c, i) = std::abs(channel(state.gamma, c, 1)) * size +
                      std::abs(channel(state.beta, c, 0)) +
                      (residual == nullptr ? 0 : std::abs((*residual)(o, c, i)));
  });
  return result;
}

/// The state that a forward leaves behind.
inline State after_forward(const Settings& settings, const State& before, const Values& x) {
  State after = before;
  if (!uses_batch(settings, x) || x.shape().count() == 0) return after;
  ++after.batches;
  if (!settings.running_statistics) return after;
  const Statistics batch = batch_statistics(x);
  const auto count = static_cast<double>(x.shape().count());
  for (std::size_t c = 0; c < batch.mean.size(); ++c) {
    const bool finite = std::isfinite(batch.mean[c]) && std::isfinite(batch.variance[c]);
    if (!finite && settings.reject_non_finite) {
      after.rejected.resize(batch.mean.size());
      ++after.rejected[c];
      continue;
    }
    const std::int64_t refused = after.rejected.empty() ? 0 : after.rejected[c];
    const auto accepted = static_cast<double>(after.batches - refused);
    const double old_weight = settings.cumulative ? 1 - 1 / accepted : settings.decay;
    const double divisor = settings.unbiased ? count - 1 : count;
    const double variance = batch.variance[c] * count / divisor;
    const auto blend = [old_weight](double old_value, double new_value) {
      return old_weight * old_value + (1 - old_weight) * new_value;
    };
    after.running_mean[c] = blend(before.running_mean[c], batch.mean[c]);
    after.running_variance[c] = blend(before.running_variance[c], variance);
  }
  return after;
}

/// The gradients, and the size of what was added up for each: the unit of its rounding.
struct Gradients {
  Values dx, dresidual;
  PerChannel dgamma, dbeta;
  Values dx_magnitude;  // the largest of the terms of each dx, and of what its means add up
  PerChannel dgamma_magnitude, dbeta_magnitude;
};

/// dy behind the activation; the gradient of ReLU at 0 is 0.
inline Values behind_activation(const Settings& settings, const State& state, const Values& x,
                                const Values* residual, const Values& dy) {
  const Values y = before_activation(settings, state, x, residual);
  Values dz = dy;
  for_each(x.shape(), [&](Index o, Index c, Index i) {
    if (settings.relu && !(y(o, c, i) > 0)) dz(o, c, i) = 0;
  });
  return dz;
}

/// The gradients of a loss whose gradient with respect to y is dy (section 3, "Training and
/// inference", in the form where x_hat stands for (x - mean) / deviation). `state` is the one
/// before the forward that belongs to it. Constant statistics leave only the first term of dx.
inline Gradients backward(const Settings& settings, const State& state, const Values& x,
                          const Values* residual, const Values& dy) {
  const Shape& shape = x.shape();
  const Values dz = behind_activation(settings, state, x, residual, dy);
  const Values x_hat = normalized(settings, state, x);
  const Statistics used = statistics(settings, state, x);
  const auto channels = static_cast<std::size_t>(shape.channels);
  const PerChannel zero(channels, 0.0);
  Gradients result{Values(shape), dz, zero, zero, Values(shape), zero, zero};
  for (Index c = 0; c < shape.channels; ++c) {
    long double dgamma = 0, dbeta = 0, dgamma_magnitude = 0, dbeta_magnitude = 0;
    for (Index o = 0; o < shape.outer; ++o)
      for (Index i = 0; i < shape.inner; ++i) {
        const long double product = static_cast<long double>(dz(o, c, i)) * x_hat(o, c, i);
        dgamma += product;
        dbeta += dz(o, c, i);
        dgamma_magnitude += std::abs(product);
        dbeta_magnitude += std::abs(dz(o, c, i));
      }
    const double deviation = inverse_deviation(channel(used.variance, c, 1), settings.epsilon);
    const double scale = channel(state.gamma, c, 1) * deviation;
    const bool through = uses_batch(settings, x);
    const auto count = static_cast<long double>(shape.count());
    const double mean_dz = through ? static_cast<double>(dbeta / count) : 0;
    const double slope = through ? static_cast<double>(dgamma / count) : 0;
    const double mean_size = through ? static_cast<double>(dbeta_magnitude / count) : 0;
    const double slope_size = through ? static_cast<double>(dgamma_magnitude / count) : 0;
    for (Index o = 0; o < shape.outer; ++o)
      for (Index i = 0; i < shape.inner; ++i) {
        const double projection = x_hat(o, c, i) * slope;
        result.dx(o, c, i) = scale * (dz(o, c, i) - mean_dz - projection);
        result.dx_magnitude(o, c, i) =
            std::abs(scale) *
            std::max({std::abs(dz(o, c, i)), mean_size, slope_size * std::abs(x_hat(o, c, i))});
      }
    const auto at = static_cast<std::size_t>(c);
    result.dgamma[at] = static_cast<double>(dgamma);
    result.dbeta[at] = static_cast<double>(dbeta);
    result.dgamma_magnitude[at] = static_cast<double>(dgamma_magnitude);
    result.dbeta_magnitude[at] = static_cast<double>(dbeta_magnitude);
  }
  return result;
}

}  // namespace reference
