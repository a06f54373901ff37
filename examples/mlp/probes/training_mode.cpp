#include "probes/training_mode.hpp"

#include <numeric>

#include "nn/cross_entropy.hpp"

namespace mlp {

double accuracy_in_training_mode(Mlp<batchnorm::Train> network, const nn::Samples<float>& samples,
                                 const std::vector<Index>& order, std::size_t size,
                                 const nn::Device& device) {
  nn::Score score;
  std::vector<nn::Matrix<float>> outputs;
  nn::Matrix<float> unused_gradient;
  for (std::size_t start = 0; start + size <= order.size(); start += size) {
    const auto first = order.begin() + static_cast<std::ptrdiff_t>(start);
    const nn::Samples<float> batch = nn::pick(samples, {first, first + static_cast<Index>(size)});
    network.forward(device, batch.images, outputs);
    score += nn::cross_entropy(outputs.back(), batch.labels, unused_gradient);
  }
  return score.accuracy();
}

std::vector<Index> first_rows(Index count) {
  std::vector<Index> rows(static_cast<std::size_t>(count));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

}  // namespace mlp
