#pragma once

#include <algorithm>
#include <cmath>
#include <iterator>

#include "nn/matrix.hpp"

namespace nn {

/// Sums over samples, so that the scores of batches add up to the score of all.
struct Score {
  double loss = 0;    ///< sum of -log(probability of the right class)
  Index correct = 0;  ///< samples whose right class had the largest logit
  Index samples = 0;

  Score& operator+=(const Score& other) {
    loss += other.loss;
    correct += other.correct;
    samples += other.samples;
    return *this;
  }
  double mean_loss() const { return loss / static_cast<double>(samples); }
  double accuracy() const { return static_cast<double>(correct) / static_cast<double>(samples); }
};

/// Softmax and cross-entropy of logits (samples, classes). Also assigns `dlogits`, the gradient of
/// the *mean* loss with respect to the logits: (softmax - one_hot) / samples.
template <typename Scalar>
Score cross_entropy(const Matrix<Scalar>& logits, const Labels& labels, Matrix<Scalar>& dlogits) {
  Score score{.samples = logits.rows()};
  const Scalar weight = Scalar(1) / static_cast<Scalar>(logits.rows());
  dlogits.resize(logits.rows(), logits.cols());
  for (Index sample = 0; sample < logits.rows(); ++sample) {
    const auto row = logits.row(sample);
    const Scalar* const begin = row.data();
    const Scalar* const largest = std::max_element(begin, begin + row.size());
    const int label = labels[sample];

    auto probabilities = dlogits.row(sample);
    probabilities = (row.array() - *largest).exp();
    const Scalar sum = probabilities.sum();
    score.loss += std::log(static_cast<double>(sum)) - static_cast<double>(row[label] - *largest);
    score.correct += std::distance(begin, largest) == label ? 1 : 0;

    probabilities *= weight / sum;
    probabilities[label] -= weight;
  }
  return score;
}

/// The same of logits of 16 bits, computed in float; `dlogits` is rounded once.
template <typename Scalar>
requires batchnorm::has_16_bits<Scalar> Score cross_entropy(const Matrix<Scalar>& logits,
                                                            const Labels& labels,
                                                            Matrix<Scalar>& dlogits) {
  Matrix<ArithmeticOf<Scalar>> gradient;
  const Score score = cross_entropy(
      Matrix<ArithmeticOf<Scalar>>(logits.template cast<ArithmeticOf<Scalar>>()), labels, gradient);
  dlogits = gradient.template cast<Scalar>();
  return score;
}

}  // namespace nn
