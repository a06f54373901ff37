// The same training on 1, 2 and 4 threads: every weight and every statistic has the same bits. The
// layer promises that by itself; the products of nn::Linear are split between threads by their
// output alone (nn/product.hpp), so that no sum depends on how many there are.

#include <cstdio>
#include <thread>
#include <vector>

#include "perceptron.hpp"

namespace {

using namespace example;
using batchnorm::Train;

/// 64 -> 1024 -> BatchNorm -> ReLU -> 10, to be trained.
struct Wide : Perceptron<Train> {
  Matrix z{}, a{};

  explicit Wide(nn::Random random) : Perceptron<Train>(1024, 10, nn::Bias::learned, random) {}

  Matrix forward(const nn::Device& device, const Matrix& x) {
    hidden.forward(device, x, z);
    norm.forward(device, z, a);
    Matrix logits;
    output.forward(device, a, logits);
    return logits;
  }

  void backward(const nn::Device& device, const Matrix& x, const Matrix& dlogits) {
    Matrix da;
    output.backward(device, a, dlogits, da);
    norm.backward(device, z, da, da);
    hidden.backward(device, x, da);
  }

  template <typename F>
  void for_each_parameter(const F& f) {
    nn::visit_parameters(hidden, f);
    nn::visit_parameters(norm, f);
    nn::visit_parameters(output, f);
  }
};

}  // namespace

int main() {
  const mlp::Dataset digits = load_digits();
  std::printf("64 -> 1024 -> BatchNorm, ReLU -> 10; 20 epochs in batches of 432; %u cores\n\n",
              std::thread::hardware_concurrency());
  std::printf("threads   weights and statistics\n");
  std::vector<Wide> networks;
  bool same = true;
  for (const int threads : {1, 2, 4}) {
    Eigen::ThreadPool pool(threads);
    const nn::Device device(&pool, threads);
    Wide& network = networks.emplace_back(nn::Random(1, 0));
    train(device, network, digits.train, {.epochs = 20, .batch = 432});
    same = same && network == networks.front();
    std::printf("%7d   %s\n", threads, network == networks.front() ? "same bits" : "others");
  }
  return same ? 0 : 1;
}
