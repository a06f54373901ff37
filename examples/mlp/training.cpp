#include "training.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "nn/sgd.hpp"

namespace mlp {
namespace {

using batchnorm::Eval;
using batchnorm::Train;

// Of the random numbers that belong to one seed.
constexpr std::uint64_t kWeights = 0;
constexpr std::uint64_t kBatches = 1;

/// A network in training, with all that a step needs; allocates nothing once it has seen its
/// largest batch.
class Trainer {
 public:
  Trainer(const Settings& settings, const Dataset& data, const Arm& arm, std::int64_t seed,
          const nn::Device& device)
      : device_(device),
        network_(architecture_of(settings, data, arm.placement),
                 nn::Random(static_cast<std::uint64_t>(seed), kWeights)),
        optimizer_({.learning_rate = arm.learning_rate,
                    .momentum = settings.sgd_momentum,
                    .weight_decay = settings.weight_decay}) {}

  nn::Score step(const nn::Samples<float>& batch) {
    network_.forward(device_, batch.images, outputs_);
    gradients_.resize(outputs_.size());
    const nn::Score score = nn::cross_entropy(outputs_.back(), batch.labels, gradients_.back());
    network_.backward(device_, batch.images, outputs_, gradients_);
    optimizer_.step(network_);
    return score;
  }

  const Mlp<Train>& network() const { return network_; }

 private:
  const nn::Device& device_;
  Mlp<Train> network_;
  nn::Sgd<float> optimizer_;
  std::vector<nn::Matrix<float>> outputs_, gradients_;
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Why an epoch ended, and its score up to there.
struct Pass {
  nn::Score score;
  Index steps = 0;
  Ending ending = Ending::finished;
};

Pass pass(Trainer& trainer, const nn::Batches& batches, const Dataset& data,
          nn::Samples<float>& batch, const Run& run, Watcher& watcher) {
  Pass result;
  while (result.steps < batches.count()) {
    batches.copy(result.steps, data.train, batch);
    result.score += trainer.step(batch);
    ++result.steps;
    if (!std::isfinite(result.score.loss)) {
      result.ending = Ending::diverged;
      return result;
    }
    watcher.on_batch(run, result.score);
    if (watcher.wants_to_stop() && result.steps < batches.count()) {
      result.ending = Ending::interrupted;
      return result;
    }
  }
  return result;
}

}  // namespace

Architecture architecture_of(const Settings& settings, const Dataset& data, Placement placement) {
  return {.inputs = data.train.images.cols(),
          .hidden = settings.hidden,
          .classes = data.classes,
          .activation = settings.activation,
          .placement = placement,
          .norm = {.epsilon = settings.epsilon, .momentum = batchnorm::decay(settings.momentum)}};
}

nn::Score evaluate(const Mlp<Eval>& network, const nn::Samples<float>& samples,
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

Trained train(const Settings& settings, const Dataset& data, const Arm& arm, std::int64_t seed,
              const nn::Device& device, Watcher& watcher) {
  Run run{.arm = arm, .seed = seed};
  watcher.on_start(run);
  Trainer trainer(settings, data, arm, seed, device);
  nn::Batches batches(data.train.images.rows(), settings.batch,
                      nn::Random(static_cast<std::uint64_t>(seed), kBatches));
  nn::Samples<float> batch;
  Epoch epoch;
  while (epoch.number < settings.epochs && run.ending == Ending::finished) {
    const auto start = std::chrono::steady_clock::now();
    batches.shuffle();
    const Pass done = pass(trainer, batches, data, batch, run, watcher);
    const double seconds = seconds_since(start);
    run.ending = done.ending;
    if (done.ending == Ending::interrupted) break;

    const nn::Score test = evaluate(Mlp<Eval>(trainer.network()), data.test, device);
    epoch = {.number = epoch.number + 1,
             .steps = epoch.steps + done.steps,
             .train_loss = done.score.mean_loss(),
             .train_accuracy = done.score.accuracy(),
             .test_loss = test.mean_loss(),
             .test_accuracy = test.accuracy(),
             .seconds = epoch.seconds + seconds,
             .samples_per_second = static_cast<double>(done.score.samples) / seconds};
    run.epochs.push_back(epoch);
    watcher.on_epoch(run);
    if (watcher.wants_to_stop() && epoch.number < settings.epochs) run.ending = Ending::interrupted;
  }
  watcher.on_end(run);
  return {.run = std::move(run), .network = trainer.network()};
}

}  // namespace mlp
