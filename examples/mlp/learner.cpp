#include "learner.hpp"

#include <algorithm>

namespace mlp {

nn::Score evaluate(const Mlp<batchnorm::Eval>& network, const nn::Samples<float>& samples,
                   const nn::Device& device) {
  constexpr Index kChunk = 500;
  nn::Score score;
  nn::Matrix<float> images;
  nn::Matrix<float> unused_gradient;
  std::vector<nn::Matrix<float>> outputs;
  for (Index start = 0; start < samples.images.rows(); start += kChunk) {
    const Index length = std::min(kChunk, samples.images.rows() - start);
    images = samples.images.middleRows(start, length);
    network.forward(device, images, outputs);
    score += nn::cross_entropy<float>(outputs.back(), samples.labels.segment(start, length),
                                      unused_gradient);
  }
  return score;
}

}  // namespace mlp
