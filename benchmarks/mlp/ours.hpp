#pragma once

#include "network.hpp"
#include "trainer.hpp"

namespace benchmarks {

using Network = mlp::Mlp<batchnorm::Train>;

std::unique_ptr<Trainer> make_ours(const Network& start, const Training& training);

}  // namespace benchmarks
