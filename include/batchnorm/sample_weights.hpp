#pragma once

namespace batchnorm {

/// Marks an argument as the weights of a call; see `sample_weights`.
template <typename T>
struct SampleWeights {
  const T& tensor;  ///< of the parameters' scalar; must live until the call returns
};

/// Marks w as what the samples of a call weigh in the statistics of mode Train, behind x: how many
/// times each counts, or its share; a mask is weights of 0 and 1. w has x's shape without the
/// channel axis, or is a vector with one weight per sample; of a matrix x it is a vector. All
/// weights are finite and at least 0. What weighs 0 is normalised as all else, and does not enter
/// the statistics, whatever it holds. Their scalar is that of the layer's parameters: float where
/// values have 16 bits.
template <typename T>
SampleWeights<T> sample_weights(const T& tensor) {
  return {tensor};
}

}  // namespace batchnorm
