#pragma once

#include <algorithm>

#include "nn/matrix.hpp"

namespace nn {

/// Width of the strips that a product is cut into, in rows or columns of its output.
inline constexpr Index kStrip = 128;

/// `out = a * b`, resized to fit; `out` must share no memory with `a` or `b`.
///
/// Eigen's sums depend on the shape of a product. So the output is cut along its longer side into
/// strips whose borders depend on its shape alone, and threads share out whole strips: any number
/// of them gives the same bits.
template <typename A, typename B, typename Scalar>
void product(const Device& device, const A& a, const B& b, Matrix<Scalar>& out) {
  out.resize(a.rows(), b.cols());
  const bool by_rows = out.rows() > out.cols();
  const Index length = by_rows ? out.rows() : out.cols();
  const auto strips = [&](Index first, Index last) {
    for (Index strip = first; strip < last; ++strip) {
      const Index start = strip * kStrip;
      const Index width = std::min(kStrip, length - start);
      if (by_rows) {
        out.middleRows(start, width).noalias() = a.middleRows(start, width) * b;
      } else {
        out.middleCols(start, width).noalias() = a * b.middleCols(start, width);
      }
    }
  };
  const Index count = (length + kStrip - 1) / kStrip;
  if (device.numThreads() == 1 || count == 1) {
    strips(0, count);
    return;
  }
  const auto depth = static_cast<double>(a.cols());
  const double strip_flops =
      2 * depth * static_cast<double>(out.size()) / static_cast<double>(count);
  device.parallelFor(count, Eigen::TensorOpCost(0, 0, strip_flops / 16),
                     [&strips](Index first, Index last) { strips(first, last); });
}

/// A factor of 16 bits in float; any other as it is.
template <typename Factor>
decltype(auto) widened(const Factor& factor) {
  if constexpr (batchnorm::has_16_bits<typename Factor::Scalar>) {
    using Wide = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic,
                               Factor::IsRowMajor ? Eigen::RowMajor : Eigen::ColMajor>;
    return Wide(factor.template cast<float>());
  } else {
    return (factor);
  }
}

/// The same where a factor has 16 bits: multiplied and added in float, and rounded once where `out`
/// has 16 bits too.
template <typename A, typename B, typename Scalar>
requires(batchnorm::has_16_bits<typename A::Scalar> ||
         batchnorm::has_16_bits<typename B::Scalar>) void product(const Device& device, const A& a,
                                                                  const B& b, Matrix<Scalar>& out) {
  if constexpr (batchnorm::has_16_bits<Scalar>) {
    Matrix<float> wide;
    product(device, widened(a), widened(b), wide);
    out = wide.template cast<Scalar>();
  } else {
    product(device, widened(a), widened(b), out);
  }
}

}  // namespace nn
