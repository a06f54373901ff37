#pragma once

#include <array>
#include <cstring>

#include "packet.hpp"

namespace batchnorm::detail {

/// The sum of packets in double, a lane each. For values in float it is exact but for roundings
/// that no float can see.
template <typename P>
class WideSum;

/// Eigen has no packet for the conversion, so the compiler's own vectors carry it; they are read
/// from memory, where the values mostly are.
template <>
class WideSum<Packet<float>> {
 public:
  void add(const float* from) {
    for (std::size_t half = 0; half < 2; ++half) {
      Floats values;
      std::memcpy(&values, from + half * half_size, sizeof(values));
      sum_[half] += __builtin_convertvector(values, Doubles);
    }
  }

  void add(const WideSum& other) {
    for (std::size_t half = 0; half < 2; ++half) sum_[half] += other.sum_[half];
  }

  std::array<double, std::size_t{Packet<float>::size}> totals() const {
    std::array<double, std::size_t{Packet<float>::size}> result;
    std::memcpy(result.data(), &sum_, sizeof(result));
    return result;
  }

 private:
  // Where a packet is one value, nobody makes such a sum, but it must compile.
  static constexpr std::size_t half_size = Packet<float>::size < 2 ? 1 : Packet<float>::size / 2;
  using Floats [[gnu::vector_size(half_size * sizeof(float))]] = float;
  using Doubles [[gnu::vector_size(half_size * sizeof(double))]] = double;

  std::array<Doubles, 2> sum_{};
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
