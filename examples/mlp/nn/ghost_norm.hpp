#pragma once

#include <batchnorm/batchnorm.hpp>
#include <cstddef>
#include <utility>
#include <vector>

#include "nn/batches.hpp"
#include "nn/matrix.hpp"

namespace nn {

/// Ghost batches (Hoffer et al. 2017), for training: a BatchNorm that normalises every `block` rows
/// of a batch by their own statistics, which all move the running ones. A single row that is left
/// over joins the block before. Gradients of gamma and beta are sums over the batch, as everywhere.
template <typename Scalar>
class GhostNorm {
 public:
  using Norm = batchnorm::BatchNorm<Scalar, batchnorm::Train>;

  /// block >= 2
  GhostNorm(Norm norm, Index block) : norm_(std::move(norm)), block_(block) {}

  void forward(const Device& device, const Matrix<Scalar>& x, Matrix<Scalar>& y) {
    y.resize(x.rows(), x.cols());
    saved_.resize(static_cast<std::size_t>(count_batches(x.rows(), block_)));
    for_each_block(x, [&](std::size_t k, Index first, Index rows) {
      norm_.forward(device, saved_[k], x.middleRows(first, rows), y.middleRows(first, rows));
    });
  }

  /// Follows `forward` with the same x.
  void backward(const Device& device, const Matrix<Scalar>& x, const Matrix<Scalar>& dy,
                Matrix<Scalar>& dx) {
    using batchnorm::GradientUpdate;
    dx.resize(x.rows(), x.cols());
    for_each_block(x, [&](std::size_t k, Index first, Index rows) {
      norm_.backward(device, saved_[k], x.middleRows(first, rows), dy.middleRows(first, rows),
                     dx.middleRows(first, rows),
                     k == 0 ? GradientUpdate::assign : GradientUpdate::accumulate);
    });
  }

  template <typename F>
  void for_each_parameter(const F& f) {
    norm_.for_each_parameter(f);
  }

  void set_renormalization(const batchnorm::Renormalization& limits) {
    norm_.set_renormalization(limits);
  }

  const Norm& norm() const { return norm_; }
  Norm& norm() { return norm_; }

 private:
  template <typename F>
  void for_each_block(const Matrix<Scalar>& x, const F& f) const {
    const Index count = count_batches(x.rows(), block_);
    for (Index k = 0; k < count; ++k) {
      const Index first = k * block_;
      f(static_cast<std::size_t>(k), first, k + 1 == count ? x.rows() - first : block_);
    }
  }

  Norm norm_;
  Index block_;
  std::vector<typename Norm::Saved> saved_;
};

}  // namespace nn
