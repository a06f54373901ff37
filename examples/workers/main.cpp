// Data-parallel training in threads: every worker has a network of its own and a part of each
// batch. With a group the layers share their statistics, and all networks stay equal to the bit;
// without, each worker normalises two to four images by themselves.

#include <batchnorm/thread_group.hpp>
#include <cstdio>
#include <thread>
#include <vector>

#include "perceptron.hpp"

namespace {

using namespace example;
using batchnorm::Eval, batchnorm::ThreadGroup, batchnorm::Train;

using Net = Perceptron<Train>;

/// The rows of worker `k` of `workers`.
Samples part_of(const Samples& batch, Index k, Index workers) {
  const Index begin = k * batch.labels.size() / workers;
  const Index count = (k + 1) * batch.labels.size() / workers - begin;
  return {batch.images.middleRows(begin, count), batch.labels.segment(begin, count)};
}

/// What a worker does between two meetings: its part of a step, of a loss that is the mean over the
/// whole batch. The gradients of the weights are summed by who calls.
template <typename... Member>
void step_of(const nn::Device& device, Net& net, const Samples& part, Index batch_size,
             Member&... member) {
  Matrix z, a, logits, dlogits, da;
  net.hidden.forward(device, part.images, z);
  net.norm.forward(member..., z, a);
  net.output.forward(device, a, logits);
  nn::cross_entropy(logits, part.labels, dlogits);
  dlogits *= static_cast<float>(part.labels.size()) / static_cast<float>(batch_size);
  net.output.backward(device, a, dlogits, da);
  net.norm.backward(member..., z, da, da);
  net.hidden.backward(device, part.images, da);
}

/// Sums the gradients of the products, and steps every network alike. Those of gamma and beta are
/// of the whole batch already where the statistics were shared, and are summed where not.
void update(std::vector<Net>& nets, bool shared, float rate) {
  Matrix dhidden = Matrix::Zero(64, 128), doutput = Matrix::Zero(128, 10);
  Eigen::VectorXf dgamma = Eigen::VectorXf::Zero(128), dbeta = dgamma;
  for (const Net& net : nets) {
    dhidden += net.hidden.weights_gradient();
    doutput += net.output.weights_gradient();
    dgamma += net.norm.gamma_gradient();
    dbeta += net.norm.beta_gradient();
  }
  if (shared) {
    dgamma = nets[0].norm.gamma_gradient();
    dbeta = nets[0].norm.beta_gradient();
  }
  for (Net& net : nets) {
    net.hidden.weights() -= rate * dhidden;
    net.output.weights() -= rate * doutput;
    net.norm.gamma() -= rate * dgamma;
    net.norm.beta() -= rate * dbeta;
  }
}

std::vector<Net> trained(const nn::Device& device, const Samples& samples, int workers,
                         bool shared) {
  constexpr int epochs = 10;
  std::vector<Net> nets(static_cast<std::size_t>(workers),
                        Net(128, 10, nn::Bias::none, nn::Random(1, 0)));
  nn::Batches batches(samples.labels.size(), 16, nn::Random(1, 1));
  Samples batch;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    batches.shuffle();
    for (Index i = 0; i < batches.count(); ++i) {
      batches.copy(i, samples, batch);
      ThreadGroup group(workers);
      std::vector<std::thread> threads;
      for (int k = 0; k < workers; ++k) {
        threads.emplace_back([&, k] {
          Net& net = nets[static_cast<std::size_t>(k)];
          const Samples part = part_of(batch, k, workers);
          ThreadGroup::Member member(group, k);
          if (shared) {
            step_of(device, net, part, batch.labels.size(), member);
          } else {
            step_of(device, net, part, batch.labels.size());
          }
        });
      }
      for (std::thread& thread : threads) thread.join();
      update(nets, shared, 0.05F);
    }
  }
  return nets;
}

bool equal(const std::vector<Net>& nets) {
  bool same = true;
  for (const Net& net : nets) {
    same = same && net.norm == nets[0].norm && net.hidden.weights() == nets[0].hidden.weights() &&
           net.output.weights() == nets[0].output.weights();
  }
  return same;
}

}  // namespace

int main() {
  Eigen::ThreadPool pool(1);
  const nn::Device device(&pool, 1);
  const mlp::Dataset digits = load_digits();
  // Whole batches, in which no worker has a single image.
  const Samples samples{digits.train.images.topRows(1296), digits.train.labels.head(1296)};

  std::printf("Digits, 10 epochs in batches of 16\n\n");
  std::printf("workers   statistics of   test accuracy   networks of the workers\n");
  bool kept = true;
  for (const int workers : {1, 4, 8}) {
    for (const bool shared : {true, false}) {
      const std::vector<Net> nets = trained(device, samples, workers, shared);
      std::printf("%7d   %-13s %11.1f %%   %s\n", workers, shared ? "all" : "each alone",
                  accuracy(device, Perceptron<Eval>(nets[0]), digits.test),
                  equal(nets) ? "same bits" : "statistics differ");
      kept = kept && (!shared || equal(nets));
    }
  }
  return kept ? 0 : 1;
}
