#pragma once

#include <array>

#include "../../activation.hpp"
#include "calls.hpp"

// The gradients of what backward gave: reductions and a map, as all passes are.
namespace batchnorm::detail {

/// The gradients of a loss with respect to dgamma and dbeta, one per channel, or null for none.
template <typename Scalar>
struct ParameterCotangents {
  const Scalar* gamma;
  const Scalar* beta;
};

/// Sums of `of` and of `of` * x_hat, where x_hat is x with the coefficients `k`, into
/// `work.gradient`.
template <typename Data, typename Scalar>
void take_products(const Executor& executor, const ChannelCoefficients<Scalar>& k,
                   const View<const Data>& x, const View<const Data>& of, Workspace<Scalar>& work) {
  run_kernel<calls::ParameterGradients<Data, NoActivation, false>>(
      executor, k, ChannelRange{0, k.size()}, std::array{x, of}, work.sums, work.gradient);
}

/// `from` is x, dy and v; `work` has its size.
template <typename Data, typename Scalar>
void take_second_sums(const Executor& executor, const ChannelCoefficients<Scalar>& k,
                      const std::array<View<const Data>, 3>& from, Workspace<Scalar>& work) {
  const auto& [x, dy, v] = from;
  SecondSums& sums = work.second.sums;
  take_products(executor, k, x, dy, work);
  sums.g = work.gradient.sum;
  sums.g_x_hat = work.gradient.product;
  take_products(executor, k, x, v, work);
  sums.v = work.gradient.sum;
  sums.v_x_hat = work.gradient.product;
  take_products(executor, work.second.identity, v, dy, work);
  sums.v_g = work.gradient.product;
}

/// What a second backward maps a channel with, in double, and the gradient of its gamma. By name:
/// `of_x` are the factors of 1, x_hat, v and g in the gradient with respect to x, `of_dy` those of
/// 1, x_hat and v in that with respect to dy.
struct SecondFactors {
  std::array<double, 4> of_x;
  std::array<double, 3> of_dy;
  double gamma;
};

/// A channel of a second backward: gamma, with r of a renormalization in it; 1 / deviation; and the
/// gradients with respect to sum(g x_hat) and sum(g).
struct SecondChannel {
  double gamma;
  double inverse;
  double of_product;
  double of_sum;
};

/// Through the statistics of `count` values: the gradient of sum(v dx) + p sum(g x_hat) + q sum(g),
/// with dx = gamma / deviation * (g - mean(g) - x_hat mean(g x_hat)).
inline SecondFactors through_statistics(const SecondChannel& at, const SecondSums& sums, Index c,
                                        double count) {
  const double g = sums.g[c] / count;
  const double h = sums.g_x_hat[c] / count;
  const double v = sums.v[c] / count;
  const double k = sums.v_x_hat[c] / count;
  const double common = sums.v_g[c] / count - v * g - k * h;
  const double scale = at.gamma * at.inverse;
  const double both = scale * at.inverse;
  const double direct = at.of_product * at.inverse;
  return {{both * (h * v + k * g) - direct * g, both * (2.0 * h * k - common) - direct * h,
           -both * h, direct - both * k},
          {at.of_sum - scale * v, at.of_product - scale * k, scale},
          at.inverse * count * common};
}

/// Where the statistics are constants: dx = gamma / deviation * g.
inline SecondFactors of_constants(const SecondChannel& at, const SecondSums& sums, Index c) {
  return {{0.0, 0.0, 0.0, at.of_product * at.inverse},
          {at.of_sum, at.of_product, at.gamma * at.inverse},
          at.inverse * sums.v_g[c]};
}

/// The factors of all channels, as the map takes them: x_hat is (x - centre - rest) * inverse.
template <typename Scalar>
void put_factors(const ChannelCoefficients<Scalar>& k, const SecondFactors& of, Index c,
                 SecondCoefficients<Scalar>& to) {
  const double inverse = k.inverse_deviation[c];
  const auto put = [&](std::size_t first, const auto& factors) {
    const double slope = factors[1] * inverse;
    to.values[first][c] = static_cast<Scalar>(factors[0] - k.rest[c] * slope);
    to.values[first + 1][c] = static_cast<Scalar>(slope);
    for (std::size_t j = 2; j < factors.size(); ++j)
      to.values[first + j][c] = static_cast<Scalar>(factors[j]);
  };
  put(0, of.of_x);
  put(4, of.of_dy);
}

}  // namespace batchnorm::detail
