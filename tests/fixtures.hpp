#pragma once

#include <gtest/gtest.h>

#include <batchnorm/batchnorm.hpp>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "reference.hpp"

/// Data with a pattern, states, and comparisons with the reference.
namespace fixtures {

using Eigen::Index;
using reference::Values;

/// Half a unit in the last place of 1: the largest relative error of one rounding.
template <typename Scalar>
inline constexpr double roundoff = std::numeric_limits<Scalar>::epsilon() / 2;

/// How many roundoffs an output may be off. The sums over float data are those of double; the sums
/// over double data have nothing better than double to stand in.
template <typename Scalar>
inline constexpr double forward_roundoffs = std::is_same_v<Scalar, float> ? 4 : 64;
template <typename Scalar>
inline constexpr double backward_roundoffs = std::is_same_v<Scalar, float> ? 8 : 256;

/// A number in [-1, 1) that depends on all its arguments and on nothing else (SplitMix64).
inline double noise(std::uint64_t seed, Index o, Index c, Index i) {
  std::uint64_t state = seed;
  const auto stir = [&state](Index value) {
    state += 0x9e3779b97f4a7c15U + static_cast<std::uint64_t>(value);
    state = (state ^ (state >> 30U)) * 0xbf58476d1ce4e5b9U;
    state = (state ^ (state >> 27U)) * 0x94d049bb133111ebU;
    state ^= state >> 31U;
  };
  stir(o);
  stir(c);
  stir(i);
  return static_cast<double>(state >> 11U) * 0x1p-52 - 1;
}

/// Values of about size 1 that are exact in Scalar, with another mean and another spread in every
/// channel, so that a mix-up of axes shows.
template <typename Scalar>
Values pattern(const reference::Shape& shape, std::uint64_t seed) {
  Values values(shape);
  reference::for_each(shape, [&](Index o, Index c, Index i) {
    const double mean = 0.5 * static_cast<double>(c % 7) - 1.25;
    const double spread = 0.5 + 0.25 * static_cast<double>(c % 5);
    values(o, c, i) =
        static_cast<double>(static_cast<Scalar>(mean + spread * noise(seed, o, c, i)));
  });
  return values;
}

template <typename Affine>
inline constexpr bool has_gamma = std::is_same_v<Affine, batchnorm::ScaleAndShift> ||
                                  std::is_same_v<Affine, batchnorm::ScaleOnly>;
template <typename Affine>
inline constexpr bool has_beta = std::is_same_v<Affine, batchnorm::ScaleAndShift> ||
                                 std::is_same_v<Affine, batchnorm::ShiftOnly>;

/// A state in which no two channels and no two vectors are alike; gamma takes both signs.
template <typename Scalar, typename Affine = batchnorm::ScaleAndShift>
batchnorm::State<Scalar> some_state(Index channels, std::uint64_t seed = 1) {
  const auto filled = [&](Index which, double center, double spread) {
    Eigen::Vector<Scalar, Eigen::Dynamic> values(channels);
    for (Index c = 0; c < channels; ++c)
      values(c) = static_cast<Scalar>(center + spread * noise(seed, which, c, 0));
    return values;
  };
  batchnorm::State<Scalar> state;
  if constexpr (has_gamma<Affine>) {
    state.gamma = filled(0, 1, 0.5);
    for (Index c = 0; c < channels; c += 3) state.gamma(c) = -state.gamma(c);
  }
  if constexpr (has_beta<Affine>) state.beta = filled(1, 0, 1);
  state.running_mean = filled(2, 0.25, 0.5).template cast<double>();
  state.running_variance = filled(3, 1, 0.75).template cast<double>();
  state.batches = 7;
  return state;
}

template <typename Vector>
reference::PerChannel to_doubles(const Vector& values) {
  reference::PerChannel result;
  for (Index c = 0; c < values.size(); ++c) result.push_back(static_cast<double>(values(c)));
  return result;
}

template <typename Scalar>
reference::State to_reference(const batchnorm::State<Scalar>& state) {
  reference::State result{to_doubles(state.gamma),
                          to_doubles(state.beta),
                          to_doubles(state.running_mean),
                          to_doubles(state.running_variance),
                          state.batches,
                          {}};
  for (Index c = 0; c < state.rejected.size(); ++c) result.rejected.push_back(state.rejected(c));
  return result;
}

template <typename Mode>
constexpr reference::Mode to_reference() {
  if (std::is_same_v<Mode, batchnorm::Train>) return reference::Mode::train;
  return std::is_same_v<Mode, batchnorm::Frozen> ? reference::Mode::frozen : reference::Mode::eval;
}

/// |got - expected| in units of `unit`; infinite where one of them is NaN and the other is not.
inline double error_in(double unit, double got, double expected) {
  if (got == expected || (std::isnan(got) && std::isnan(expected))) return 0;
  const double error = std::abs(got - expected) / unit;
  return std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
}

/// The largest error of an element, in roundoffs of Scalar of its magnitude.
template <typename Scalar>
double worst_error(const Values& got, const Values& expected, const Values& magnitude) {
  double worst = 0;
  reference::for_each(expected.shape(), [&](Index o, Index c, Index i) {
    const double unit = roundoff<Scalar> * magnitude(o, c, i);
    worst = std::max(worst, error_in(unit, got(o, c, i), expected(o, c, i)));
  });
  return worst;
}

/// The largest error of a channel, in roundoffs of Scalar of its magnitude.
template <typename Scalar, typename Vector>
double worst_error(const Vector& got, const reference::PerChannel& expected,
                   const reference::PerChannel& magnitude) {
  if (got.size() != static_cast<Index>(expected.size()))
    return std::numeric_limits<double>::infinity();
  double worst = 0;
  for (std::size_t c = 0; c < expected.size(); ++c) {
    const double unit = roundoff<Scalar> * magnitude[c];
    const auto value = static_cast<double>(got(static_cast<Index>(c)));
    worst = std::max(worst, error_in(unit, value, expected[c]));
  }
  return worst;
}

inline reference::PerChannel magnitudes(reference::PerChannel values) {
  for (double& value : values) value = std::abs(value);
  return values;
}

/// Running statistics are computed in double and rounded once; the sizes of both terms count.
template <typename Scalar, typename Layer>
void expect_running(const Layer& layer, const reference::State& expected) {
  const reference::PerChannel one(expected.running_mean.size(), 1.0);
  EXPECT_LE(worst_error<Scalar>(layer.running_mean(), expected.running_mean, one),
            forward_roundoffs<Scalar>);
  EXPECT_LE(worst_error<Scalar>(layer.running_variance(), expected.running_variance,
                                magnitudes(expected.running_variance)),
            forward_roundoffs<Scalar>);
  EXPECT_EQ(layer.batches(), expected.batches);
}

template <typename Scalar>
requires std::is_arithmetic_v<Scalar>
bool same_bits(Scalar a, Scalar b) {
  if constexpr (std::is_same_v<Scalar, float>)
    return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
  else if constexpr (std::is_same_v<Scalar, double>)
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
  else
    return a == b;
}

inline bool same_bits(const Values& a, const Values& b) {
  bool same = a.shape().size() == b.shape().size();
  if (same)
    reference::for_each(a.shape(), [&](Index o, Index c, Index i) {
      same = same && same_bits(a(o, c, i), b(o, c, i));
    });
  return same;
}

/// Vectors, matrices and arrays of equal sizes and bits.
template <typename A, typename B>
requires requires(const A& a) { a.coeff(0, 0); }
bool same_bits(const A& a, const B& b) {
  if (a.rows() != b.rows() || a.cols() != b.cols()) return false;
  for (Index row = 0; row < a.rows(); ++row)
    for (Index col = 0; col < a.cols(); ++col)
      if (!same_bits(a(row, col), b(row, col))) return false;
  return true;
}

template <typename Scalar, int Rank, int Order>
bool same_bits(const Eigen::Tensor<Scalar, Rank, Order>& a,
               const Eigen::Tensor<Scalar, Rank, Order>& b) {
  if (a.dimensions() != b.dimensions()) return false;
  for (Index k = 0; k < a.size(); ++k)
    if (!same_bits(a.data()[k], b.data()[k])) return false;
  return true;
}

/// Whether a call is refused with a sentence that has `part`.
template <typename Call>
void expect_refused(const Call& call, const std::string& part) {
  try {
    call();
    ADD_FAILURE() << "accepted; expected: " << part;
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

/// A matrix of noise.
template <typename Scalar>
Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic> noise_matrix(Index rows, Index cols,
                                                                   std::uint64_t seed) {
  return Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>::NullaryExpr(
      rows, cols, [=](Index r, Index c) { return static_cast<Scalar>(noise(seed, r, c, 0)); });
}

/// Equal states to the bit; no rejected batches are the same as zeros.
template <typename Scalar, int A, int B>
bool same_bits(const batchnorm::State<Scalar, A>& a, const batchnorm::State<Scalar, B>& b) {
  using Counts = Eigen::Matrix<std::int64_t, Eigen::Dynamic, 1>;
  const auto rejected = [](const auto& of, const auto& other) -> Counts {
    return of.rejected.size() > 0 ? Counts(of.rejected) : Counts(0 * other.rejected);
  };
  return same_bits(a.gamma, b.gamma) && same_bits(a.beta, b.beta) &&
         same_bits(a.running_mean, b.running_mean) &&
         same_bits(a.running_variance, b.running_variance) && a.batches == b.batches &&
         same_bits(rejected(a, b), rejected(b, a)) && same_bits(a.values, b.values);
}

}  // namespace fixtures
