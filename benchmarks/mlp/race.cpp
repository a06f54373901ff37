#include "race.hpp"

#include <algorithm>
#include <cmath>
#include <list>
#include <stdexcept>

#include "nn/batches.hpp"
#include "ours.hpp"
#include "statistics.hpp"
#include "stopwatch.hpp"

namespace benchmarks {
namespace {

/// Streams of random numbers of one seed.
constexpr std::uint64_t weights = 0;
constexpr std::uint64_t batches = 1;

std::vector<Linear> linears(const Network& network) {
  std::vector<Linear> result;
  for (const auto& layer : network.layers()) {
    if (const auto* linear = std::get_if<nn::Linear<float>>(&layer)) {
      result.push_back({linear->weights(), linear->bias().size() > 0});
    }
  }
  return result;
}

class Entrant {
 public:
  Entrant(const std::string& name, std::unique_ptr<Trainer> trainer, const Settings& settings,
          const mlp::Dataset& data)
      : data_(data),
        trainer_(std::move(trainer)),
        batches_(data.train.images.rows(), settings.batch, nn::Random(settings.seed, batches)) {
    figures_.name = name;
  }

  void train_an_epoch() {
    Stopwatch watch;
    double loss = 0.0;
    watch.start();
    batches_.shuffle();
    for (Eigen::Index i = 0; i < batches_.count(); ++i) {
      batches_.copy(i, data_.train, batch_);
      const double found = trainer_->step({batch_.images, batch_.labels});
      if (epochs_.empty() && i == 0) figures_.first_loss = found;
      loss += found;
    }
    watch.stop();
    epochs_.push_back(watch.seconds());
    figures_.last_loss = loss / static_cast<double>(batches_.count());
  }

  void time_norms() {
    constexpr Eigen::Index most = 200;
    std::vector<double> seconds;
    for (Eigen::Index i = 0; i < std::min(most, batches_.count()); ++i) {
      batches_.copy(i, data_.train, batch_);
      seconds.push_back(trainer_->norm_seconds({batch_.images, batch_.labels}));
    }
    figures_.norm_seconds = median(seconds);
  }

  Figures figures() const {
    Figures result = figures_;
    result.epoch_seconds = median(epochs_);
    result.epoch_spread = spread(epochs_);
    result.step_seconds = result.epoch_seconds / static_cast<double>(batches_.count());
    return result;
  }

 private:
  const mlp::Dataset& data_;
  std::unique_ptr<Trainer> trainer_;
  nn::Batches batches_;
  nn::Samples<float> batch_;
  std::vector<double> epochs_;
  Figures figures_;
};

}  // namespace

std::vector<Figures> race(const Settings& settings, const mlp::Dataset& data) {
  const mlp::Architecture architecture{.inputs = data.train.images.cols(),
                                       .hidden = {256, 128},
                                       .classes = data.classes,
                                       .activation = mlp::Activation::relu,
                                       .placement = mlp::Placement::before_activation,
                                       .norm = {}};
  const Network start(architecture, nn::Random(settings.seed, weights));
  std::list<Entrant> entrants;
  entrants.emplace_back("ours", make_ours(start, settings.training), settings, data);
  entrants.emplace_back("libtorch", make_libtorch(linears(start), settings.training), settings,
                        data);
  for (int epoch = 0; epoch < settings.epochs; ++epoch) {
    for (Entrant& entrant : entrants) entrant.train_an_epoch();
    entrants.reverse();  // who goes first changes
  }
  std::vector<Figures> result;
  for (Entrant& entrant : entrants) {
    entrant.time_norms();
    result.push_back(entrant.figures());
  }
  std::ranges::sort(result, std::greater{}, &Figures::name);
  const double difference = std::abs(result[0].first_loss - result[1].first_loss);
  if (!(difference < 1e-4)) throw std::runtime_error("the first losses differ");
  return result;
}

}  // namespace benchmarks
