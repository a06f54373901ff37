#pragma once

#include <gtest/gtest.h>

#include <batchnorm/batchnorm.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "bounds.hpp"
#include "cases.hpp"
#include "inputs.hpp"
#include "kind.hpp"
#include "values.hpp"

namespace batchnorm_tests::pytorch {

/// Compares every value and reports the first that is too far off.
template <typename Got, typename Bound>
void expect_near(const std::string& name, const Got& got, const std::vector<double>& expected,
                 const Bound& bound) {
  ASSERT_EQ(static_cast<std::size_t>(got.size()), expected.size()) << name;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto value = static_cast<double>(got.data()[i]);
    ASSERT_LE(std::abs(value - expected[i]), bound(i))
        << name << " at " << i << ": " << value << ", PyTorch has " << expected[i];
  }
}

/// Takes a layer of kind K through the passes of a case and compares each with PyTorch's.
template <typename K>
class Follower {
 public:
  using Scalar = typename K::Scalar;

  explicit Follower(const Case& which)
      : which_(which), values_(values_file(which.name), which.precision) {}

  void train() {
    auto layer = fresh();
    RunningBound mean(0, channels());
    RunningBound variance(1, channels());
    for (std::size_t step = 0; step < which_.samples.size(); ++step) {
      const std::string prefix = "train" + std::to_string(step) + '.';
      const Batch input = batch(which_, step);
      const Statistics seen = statistics_of(which_, input.x);
      compare_pass<true>(prefix, layer, input, seen);
      if constexpr (K::tracked) {
        mean.see(seen.magnitude);
        variance.see(unbiased(seen.variance, count(input)));
        compare_running(prefix, layer, mean, variance, roundings(input, true));
      }
    }
  }

  /// Starts from PyTorch's running statistics, so that no error of the training enters.
  void evaluate() {
    const Batch input = batch(which_, which_.samples.size());
    if constexpr (K::tracked) {
      const Statistics running =
          stored_statistics(values_.get("eval.running_mean", channels()),
                            values_.get("eval.running_variance", channels()));
      const batchnorm::State<Scalar> state = state_with(running);
      typename K::template Layer<batchnorm::Frozen> frozen(state, options());
      compare_pass<false>("eval.", frozen, input, running);
      EXPECT_EQ(frozen.running_mean(), state.running_mean);
      EXPECT_EQ(frozen.running_variance(), state.running_variance);
      EXPECT_EQ(frozen.batches(), state.batches);
      const typename K::template Layer<batchnorm::Eval> evaluated(state, options());
      compare_pass<false>("eval.", evaluated, input, running);
    } else {
      // Without running statistics PyTorch evaluates as it trains.
      auto layer = fresh();
      compare_pass<true>("eval.", layer, input, statistics_of(which_, input.x));
    }
  }

  /// Names of the stored values that were compared with nothing.
  std::string rest() const { return values_.rest(); }

 private:
  std::size_t channels() const { return static_cast<std::size_t>(which_.channels()); }

  double count(const Batch& input) const {
    return static_cast<double>(input.x.size()) / static_cast<double>(channels());
  }

  Roundings roundings(const Batch& input, bool training) const {
    return roundings_of(std::is_same_v<Scalar, double>, which_.precision, training, count(input));
  }

  static Statistics stored_statistics(const std::vector<double>& mean,
                                      const std::vector<double>& variance) {
    Statistics result{mean, variance, mean};
    for (double& value : result.magnitude) {
      value = std::abs(value);
    }
    return result;
  }

  static std::vector<double> unbiased(std::vector<double> variance, double count) {
    for (double& value : variance) {
      value *= count / (count - 1);
    }
    return variance;
  }

  batchnorm::Options options() const {
    return {.epsilon = which_.epsilon,
            .momentum = which_.momentum ? batchnorm::new_weight(*which_.momentum)
                                        : batchnorm::cumulative()};
  }

