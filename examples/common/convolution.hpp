// A 3x3 convolution in either layout, as a matrix product over the patches of the image.
#pragma once

#include "learning.hpp"

namespace example {

using Images = Eigen::Tensor<float, 4, Eigen::RowMajor>;

/// A batch of images whose axes stand where the policy says: (N, C, H, W) for ChannelsFirst,
/// (N, H, W, C) for ChannelsLast.
template <typename Axis>
struct Layout {
  static constexpr bool last = std::is_same_v<Axis, batchnorm::ChannelsLast>;
  static constexpr int channel_axis = last ? 3 : 1, height_axis = last ? 1 : 2;

  static Images zeros(Index n, Index c, Index h, Index w) {
    Images images = last ? Images(n, h, w, c) : Images(n, c, h, w);
    images.setZero();
    return images;
  }

  template <typename T>
  static auto& at(T& images, Index n, Index c, Index h, Index w) {
    if constexpr (last) return images(n, h, w, c);
    if constexpr (!last) return images(n, c, h, w);
  }

  /// One row per pixel, (N H W, C), in the same order for both layouts.
  static Matrix to_rows(const Images& images) {
    const Index channels = images.dimension(channel_axis), height = images.dimension(height_axis),
                width = images.dimension(height_axis + 1);
    Matrix rows(images.size() / channels, channels);
    for (Index row = 0; row < rows.rows(); ++row)
      for (Index c = 0; c < channels; ++c)
        rows(row, c) = at(images, row / (height * width), c, row / width % height, row % width);
    return rows;
  }

  static Images from_rows(const Matrix& rows, Index height, Index width) {
    Images images = zeros(rows.rows() / (height * width), rows.cols(), height, width);
    for (Index row = 0; row < rows.rows(); ++row)
      for (Index c = 0; c < rows.cols(); ++c)
        at(images, row / (height * width), c, row / width % height, row % width) = rows(row, c);
    return images;
  }
};

/// Padded by one pixel of 0. The kernel is (3 * 3 * inputs, outputs): height, width, inputs,
/// outputs, with the outputs last, as in Keras.
template <typename Axis>
class Convolution {
 public:
  Convolution(Index inputs, Index outputs, Index stride, nn::Bias bias, nn::Random& random)
      : inputs_(inputs), stride_(stride), product_(9 * inputs, outputs, bias) {
    product_.initialize(nn::he_variance(9 * inputs), random);
  }

  Images forward(const nn::Device& device, const Images& x) const {
    Matrix rows;
    product_.forward(device, patches(x), rows);
    return L::from_rows(rows, extent(x, 0), extent(x, 1));
  }

  /// Assigns the gradients of kernel and bias, and returns that of x.
  Images backward(const nn::Device& device, const Images& x, const Images& dy) {
    Matrix dpatches;
    product_.backward(device, patches(x), L::to_rows(dy), dpatches);
    Images dx = L::zeros(x.dimension(0), inputs_, x.dimension(L::height_axis),
                         x.dimension(L::height_axis + 1));
    for_each_tap(x, [&](Index row, Index column, Index n, Index c, Index h, Index w) {
      L::at(dx, n, c, h, w) += dpatches(row, column);
    });
    return dx;
  }

  nn::Linear<float>& product() { return product_; }
  const nn::Linear<float>& product() const { return product_; }

 private:
  using L = Layout<Axis>;

  Index extent(const Images& x, std::size_t axis) const {
    return (x.dimension(std::size_t{L::height_axis} + axis) + stride_ - 1) / stride_;
  }

  /// One row per output pixel with what its kernel sees, (N H' W', 9 C).
  Matrix patches(const Images& x) const {
    Matrix result = Matrix::Zero(x.dimension(0) * extent(x, 0) * extent(x, 1), 9 * inputs_);
    for_each_tap(x, [&](Index row, Index column, Index n, Index c, Index h, Index w) {
      result(row, column) = L::at(x, n, c, h, w);
    });
    return result;
  }

  /// Calls f(row, column, n, c, h, w) for every element of the patches that lies in the image.
  template <typename F>
  void for_each_tap(const Images& x, const F& f) const {
    const Index height = x.dimension(L::height_axis), width = x.dimension(L::height_axis + 1);
    const Index rows = extent(x, 0), cols = extent(x, 1);
    for (Index row = 0; row < x.dimension(0) * rows * cols; ++row) {
      for (Index tap = 0; tap < 9; ++tap) {
        const Index h = row / cols % rows * stride_ + tap / 3 - 1;
        const Index w = row % cols * stride_ + tap % 3 - 1;
        if (h < 0 || h >= height || w < 0 || w >= width) continue;
        for (Index c = 0; c < inputs_; ++c) f(row, tap * inputs_ + c, row / (rows * cols), c, h, w);
      }
    }
  }

  Index inputs_, stride_;
  nn::Linear<float> product_;
};

}  // namespace example
