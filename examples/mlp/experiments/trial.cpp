#include "experiments/trial.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <numbers>

#include "experiments/limits.hpp"
#include "learner.hpp"
#include "probes/probes.hpp"

namespace mlp {
namespace {

using batchnorm::Eval;
using batchnorm::Train;

constexpr std::uint64_t kGaussianStream = 2;

Architecture architecture_of(const Recipe& recipe, const Material& material, std::uint64_t seed) {
  return {.inputs = material.train.images.cols(),
          .hidden = recipe.hidden,
          .classes = material.classes,
          .activation = recipe.activation,
          .placement = recipe.placement,
          .norm = {.momentum = batchnorm::decay(recipe.decay)},
          .ghost = recipe.ghost,
          .dropout = recipe.dropout,
          .dropout_seed = seed};
}

/// Standard normal (Box and Muller 1958).
double gaussian(nn::Random& random) {
  const double radius = std::sqrt(-2 * std::log(1 - random.uniform()));
  return radius * std::cos(2 * std::numbers::pi * random.uniform());
}

Mlp<Train> make_network(const Recipe& recipe, const Material& material, std::uint64_t seed) {
  Mlp<Train> network(architecture_of(recipe, material, seed), nn::Random(seed, kWeightStream));
  nn::Random random(seed, kGaussianStream);
  network.for_each_parameter([&](auto value, const auto&, nn::Decay decay) {
    if (decay == nn::Decay::no) return;
    value *= static_cast<float>(recipe.gain);
    if (recipe.deviation == 0) return;
    for (float& weight : value) weight = static_cast<float>(recipe.deviation * gaussian(random));
  });
  return network;
}

nn::Samples<float> first_images(const nn::Samples<float>& samples, Index images) {
  const Index count = std::min(images, samples.images.rows());
  return {.images = samples.images.topRows(count), .labels = samples.labels.head(count)};
}

class Trial {
 public:
  Trial(const Recipe& recipe, std::int64_t seed, const Material& material, const nn::Device& device)
      : recipe_(recipe),
        material_(material),
        device_(device),
        subset_(first_images(material.train, recipe.images)),
        train_(recipe.images == 0 ? material.train : subset_),
        batches_(train_.images.rows(), recipe.batch,
                 nn::Random(static_cast<std::uint64_t>(seed), kBatchStream)),
        whole_batches_(std::max<Index>(1, train_.images.rows() / recipe.batch)),
        learner_(device, make_network(recipe, material, static_cast<std::uint64_t>(seed)),
                 {.learning_rate = recipe.learning_rate}),
        observer_(make_observer(recipe, material, device)) {}

  bool run(const std::function<bool()>& wants_to_stop) {
    observe(0);
    for (Index step = 1; step <= recipe_.steps; ++step) {
      if (wants_to_stop()) return false;
      if (!learn(step)) {
        fall_back_to_chance(step);
        return true;
      }
      observe(step);
      if (is_point(step)) measure(step);
    }
    measure_end();
    return true;
  }

  Figures take_figures() { return std::move(figures_); }

 private:
  using Clock = std::chrono::steady_clock;

  bool is_point(Index step) const {
    return step == recipe_.steps || (recipe_.interval > 0 && step % recipe_.interval == 0);
  }

  /// Returns whether the loss was finite.
  bool learn(Index step) {
    const auto start = Clock::now();
    const Index in_epoch = (step - 1) % whole_batches_;
    if (in_epoch == 0) batches_.shuffle();
    batches_.copy(in_epoch, train_, batch_);
    if (recipe_.renormalised)
      learner_.set_renormalization(limits_at(step, recipe_.steps, recipe_.decay));
    const bool finite = std::isfinite(learner_.step(batch_).loss);
    seconds_ += std::chrono::duration<double>(Clock::now() - start).count();
    return finite;
  }

  void observe(Index step) {
    if (observer_) observer_->observe(learner_, step, step == recipe_.steps, figures_);
  }

  void add(const char* figure, Index at, double value) {
    figures_[figure].push_back({static_cast<double>(at), value});
  }

  void measure(Index step) {
    const Mlp<Eval> network(learner_.network());
    add("validation_accuracy", step, evaluate(network, material_.validation, device_).accuracy());
    add("test_accuracy", step, evaluate(network, material_.test, device_).accuracy());
    add("seconds", step, seconds_);
  }

  void measure_end() {
    const Mlp<Eval> network(learner_.network());
    const nn::Samples<float> train = first_images(train_, kMostTraining);
    add("test_loss", recipe_.steps, evaluate(network, material_.test, device_).mean_loss());
    add("train_accuracy", recipe_.steps, evaluate(network, train, device_).accuracy());
  }

  void fall_back_to_chance(Index diverged) {
    const double chance = 1 / static_cast<double>(material_.classes);
    add("diverged", diverged, 1);
    for (Index step = diverged; step <= recipe_.steps; ++step) {
      if (!is_point(step)) continue;
      add("validation_accuracy", step, chance);
      add("test_accuracy", step, chance);
      add("seconds", step, seconds_);
    }
    add("test_loss", recipe_.steps, -std::log(chance));
    add("train_accuracy", recipe_.steps, chance);
  }

  /// So many tell the training accuracy of a large data set.
  static constexpr Index kMostTraining = 10000;

  const Recipe& recipe_;
  const Material& material_;
  const nn::Device& device_;
  nn::Samples<float> subset_;  ///< empty where all images are used
  const nn::Samples<float>& train_;
  nn::Batches batches_;
  /// Of an epoch. What is left over would be a batch with other statistics than all others; it has
  /// its turn in another epoch.
  Index whole_batches_;
  Learner learner_;
  std::unique_ptr<Observer> observer_;
  nn::Samples<float> batch_;
  double seconds_ = 0;
  Figures figures_;
};

}  // namespace

std::optional<Figures> run_trial(const Recipe& recipe, std::int64_t seed, const Material& material,
                                 const nn::Device& device,
                                 const std::function<bool()>& wants_to_stop) {
  Trial trial(recipe, seed, material, device);
  if (!trial.run(wants_to_stop)) return std::nullopt;
  return trial.take_figures();
}

}  // namespace mlp
