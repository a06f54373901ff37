#pragma once

#include <array>
#include <cstring>

#include "packet.hpp"

namespace batchnorm::detail {

/// The sum of packets in double, a lane each; they are read from memory, where the values mostly
/// are. For values in float it is exact but for roundings
/// that no float can see.
template <typename P>
class WideSum;

/// As many values of float as fill a packet of double. Eigen has no packet for the conversion, and
/// g++ makes poor code of the compiler's own.
inline auto widen(const float* from) {
#if defined(EIGEN_VECTORIZE_AVX512)
  // Unmasked, the intrinsic makes g++ 12 warn of an uninitialised value of its own.
  return _mm512_maskz_cvtps_pd(0xff, _mm256_loadu_ps(from));
#elif defined(EIGEN_VECTORIZE_AVX)
  return _mm256_cvtps_pd(_mm_loadu_ps(from));
#else
  using Floats [[gnu::vector_size(8)]] = float;
  using Doubles [[gnu::vector_size(16)]] = double;
  Floats values;
  std::memcpy(&values, from, sizeof(values));
  return __builtin_convertvector(values, Doubles);
#endif
}

template <>
class WideSum<Packet<float>> {
 public:
  void add(const float* from) {
    for (std::size_t part = 0; part < parts; ++part) sum_[part] += widen(from + part * width);
  }

  void add(const WideSum& other) {
    for (std::size_t part = 0; part < parts; ++part) sum_[part] += other.sum_[part];
  }

  std::array<double, std::size_t{Packet<float>::size}> totals() const {
    std::array<double, std::size_t{Packet<float>::size}> result;
    std::memcpy(result.data(), &sum_, sizeof(result));
    return result;
  }

 private:
  using Doubles = decltype(widen(nullptr));
  static constexpr std::size_t width = sizeof(Doubles) / sizeof(double);
  // Where a packet is one value, nobody makes such a sum, but it must compile.
  static constexpr std::size_t parts = (Packet<float>::size + width - 1) / width;

  std::array<Doubles, parts> sum_{};
};

/// Packets of double are their own sums.
template <>
class WideSum<Packet<double>> {
 public:
  void add(const double* from) { sum_ = detail::add(sum_, load<Packet<double>>(from)); }
  void add(const WideSum& other) { sum_ = detail::add(sum_, other.sum_); }

  std::array<double, std::size_t{lanes<Packet<double>>}> totals() const {
    std::array<double, std::size_t{lanes<Packet<double>>}> result;
    store(result.data(), sum_);
    return result;
  }

 private:
  Packet<double> sum_ = broadcast<Packet<double>>(0.0);
};

template <typename P>
requires is_scalar<P>
class WideSum<P> {
 public:
  void add(const P* from) { sum_ += static_cast<double>(*from); }
  void add(const WideSum& other) { sum_ += other.sum_; }
  std::array<double, 1> totals() const { return {sum_}; }

 private:
  double sum_ = 0.0;
};

}  // namespace batchnorm::detail
