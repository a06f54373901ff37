#pragma once

#include <cstddef>
#include <vector>

#include "network.hpp"
#include "nn/batches.hpp"

namespace mlp {

/// The accuracy of a copy of the network that normalises each batch of `size` consecutive samples
/// of `order` with its own statistics, which is what a network in mode Train does to test data.
double accuracy_in_training_mode(Mlp<batchnorm::Train> network, const nn::Samples<float>& samples,
                                 const std::vector<Index>& order, std::size_t size,
                                 const nn::Device& device);

/// The first of them, in their order.
std::vector<Index> first_rows(Index count);

}  // namespace mlp