  typename K::template Layer<batchnorm::Train> fresh() const {
    typename K::template Layer<batchnorm::Train> layer(which_.channels(), options());
    batchnorm::State<Scalar> state = layer.state();
    state.gamma = K::vector(gamma(which_));
    state.beta = K::vector(beta(which_));
    layer.set_state(state);
    return layer;
  }

  batchnorm::State<Scalar> state_with(const Statistics& running) {
    return {.gamma = K::vector(gamma(which_)),
            .beta = K::vector(beta(which_)),
            .running_mean = K::vector(running.mean).template cast<double>(),
            .running_variance = K::vector(running.variance).template cast<double>(),
            .batches = static_cast<std::int64_t>(values_.get("eval.batches", 1).front()),
            .rejected = {}};
  }

  template <bool Training, typename Layer>
  void compare_pass(const std::string& prefix, Layer& layer, const Batch& input,
                    const Statistics& statistics) {
    const Bounds bounds(which_, input, statistics, Training, roundings(input, Training));
    compare_data(prefix, layer, input, bounds);
    if constexpr (!std::is_same_v<std::remove_const_t<Layer>,
                                  typename K::template Layer<batchnorm::Eval>>) {
      compare_parameters(prefix, layer, bounds);
    }
  }

  template <typename Layer>
  void compare_data(const std::string& prefix, Layer& layer, const Batch& input,
                    const Bounds& bounds) {
    const auto x = K::tensor(input.shape, input.x);
    const auto dy = K::tensor(input.shape, input.dy);
    if constexpr (K::with_residual) {
      const auto r = K::tensor(input.shape, input.residual);
      compare_y(prefix, layer.forward(x, batchnorm::residual(r)), bounds);
      const auto [dx, dresidual] = layer.backward(x, batchnorm::residual(r), dy);
      compare_dx(prefix, dx, bounds);
      expect_near(prefix + "dresidual", dresidual,
                  values_.get(prefix + "dresidual", input.x.size()),
                  [](std::size_t) { return 0.0; });
    } else {
      compare_y(prefix, layer.forward(x), bounds);
      compare_dx(prefix, layer.backward(x, dy), bounds);
    }
  }

  void compare_y(const std::string& prefix, const typename K::Tensor& y, const Bounds& bounds) {
    expect_near(prefix + "y", y, values_.get(prefix + "y", size_of(y)),
                [&](std::size_t i) { return bounds.y(i); });
  }

  void compare_dx(const std::string& prefix, const typename K::Tensor& dx, const Bounds& bounds) {
    expect_near(prefix + "dx", dx, values_.get(prefix + "dx", size_of(dx)),
                [&](std::size_t i) { return bounds.dx(i); });
  }

  template <typename Layer>
  void compare_parameters(const std::string& prefix, const Layer& layer, const Bounds& bounds) {
    if constexpr (K::scaled) {
      expect_near(prefix + "dgamma", layer.gamma_gradient(),
                  values_.get(prefix + "dgamma", channels()),
                  [&](std::size_t c) { return bounds.dgamma(c); });
    }
    if constexpr (K::shifted) {
      expect_near(prefix + "dbeta", layer.beta_gradient(),
                  values_.get(prefix + "dbeta", channels()),
                  [&](std::size_t c) { return bounds.dbeta(c); });
    }
  }

  template <typename Layer>
  void compare_running(const std::string& prefix, const Layer& layer, const RunningBound& mean,
                       const RunningBound& variance, const Roundings& roundings) {
    expect_near(prefix + "running_mean", layer.running_mean(),
                values_.get(prefix + "running_mean", channels()),
                [&](std::size_t c) { return mean(c, roundings); });
    expect_near(prefix + "running_variance", layer.running_variance(),
                values_.get(prefix + "running_variance", channels()),
                [&](std::size_t c) { return variance(c, roundings); });
    EXPECT_EQ(layer.batches(),
              static_cast<std::int64_t>(values_.get(prefix + "batches", 1).front()));
  }

  static std::size_t size_of(const typename K::Tensor& tensor) {
    return static_cast<std::size_t>(tensor.size());
  }

  const Case& which_;
  Values values_;
};

}  // namespace batchnorm_tests::pytorch
