#pragma once

#include <Eigen/Core>
#include <array>
#include <cstddef>
#include <memory>
#include <string>

#include "shape.hpp"

namespace benchmarks {

/// Where the channels are: (N, C, S) or (N, S, C), row-major. (N, C) matrices are rows with S = 1.
enum class Layout { planes, rows };

/// NC, NCHW or NHWC.
std::string layout_name(const Shape& shape, Layout layout);

enum class Operation { forward, backward, inference };

std::string to_string(Operation operation);

/// Memory that all contenders of a shape share; random values, the same at every run.
struct Buffers {
  /// x and dy are drawn from N(0, 1).
  explicit Buffers(Index size);

  /// What an operation writes: y or dx.
  Eigen::ArrayXf& answer(Operation operation);

  Eigen::ArrayXf x;
  Eigen::ArrayXf dy;
  Eigen::ArrayXf y;
  Eigen::ArrayXf dx;
};

/// One layer's work: what every contender reads and writes.
struct Problem {
  Shape shape;
  Layout layout;
  bool relu;  ///< whether y = max(bn(x), 0)
  std::shared_ptr<Buffers> buffers;
  int threads;  ///< of those contenders that use more than one
  Eigen::ArrayXf gamma;
  Eigen::ArrayXf beta;
  Eigen::ArrayXf running_mean;
  Eigen::ArrayXf running_variance;

  Problem(Shape of_shape, Layout of_layout, bool with_relu, std::shared_ptr<Buffers> of_buffers,
          int most_threads);

  static constexpr float epsilon = 1e-5F;
  static constexpr float new_weight = 0.1F;  ///< of the batch in the running statistics

  /// Of the arrays as row-major tensors.
  std::array<Index, 3> extents() const;

  /// Position of an element in the buffers.
  Index at(Index sample, Index channel, Index position) const;

  /// Of all arrays that a call reads and writes.
  std::size_t bytes(Operation operation) const;
};

}  // namespace benchmarks
