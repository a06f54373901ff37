#pragma once

#include <vector>

#include "nn/matrix.hpp"
#include "nn/random.hpp"

namespace nn {

/// Samples and their classes; images are (samples, features).
template <typename Scalar>
struct Samples {
  Matrix<Scalar> images;
  Labels labels;
};

/// Copies some of the samples, in the order of `rows`.
template <typename Scalar>
Samples<Scalar> pick(const Samples<Scalar>& from, const std::vector<Index>& rows) {
  Samples<Scalar> picked{
      .images = Matrix<Scalar>(static_cast<Index>(rows.size()), from.images.cols()),
      .labels = Labels(static_cast<Index>(rows.size()))};
  Index i = 0;
  for (const Index row : rows) {
    picked.images.row(i) = from.images.row(row);
    picked.labels[i++] = from.labels[row];
  }
  return picked;
}

/// How many batches of `size` so many samples make: what is left over is one more, unless it is a
/// single sample, which has no variance and joins the batch before.
inline Index count_batches(Index samples, Index size) {
  const Index whole = samples / size;
  return samples % size > 1 || whole == 0 ? whole + 1 : whole;
}

/// Deals samples out in batches, in a new order every epoch.
///
/// All batches have `size` samples but the last, which has what is left. A single sample that is
/// left over has no variance to normalise with: it joins the batch before, so that no sample is
/// ever lost.
class Batches {
 public:
  Batches(Index samples, Index size, Random random)
      : order_(Order::LinSpaced(samples, 0, samples - 1)), size_(size), random_(random) {}

  /// How many batches an epoch has.
  Index count() const { return count_batches(samples(), size_); }

  void shuffle() { random_.shuffle(order_); }

  /// Copies batch number `batch`, counted from 0, of `from` into `into`, rounding where that has
  /// fewer digits.
  template <typename From, typename Into>
  void copy(Index batch, const Samples<From>& from, Samples<Into>& into) const {
    const Index start = batch * size_;
    const Index length = batch + 1 == count() ? samples() - start : size_;
    into.images.resize(length, from.images.cols());
    into.labels.resize(length);
    for (Index i = 0; i < length; ++i) {
      const Index sample = order_[start + i];
      into.images.row(i) = from.images.row(sample).template cast<Into>();
      into.labels[i] = from.labels[sample];
    }
  }

 private:
  using Order = Eigen::Vector<Index, Eigen::Dynamic>;

  Index samples() const { return order_.size(); }

  Order order_;
  Index size_;
  Random random_;
};

}  // namespace nn
