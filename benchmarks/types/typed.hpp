#pragma once

#include <Eigen/Core>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "contender.hpp"

namespace benchmarks {

/// What every contender of a task reads: values that are exact in bfloat16.
struct Images {
  Shape shape;
  Layout layout;
  Eigen::ArrayXf x;
  Eigen::ArrayXf dy;

  /// x is drawn from N(mean, 1), dy from N(0, 1).
  Images(const Shape& of_shape, Layout of_layout, float mean);

  static constexpr float epsilon = 1e-5F;
  static constexpr float new_weight = 0.1F;  ///< of the batch in the running statistics
};

/// A contender that holds its arrays itself.
class TypedContender : public Contender {
 public:
  /// What the last forward wrote.
  virtual Eigen::ArrayXf y() = 0;
};

struct TypedEntry {
  std::string name;
  std::string library;  ///< with its version
  /// Null where the library has no kernel for this processor.
  std::function<std::unique_ptr<TypedContender>(const Images&)> make;
};

/// This library with float, bfloat16 and half; oneDNN with values of bfloat16; libtorch too, with
/// parameters of float and of bfloat16: of those that were found.
std::vector<TypedEntry> entries();

}  // namespace benchmarks
