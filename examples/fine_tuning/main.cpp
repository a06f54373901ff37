// A trained network goes on learning from few new images, in batches of two. Frozen keeps the
// running statistics, to the bit; Train would replace them by those of two images at a time.

#include <cstdio>

#include "cnn.hpp"

namespace {

using namespace example;
using batchnorm::Eval, batchnorm::Frozen;

/// The digits as another camera would see them: one pixel further right, and half as bright.
Samples from_elsewhere(const Samples& samples, Index count) {
  Samples moved{samples.images.topRows(count), samples.labels.head(count)};
  const float background = samples.images.minCoeff();
  for (Index row = 0; row < 8; ++row) {
    moved.images.col(8 * row).setConstant(background);
    moved.images.middleCols(8 * row + 1, 7) = samples.images.block(0, 8 * row, count, 7);
  }
  moved.images = (0.5F * (moved.images.array() + background)).matrix();
  return moved;
}

template <typename A, typename B>
bool same_statistics(const A& a, const B& b) {
  const auto same = [](const auto& x, const auto& y) {
    return x.running_mean() == y.running_mean() && x.running_variance() == y.running_variance() &&
           x.batches() == y.batches();
  };
  return same(a.norm1, b.norm1) && same(a.norm2, b.norm2) && same(a.norm3, b.norm3);
}

}  // namespace

int main() {
  Eigen::ThreadPool pool(1);
  const nn::Device device(&pool, 1);
  const mlp::Dataset digits = load_digits();
  const Samples few = from_elsewhere(digits.train, 100);
  const Samples test = from_elsewhere(digits.test, digits.test.labels.size());

  Cnn<Train> network(nn::Bias::none, nn::Random(1, 0));
  train(device, network, digits.train, {.epochs = 15, .learning_rate = 0.1});

  const Training tuning{.epochs = 10, .learning_rate = 0.003, .batch = 2};
  Cnn<Frozen> frozen(network);
  train(device, frozen, few, tuning);
  Cnn<Train> moving(network);
  train(device, moving, few, tuning);

  const auto row = [&](const char* name, const auto& tuned) {
    const Cnn<Eval> deployed(tuned);
    std::printf("%-24s %6.1f %% %13.1f %%   %s\n", name, accuracy(device, deployed, digits.test),
                accuracy(device, deployed, test),
                same_statistics(tuned, network) ? "same bits" : "moved");
  };
  std::printf("test accuracy              digits  from elsewhere   running statistics\n");
  row("trained", network);
  row("tuned as Frozen", frozen);
  row("tuned as Train", moving);
  return same_statistics(frozen, network) && !same_statistics(moving, network) ? 0 : 1;
}
