#pragma once

#include <array>
#include <cstring>

#include "lanes.hpp"

namespace batchnorm::detail {

/// The sum of packets in double, a lane each; they are read from memory, where the values mostly
/// are. For values in float it is exact but for roundings that no float can see.
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
#elif defined(EIGEN_VECTORIZE_SSE2)
  return _mm_cvtps_pd(_mm_castpd_ps(_mm_load_sd(reinterpret_cast<const double*>(from))));
#else
  using Floats [[gnu::vector_size(8)]] = float;
  using Doubles [[gnu::vector_size(16)]] = double;
  Floats values;
  std::memcpy(&values, from, sizeof(values));
  return __builtin_convertvector(values, Doubles);
#endif
}

/// sum + value. Where there is such an instruction, as a multiplication by 1 with an addition: that
/// leaves the adders to the squares, which come with the values.
template <typename Doubles>
Doubles sum_of(const Doubles& value, const Doubles& sum) {
#if defined(EIGEN_VECTORIZE_AVX512)
  return _mm512_fmadd_pd(value, _mm512_set1_pd(1.0), sum);
#elif defined(EIGEN_VECTORIZE_FMA)
  return _mm256_fmadd_pd(value, _mm256_set1_pd(1.0), sum);
#else
  return value + sum;
#endif
}

template <>
class WideSum<Packet<float>> {
 public:
  WideSum() = default;

  explicit WideSum(const float* from) {
    unroll<parts>([&](auto part) { sum_[part] = widen(from + part * width); });
  }

  void add(const float* from) {
    unroll<parts>([&](auto part) { sum_[part] = sum_of(widen(from + part * width), sum_[part]); });
  }

  void add(const WideSum& other) {
    unroll<parts>([&](auto part) { sum_[part] += other.sum_[part]; });
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
  WideSum() = default;
  explicit WideSum(const double* from) : sum_(load<Packet<double>>(from)) {}

  void add(const double* from) { add(WideSum(from)); }
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
  WideSum() = default;
  explicit WideSum(const P* from) : sum_(static_cast<double>(*from)) {}

  void add(const P* from) { sum_ += static_cast<double>(*from); }
  void add(const WideSum& other) { sum_ += other.sum_; }
  std::array<double, 1> totals() const { return {sum_}; }

 private:
  double sum_ = 0.0;
};

/// The lanes of a packet in double.
template <typename P>
auto widened(const P& packet) {
  return WideSum<P>(lane_array(packet).data()).totals();
}

}  // namespace batchnorm::detail
