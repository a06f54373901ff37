#pragma once

#include <algorithm>

#include "../order/samples.hpp"
#include "prepare.hpp"

// A pass whose gamma and beta come from outside: sample by sample where they are of samples, by the
// kernels of all passes, which take one sample as a view.
namespace batchnorm::detail {

/// Gamma and beta from outside, or their gradients.
template <typename Scalar>
struct SampleAffine {
  SampleValues<Scalar> gamma;
  SampleValues<Scalar> beta;
};

/// Calls `visit(k, sample)` for every sample with its coefficients, made of those of x_hat.
template <typename Scalar, typename Visit>
void for_each_sample(const Samples& samples, const ChannelCoefficients<Scalar>& of_x_hat,
                     const SampleAffine<const Scalar>& affine, Workspace<Scalar>& work,
                     const Visit& visit) {
  AffineWorkspace<Scalar>& own = work.affine;
  const Index channels = of_x_hat.size();
  own.resize(channels);
  for (Index n = 0; n < samples.count; ++n) {
    for (Index c = 0; c < channels; ++c) {
      own.gamma[c] = affine.gamma(n, c);
      own.beta[c] = affine.beta(n, c);
    }
    run_kernel<calls::ModulateCoefficients<Scalar>>(of_x_hat, own.gamma.data(), own.beta.data(),
                                                    work.renormalizer.r_or_null(),
                                                    work.renormalizer.d_or_null(), own.k);
    visit(own.k, n);
  }
}

/// y of every sample.
template <typename Activation, typename Data, typename Scalar, std::size_t N>
void normalize_samples(const Executor& executor, const Options& options, const Samples& samples,
                       const ChannelCoefficients<Scalar>& of_x_hat,
                       const SampleAffine<const Scalar>& affine,
                       const std::array<View<const Data>, N>& from, const View<Data>& y,
                       Workspace<Scalar>& work) {
  const CallPart all = all_channels(from[0], N + 1, options);
  for_each_sample(samples, of_x_hat, affine, work,
                  [&](const ChannelCoefficients<Scalar>& k, Index n) {
                    run_kernel<calls::Normalize<Data, Activation, N == 2>>(
                        executor, k, all, samples.of(from, n), samples.of(y, n));
                  });
}

/// Adds the sums of a sample to the gradients of gamma and beta.
template <typename Scalar>
void add_sample(const SampleAffine<Scalar>& to, Index sample, const double* sum,
                const double* product, Workspace<Scalar>& work) {
  auto& affine = work.affine;
  for (Index c = 0; c < affine.gamma.size(); ++c) {
    const auto gamma = static_cast<double>(affine.gamma[c]);
    affine.sum[c] += gamma * sum[c];
    affine.product[c] += gamma * product[c];
  }
  const auto write = [&](const SampleValues<Scalar>& values, const double* sums,
                         ChannelArray<double>& shared) {
    for (Index c = 0; c < shared.size(); ++c) {
      shared[c] += sums[c];
      values(sample, c) = static_cast<Scalar>(values.are_shared() ? shared[c] : sums[c]);
    }
  };
  Renormalizer& renormalizer = work.renormalizer;
  write(to.beta, sum, affine.beta_sum);
  write(to.gamma, renormalizer.is_on() ? renormalizer.gamma_gradient(sum, product) : product,
        affine.gamma_sum);
}

/// dx (and dresidual) of every sample, and the gradients of gamma and beta. `count` values are in
/// the statistics, or 0 where they are constants.
template <typename Activation, typename Data, typename Scalar, std::size_t N, std::size_t M>
void backward_of_samples(const Executor& executor, const Options& options, const Samples& samples,
                         const ChannelCoefficients<Scalar>& of_x_hat, double count,
                         const SampleAffine<const Scalar>& affine,
                         const std::array<View<const Data>, N>& from,
                         const std::array<View<Data>, M>& to, const SampleAffine<Scalar>& gradients,
                         Workspace<Scalar>& work) {
  const Index channels = of_x_hat.size();
  auto& gradient = work.gradient;
  gradient.resize(channels);
  work.affine.begin_sums(channels);
  for_each_sample(
      samples, of_x_hat, affine, work, [&](const ChannelCoefficients<Scalar>& k, Index n) {
        run_kernel<calls::ParameterGradients<Data, Activation, N == 3>>(
            executor, k, ChannelRange{0, channels}, samples.of(from, n), work.sums, gradient);
        add_sample(gradients, n, gradient.sum.data(), gradient.product.data(), work);
      });
  const CallPart all = all_channels(from[0], N + M, options);
  if (count > 0.0) {
    std::copy_n(work.affine.sum.data(), channels, gradient.sum.data());
    std::copy_n(work.affine.product.data(), channels, gradient.product.data());
    run_kernel<calls::PrepareBatchGradient<Scalar>>(of_x_hat, count, all.range, gradient);
  } else {
    gradient.through_nothing(all.range);
  }
  for_each_sample(
      samples, of_x_hat, affine, work, [&](const ChannelCoefficients<Scalar>& k, Index n) {
        run_kernel<calls::ConditionalGradient<Data, Activation, N == 3>>(
            executor, k, of_x_hat, gradient, all, samples.of(from, n), samples.of(to, n));
      });
}

}  // namespace batchnorm::detail
