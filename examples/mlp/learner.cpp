#include "learner.hpp"

#include <algorithm>

namespace mlp {

template <typename Scalar>
nn::Score evaluate(const Mlp<batchnorm::Eval, Scalar>& network, const nn::Samples<float>& samples,
                   const nn::Device& device) {
  constexpr Index kChunk = 500;
  nn::Score score;
  nn::Matrix<Scalar> images;
  nn::Matrix<Scalar> unused_gradient;
  std::vector<nn::Matrix<Scalar>> outputs;
  for (Index start = 0; start < samples.images.rows(); start += kChunk) {
    const Index length = std::min(kChunk, samples.images.rows() - start);
    images = samples.images.middleRows(start, length).template cast<Scalar>();
    network.forward(device, images, outputs);
    score += nn::cross_entropy<Scalar>(outputs.back(), samples.labels.segment(start, length),
                                       unused_gradient);
  }
  return score;
}

template nn::Score evaluate(const Mlp<batchnorm::Eval, float>&, const nn::Samples<float>&,
                            const nn::Device&);
template nn::Score evaluate(const Mlp<batchnorm::Eval, Eigen::bfloat16>&, const nn::Samples<float>&,
                            const nn::Device&);

}  // namespace mlp
