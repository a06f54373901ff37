#include "training.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <utility>

#include "diagnoses.hpp"
#include "format.hpp"
#include "learner.hpp"

namespace mlp {
namespace {

using batchnorm::Eval;
using batchnorm::Train;

template <typename Scalar>
LearnerOf<Scalar> learner_of(const Settings& settings, const Dataset& data, const Arm& arm,
                             std::int64_t seed, const nn::Device& device) {
  const nn::Random random(static_cast<std::uint64_t>(seed), kWeightStream);
  return {device,
          Mlp<Train, Scalar>(architecture_of(settings, data, arm.placement), random),
          {.learning_rate = arm.learning_rate,
           .momentum = settings.sgd_momentum,
           .weight_decay = settings.weight_decay}};
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Troubles that no more training mends; what is left of the start, it does.
constexpr std::array kLasting{batchnorm::Trouble::not_finite, batchnorm::Trouble::dead,
                              batchnorm::Trouble::rejected, batchnorm::Trouble::small_gamma};

/// Adds a line for each trouble of a layer that has none yet.
void warn(const std::vector<LayerDiagnosis>& found, int epoch, std::vector<std::string>& warnings) {
  for (const auto& [layer, diagnosis] : found) {
    for (const batchnorm::Trouble trouble : kLasting) {
      Index channels = 0;
      for (Index c = 0; c < diagnosis.channels(); ++c)
        channels += diagnosis.has(trouble, c) ? 1 : 0;
      const std::string begin = format("layer %zu, BatchNorm: %s in ", layer, name_of(trouble));
      const bool is_known =
          std::any_of(warnings.begin(), warnings.end(),
                      [&](const std::string& line) { return line.starts_with(begin); });
      if (channels == 0 || is_known) continue;
      warnings.push_back(begin + format("%td of %td channels after epoch %d", channels,
                                        diagnosis.channels(), epoch));
    }
  }
}

/// Why an epoch ended, and its score up to there.
struct Pass {
  nn::Score score;
  Index steps = 0;
  Ending ending = Ending::finished;
};

template <typename Scalar>
Pass pass(LearnerOf<Scalar>& learner, const nn::Batches& batches, const Dataset& data,
          nn::Samples<Scalar>& batch, const Run& run, Watcher& watcher) {
  Pass result;
  while (result.steps < batches.count()) {
    batches.copy(result.steps, data.train, batch);
    result.score += learner.step(batch);
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

template <typename Scalar>
Trained train_in(const Settings& settings, const Dataset& data, const Arm& arm, std::int64_t seed,
                 const nn::Device& device, Watcher& watcher) {
  Run run{.arm = arm, .seed = seed};
  watcher.on_start(run);
  auto learner = learner_of<Scalar>(settings, data, arm, seed, device);
  nn::Batches batches(data.train.images.rows(), settings.batch,
                      nn::Random(static_cast<std::uint64_t>(seed), kBatchStream));
  nn::Samples<Scalar> batch;
  Epoch epoch;
  while (epoch.number < settings.epochs && run.ending == Ending::finished) {
    const auto start = std::chrono::steady_clock::now();
    batches.shuffle();
    const Pass done = pass(learner, batches, data, batch, run, watcher);
    const double seconds = seconds_since(start);
    run.ending = done.ending;
    if (done.ending == Ending::interrupted) break;

    const Mlp<Eval, Scalar> network(learner.network());
    warn(diagnose(network), epoch.number + 1, run.warnings);
    const nn::Score test = evaluate(network, data.test, device);
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
  run.activation_bytes = learner.activation_bytes();
  watcher.on_end(run);
  return {.run = std::move(run), .network = Mlp<Train>(learner.network())};
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

Trained train(const Settings& settings, const Dataset& data, const Arm& arm, std::int64_t seed,
              const nn::Device& device, Watcher& watcher) {
  return settings.data_type == DataType::bfloat16
             ? train_in<Eigen::bfloat16>(settings, data, arm, seed, device, watcher)
             : train_in<float>(settings, data, arm, seed, device, watcher);
}

}  // namespace mlp
