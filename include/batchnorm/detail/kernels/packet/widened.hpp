#pragma once

#include <array>

#include "lanes.hpp"

// A packet of `Scalar` in double. Eigen has no such conversion, and compilers find the instruction
// only now and then.
namespace batchnorm::detail {

/// `packet` in double, in as many packets as that takes.
template <typename Scalar>
class Widened {
 public:
  using Wide = PacketOf<double>;
  static constexpr auto size = static_cast<std::size_t>(lanes<PacketOf<Scalar>> / lanes<Wide>);

  Widened() = default;
  explicit Widened(const PacketOf<Scalar>& packet) : parts_(in_double(packet)) {}

  static Widened zero() {
    Widened result;
    result.parts_.fill(broadcast<Wide>(0));
    return result;
  }

  static Widened load(const Scalar* from) {
    Widened result;
    unroll<size>([&](auto k) { result.parts_[k] = load_in_double(from + Index{k} * lanes<Wide>); });
    return result;
  }

  /// The first lane.
  double first() const { return lane_array(parts_[0])[0]; }

  /// The sum of all lanes.
  double total() const {
    Wide sum = parts_[0];
    for (std::size_t k = 1; k < size; ++k) sum = add(sum, parts_[k]);
    return sum_of(lane_array(sum));
  }

  void write(double* to) const {
    unroll<size>([&](auto k) { store(to + Index{k} * lanes<Wide>, parts_[k]); });
  }

  Wide& operator[](std::size_t k) { return parts_[k]; }
  const Wide& operator[](std::size_t k) const { return parts_[k]; }

 private:
  using Parts = std::array<Wide, size>;

  static Parts in_double(const PacketOf<Scalar>& packet) {
#if defined(EIGEN_VECTORIZE_AVX512)
    // With masks of all lanes: what comes without them, g++ 12 takes for uninitialised.
    if constexpr (size == 2) {
      const __m512d raw = _mm512_castps_pd(packet.raw);
      const __m256d low = _mm512_maskz_extractf64x4_pd(0xff, raw, 0);
      const __m256d high = _mm512_maskz_extractf64x4_pd(0xff, raw, 1);
      return {{{_mm512_maskz_cvtps_pd(0xff, _mm256_castpd_ps(low))},
               {_mm512_maskz_cvtps_pd(0xff, _mm256_castpd_ps(high))}}};
    }
#elif defined(EIGEN_VECTORIZE_AVX)
    if constexpr (size == 2) {
      return {{{_mm256_cvtps_pd(_mm256_castps256_ps128(packet.raw))},
               {_mm256_cvtps_pd(_mm256_extractf128_ps(packet.raw, 1))}}};
    }
#elif defined(EIGEN_VECTORIZE_SSE2)
    if constexpr (size == 2) {
      return {{{_mm_cvtps_pd(packet.raw)}, {_mm_cvtps_pd(_mm_movehl_ps(packet.raw, packet.raw))}}};
    }
#endif
    const auto values = lane_array(packet);
    return load(values.data()).parts_;
  }

  static Wide load_in_double(const Scalar* from) {
#if defined(EIGEN_VECTORIZE_AVX512)
    if constexpr (size == 2) return {_mm512_maskz_cvtps_pd(0xff, _mm256_loadu_ps(from))};
#elif defined(EIGEN_VECTORIZE_AVX)
    if constexpr (size == 2) return {_mm256_cvtps_pd(_mm_loadu_ps(from))};
#endif
    std::array<double, std::size_t{lanes<Wide>}> values;
    for (std::size_t l = 0; l < values.size(); ++l) values[l] = static_cast<double>(from[l]);
    return detail::load<Wide>(values.data());
  }

  Parts parts_;
};

}  // namespace batchnorm::detail
