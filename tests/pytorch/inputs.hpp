#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "cases.hpp"

/// Inputs with the same bits on every machine: an integer hash makes small multiples of 2^-10, and
/// everything that is done to them afterwards is exact in `float`. So no input has to be stored.
namespace batchnorm_tests::pytorch {

/// What an input is for; each gets numbers of its own.
enum class Role : std::uint64_t { x, dy, residual, gamma, beta };

/// Finaliser of splitmix64 (Steele, Lea, Flood 2014): every input bit reaches every output bit.
inline std::uint64_t mixed(std::uint64_t z) {
  z += 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

/// A multiple of 2^-10 in [-1, 1), uniform; its standard deviation is 1 / sqrt(3).
inline double fraction(std::uint64_t hash) {
  return static_cast<double>(hash >> 53U) / 1024.0 - 1.0;
}

/// Hash of the case's name, so that a new case changes no other (FNV-1a).
inline std::uint64_t seed(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char letter : name) {
    hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3U;
  }
  return hash;
}

inline std::vector<double> fractions(const Case& which, Role role, std::size_t step,
                                     std::size_t count) {
  const std::uint64_t stream =
      mixed(mixed(seed(which.name) + static_cast<std::uint64_t>(role)) + step);
  std::vector<double> result(count);
  for (std::size_t i = 0; i < count; ++i) {
    result[i] = fraction(mixed(stream + i));
  }
  return result;
}

/// One training step's or the evaluation's input, row-major. `residual` is empty where unused.
struct Batch {
  std::vector<std::int64_t> shape;
  std::vector<double> x, dy, residual;
};

/// Gives each channel its own mean (alternating in sign) and its own range (1/2, 1 or 2).
inline void place(const Case& which, std::vector<double>& x) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t c = which.channel_of(i);
    const double shift = which.offset - 0.5 * static_cast<double>(c);
    x[i] = std::ldexp(x[i] + (c % 2 == 0 ? shift : -shift), static_cast<int>(c % 3) - 1);
  }
}

/// `step` counts from 0; the evaluation is the step after the last training step.
inline Batch batch(const Case& which, std::size_t step) {
  const std::int64_t samples =
      step < which.samples.size() ? which.samples[step] : which.samples.back();
  const auto count = static_cast<std::size_t>(samples * which.channels() * which.spatial());
  Batch result{.shape = which.shape(samples),
               .x = fractions(which, Role::x, step, count),
               .dy = fractions(which, Role::dy, step, count),
               .residual = fractions(which, Role::residual, step, which.residual ? count : 0)};
  place(which, result.x);
  return result;
}

inline bool has_scale(const Case& which) {
  return which.affine == Affine::both || which.affine == Affine::scale;
}

inline bool has_shift(const Case& which) {
  return which.affine == Affine::both || which.affine == Affine::shift;
}

/// In [1/4, 9/4), negative in every third channel; empty where the case has no scale.
inline std::vector<double> gamma(const Case& which) {
  const auto count = static_cast<std::size_t>(has_scale(which) ? which.channels() : 0);
  std::vector<double> result = fractions(which, Role::gamma, 0, count);
  for (std::size_t c = 0; c < count; ++c) {
    result[c] = c % 3 == 2 ? -1.25 - result[c] : 1.25 + result[c];
  }
  return result;
}

/// In [-1, 1); empty where the case has no shift.
inline std::vector<double> beta(const Case& which) {
  return fractions(which, Role::beta, 0,
                   static_cast<std::size_t>(has_shift(which) ? which.channels() : 0));
}

}  // namespace batchnorm_tests::pytorch
