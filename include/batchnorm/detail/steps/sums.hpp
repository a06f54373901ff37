#pragma once

#include <algorithm>

#include "../../gradient_sums.hpp"
#include "../../moments.hpp"
#include "../kernels/kernels.hpp"
#include "workspace.hpp"

// The two reductions of a step as values that leave the layer, and come back.
namespace batchnorm::detail {

/// The moments of x, into `to`, which gets its size.
template <typename Scalar>
void take_moments(const Executor& executor, const View<const Scalar>& x, NonFinite non_finite,
                  SumsWorkspace& workspace, Moments& to) {
  to.count = static_cast<double>(x.count());
  for (auto* values : {&to.mean, &to.m2, &to.mean_low}) values->setZero(x.channels);
  if (x.count() == 0) return;
  const ChannelMoments arrays{to.mean.data(), keeps_low<Scalar> ? to.mean_low.data() : nullptr,
                              to.m2.data()};
  run_kernel<calls::RangeMoments<Scalar>>(executor, ChannelRange{0, x.channels}, x, non_finite,
                                          workspace, arrays);
}

/// The same of an x whose positions have weights, `total` together.
template <typename Data, typename Scalar>
void take_weighted_moments(const Executor& executor, const View<const Data>& x,
                           const Weights<Scalar>& weights, double total, Workspace<Scalar>& work,
                           Moments& to) {
  to.count = total;
  for (auto* values : {&to.mean, &to.m2, &to.mean_low}) values->setZero(x.channels);
  if (total == 0.0) return;
  const ChannelMoments arrays{to.mean.data(), keeps_low<Scalar> ? to.mean_low.data() : nullptr,
                              to.m2.data()};
  run_kernel<calls::ChunkWeights<Data>>(x, weights, work.weights);
  run_kernel<calls::WeightedMoments<Data>>(executor, ChannelRange{0, x.channels}, x, weights,
                                           work.weights, work.sums, arrays);
}

/// What the means of `moments` leave out, or null where they leave out nothing.
inline const double* low_of(const Moments& moments) {
  return (moments.mean_low == 0.0).all() ? nullptr : moments.mean_low.data();
}

/// Whether `work` keeps these moments.
template <typename Scalar>
bool are_kept(const Moments& moments, const Workspace<Scalar>& work) {
  return moments.mean.size() == work.mean.size() &&
         std::equal(moments.mean.begin(), moments.mean.end(), work.mean.data()) &&
         std::equal(moments.m2.begin(), moments.m2.end(), work.m2.data());
}

/// The moments that a batch was normalised with, for who asks later.
template <typename Scalar>
void keep_moments(const Moments& moments, Workspace<Scalar>& work) {
  const Index channels = moments.mean.size();
  work.resize(channels);
  std::copy_n(moments.mean.data(), channels, work.mean.data());
  std::copy_n(moments.m2.data(), channels, work.m2.data());
  const double* low = low_of(moments);
  work.low.resize(low == nullptr ? 0 : channels);
  if (low != nullptr) std::copy_n(low, channels, work.low.data());
}

template <typename Scalar>
void take_sums(double count, const GradientCoefficients<Scalar>& from, GradientSums& to) {
  to.count = count;
  to.sum = Eigen::Map<const Eigen::ArrayXd>(from.sum.data(), from.sum.size());
  to.product = Eigen::Map<const Eigen::ArrayXd>(from.product.data(), from.product.size());
}

/// `to` has its size.
template <typename Scalar>
void put_sums(const GradientSums& from, GradientCoefficients<Scalar>& to) {
  std::copy_n(from.sum.data(), to.sum.size(), to.sum.data());
  std::copy_n(from.product.data(), to.product.size(), to.product.data());
}

}  // namespace batchnorm::detail
