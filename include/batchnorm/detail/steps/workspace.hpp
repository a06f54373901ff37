#pragma once

#include <algorithm>
#include <vector>

#include "../kernels/formulas/coefficients.hpp"
#include "../kernels/reduce/loops.hpp"
#include "../kernels/reduce/workspace.hpp"
#include "renormalizer.hpp"

namespace batchnorm::detail {

/// Gamma and beta of a sample, what they make of its channels, and the sums of all samples.
template <typename Scalar>
struct AffineWorkspace {
  ChannelArray<Scalar> gamma;
  ChannelArray<Scalar> beta;
  ChannelCoefficients<Scalar> k;
  ChannelArray<double> sum;      ///< of gamma * g
  ChannelArray<double> product;  ///< of gamma * g * x_hat
  ChannelArray<double> gamma_sum;
  ChannelArray<double> beta_sum;

  void resize(Index channels) {
    for (auto* values : {&gamma, &beta}) values->resize(channels);
    k.resize(channels);
  }

  void begin_sums(Index channels) {
    for (auto* values : {&sum, &product, &gamma_sum, &beta_sum}) {
      values->resize(channels);
      values->set_zero();
    }
  }
};

/// The sums that a second backward needs, per channel, of v, the gradient with respect to dx.
struct SecondSums {
  ChannelArray<double> g;        ///< sum of g
  ChannelArray<double> g_x_hat;  ///< sum of g * x_hat
  ChannelArray<double> v;        ///< sum of v
  ChannelArray<double> v_x_hat;  ///< sum of v * x_hat
  ChannelArray<double> v_g;      ///< sum of v * g
};

/// What a second backward is given per channel, what it sums, and what it maps with.
template <typename Scalar>
struct SecondWorkspace {
  ChannelArray<Scalar> of_gamma;  ///< the gradient with respect to gamma's
  ChannelArray<Scalar> of_beta;   ///< the gradient with respect to beta's
  SecondSums sums;
  ChannelCoefficients<Scalar> identity;  ///< with which x_hat is x itself
  SecondCoefficients<Scalar> factors;

  void resize(Index channels) {
    factors.resize(channels);
    identity.resize(channels);
    std::fill_n(identity.inverse_deviation.data(), channels, 1.0);
    std::fill_n(identity.scale.data(), channels, Scalar(1));
  }
};

/// Memory that calls need and keep, so that a layer that has seen its largest shape allocates
/// nothing.
template <typename Scalar>
struct Workspace {
  SumsWorkspace sums;
  std::vector<SumsWorkspace> parts;  ///< of parts that are summed at the same time
  std::vector<double> weights;       ///< of the chunks of a call whose samples weigh
  ChannelArray<double> mean;
  ChannelArray<double> low;  ///< what mean leaves out, or nothing
  ChannelArray<double> m2;
  Renormalizer renormalizer;
  GradientCoefficients<Scalar> gradient;
  AffineWorkspace<Scalar> affine;
  SecondWorkspace<Scalar> second;

  void resize(Index channels) {
    for (auto* values : {&mean, &m2}) values->resize(channels);
    low.resize(keeps_low<Scalar> ? channels : 0);
  }

  /// Room for the sums of all channels of x at once, of which parts need less: a smaller x may be
  /// one part.
  template <typename Data>
  void make_room(const Executor& executor, const View<const Data>& x) {
    make_room(sums, executor, x);
  }

  /// Room for the sums of `count` parts, each of them no larger than `part`, so that no thread
  /// needs to allocate.
  template <typename Data>
  void make_room(Index count, const View<const Data>& part) {
    const auto size = static_cast<std::size_t>(count);
    if (parts.size() < size) parts.resize(size);
    for (std::size_t k = 0; k < size; ++k) make_room(parts[k], Executor{}, part);
  }

  SumsWorkspace& of_part(Index k) { return parts[static_cast<std::size_t>(k)]; }

  ChannelMoments moments() {
    return {mean.data(), keeps_low<Scalar> ? low.data() : nullptr, m2.data()};
  }

 private:
  static constexpr std::size_t most_sums = moments_sums<Scalar>;

  template <typename Data>
  static void make_room(SumsWorkspace& sums, const Executor& executor, View<const Data> x) {
    const LoopOrder order = arrange(x);
    if (order != LoopOrder::planes) return;
    sums.make_room(executor, x, order, most_sums, lanes_of_any_packet);
    const auto values =
        static_cast<std::size_t>(places_of(Chunks(x, order), executor) * x.channels);
    sums.chunks.reserve(values * most_sums);
  }
};

}  // namespace batchnorm::detail
