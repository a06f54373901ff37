#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

#include "../../policies.hpp"
#include "../../scalar.hpp"
#include "../kernels/formulas/coefficients.hpp"
#include "../kernels/reduce/loops.hpp"
#include "../kernels/reduce/workspace.hpp"
#include "../order/memory.hpp"

// How much memory a layer of `Channels<N>` has within itself.
namespace batchnorm::detail {

/// Of arrays of one `T` per channel.
template <typename T>
constexpr std::size_t bytes_of_arrays(std::size_t arrays, int channels) {
  return arrays * whole_lines(static_cast<std::size_t>(channels) * sizeof(T));
}

/// What a forward prepares: see `ChannelCoefficients`.
template <typename Scalar>
constexpr std::size_t bytes_of_coefficients(int channels) {
  return bytes_of_arrays<double>(2, channels) + bytes_of_arrays<Scalar>(5, channels);
}

/// What a pass leaves and works in, but for what is summed: coefficients, probes, moments,
/// renormalization, and what backward prepares.
template <typename Data>
constexpr std::size_t bytes_of_pass(int channels) {
  using Scalar = ArithmeticOf<Data>;
  return bytes_of_coefficients<Scalar>(channels) + bytes_of_arrays<Data>(2, channels) +
         bytes_of_arrays<double>(8, channels) + bytes_of_arrays<Scalar>(5, channels);
}

/// For what is summed of values in runs of any length, one chunk of them, of rows that are joined,
/// four chunks, and of a million chunks of other values.
template <typename Data>
constexpr std::size_t usual_sums_bytes(int channels) {
  constexpr int sums = moments_sums<ArithmeticOf<Data>>;
  const auto bytes_of = [](Index values) {
    return bytes_of_arrays<double>(1, static_cast<int>(values));
  };
  std::size_t most = bytes_of(places_in_turn(1000000) * sums * channels);
  for (Index run = 1; run < lanes_of_any_packet; ++run) {
    const Index places = channels * run;
    const Index joined = places * rows_to_join(places);
    const Index chunks = run == 1 && joined > places ? 4 : 1;
    most = std::max(most, bytes_of(3 * places) + bytes_of(3 * joined) +
                              bytes_of(places_in_turn(chunks) * sums * joined));
  }
  return most;
}

template <typename Data, typename Count>
constexpr std::size_t sums_bytes = Count::sums_bytes > 0 ? whole_lines(Count::sums_bytes)
                                                         : usual_sums_bytes<Data>(Count::count);

/// The memory of a pass: on the heap, unless the number of channels is known.
template <typename Data, typename Count>
struct PassRoom {
  Room<0> arrays;
  Room<0> sums;
};

template <typename Data, int Count, std::size_t SumsBytes>
struct PassRoom<Data, Channels<Count, SumsBytes>> {
  Room<bytes_of_pass<Data>(Count)> arrays;
  Room<sums_bytes<Data, Channels<Count, SumsBytes>>> sums;
};

/// Coefficients that a layer keeps, in memory of the same kind.
template <typename Scalar, typename Count>
class KeptCoefficients {
  static constexpr std::size_t bytes =
      Count::count < 0 ? 0 : bytes_of_coefficients<Scalar>(Count::count);

  [[no_unique_address]] Room<bytes> room_;

 public:
  ChannelCoefficients<Scalar> k{room_.source()};

  KeptCoefficients() = default;
  KeptCoefficients(const KeptCoefficients& other) : KeptCoefficients() { k = other.k; }
  KeptCoefficients(KeptCoefficients&& other) noexcept : KeptCoefficients() {
    k = std::move(other.k);
  }
  KeptCoefficients& operator=(const KeptCoefficients& other) {
    k = other.k;
    return *this;
  }
  KeptCoefficients& operator=(KeptCoefficients&& other) noexcept {
    k = std::move(other.k);
    return *this;
  }
  ~KeptCoefficients() = default;
};

/// Refuses an x whose sums need more memory than there is.
template <typename Count, typename Data>
void check_room(View<const Data> x) {
  constexpr std::size_t room = sums_bytes<Data, Count>;
  constexpr bool fits_every_chunk = room >= usual_sums_bytes<Data>(Count::count);
  if (fits_every_chunk && x.count() <= least_chunk) return;
  const LoopOrder order = arrange(x);
  const std::size_t bytes =
      SumsWorkspace::bytes_of(x, order, Index{moments_sums<ArithmeticOf<Data>>});
  if (bytes <= room) return;
  refuse("expected an x whose sums need at most the ", room, " bytes that the layer has for them, ",
         "got one whose sums need ", bytes, ": give the layer Channels<", Count::count, ", ", bytes,
         ">, or x another storage order.");
}

}  // namespace batchnorm::detail
