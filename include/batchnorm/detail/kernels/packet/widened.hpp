#ifndef BATCHNORM_PACKET_WIDENED
#define BATCHNORM_PACKET_WIDENED

#include <array>

#include "lanes.hpp"

// A packet of `Scalar` in double, by the instruction for it, which compilers find only now and
// then.
namespace batchnorm::detail::BATCHNORM_TARGET {

/// As many values as a packet of doubles has, or one, in double.
template <typename P, typename Scalar>
P load_in_double(const Scalar* from) {
  if constexpr (is_scalar<P>) {
    return static_cast<double>(*from);
  } else if constexpr (std::is_same_v<Scalar, double>) {
    return load<P>(from);
  } else if constexpr (has_16_bits<Scalar>) {
    std::array<float, std::size_t{lanes<P>}> values;
    for (std::size_t l = 0; l < values.size(); ++l) values[l] = widened_value(from[l]);
    return {widened_from(values.data())};
  } else {
    return {widened_from(from)};
  }
}

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

  /// From memory of `Scalar`, or of one of 16 bits.
  template <typename Data>
  static Widened load(const Data* from) {
    if constexpr (has_16_bits<Data>) {
      return Widened(kernels::load<PacketOf<Scalar>>(from));
    } else {
      Widened result;
      unroll<size>(
          [&](auto k) { result.parts_[k] = load_in_double<Wide>(from + Index{k} * lanes<Wide>); });
      return result;
    }
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

  /// Adds the lanes to as many sums.
  void add_to(double* sums) const {
    unroll<size>([&](auto k) {
      double* const to = sums + Index{k} * lanes<Wide>;
      store(to, add(kernels::load<Wide>(to), parts_[k]));
    });
  }

  Wide& operator[](std::size_t k) { return parts_[k]; }
  const Wide& operator[](std::size_t k) const { return parts_[k]; }

 private:
  using Parts = std::array<Wide, size>;

  static Parts in_double(const PacketOf<Scalar>& packet) {
    if constexpr (is_scalar<PacketOf<Scalar>>) {
      return {broadcast<Wide>(static_cast<double>(packet))};
    } else if constexpr (size == 1) {
      return {packet};
    } else {
      return {Wide{widened_low(packet.raw)}, Wide{widened_high(packet.raw)}};
    }
  }

  Parts parts_;
};

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
