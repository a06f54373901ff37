#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "dataset.hpp"
#include "network.hpp"
#include "nn/cross_entropy.hpp"
#include "settings.hpp"

namespace mlp {

/// The figures of one pass over the training images.
struct Epoch {
  int number = 0;                 ///< from 1
  Index steps = 0;                ///< since the weights were drawn
  double train_loss = 0;          ///< mean over the epoch, while the network learned
  double train_accuracy = 0;      ///< in [0, 1], likewise
  double test_loss = 0;           ///< of the `Mlp<Eval>` made at the end of the epoch
  double test_accuracy = 0;       ///< in [0, 1], likewise
  double seconds = 0;             ///< of training since the weights were drawn, without the tests
  double samples_per_second = 0;  ///< of training, in this epoch
};

enum class Ending {
  finished,
  diverged,    ///< the loss was not finite; the last epoch is the one in which that happened
  interrupted  ///< the last epoch is the last whole one
};

/// One network trained from one seed.
struct Run {
  Arm arm;
  std::int64_t seed = 0;
  std::vector<Epoch> epochs{};
  Ending ending = Ending::finished;
  std::size_t activation_bytes = 0;  ///< of the outputs of all layers for the last batch
  /// What is wrong with a BatchNorm, each in a line, as it was found at the end of an epoch.
  std::vector<std::string> warnings{};
};

/// Who wants to know how training goes.
class Watcher {
 public:
  Watcher() = default;
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  virtual ~Watcher() = default;

  virtual void on_start(const Run& run) = 0;
  /// `score` is that of the epoch up to here.
  virtual void on_batch(const Run& run, const nn::Score& score) = 0;
  virtual void on_epoch(const Run& run) = 0;
  virtual void on_end(const Run& run) = 0;
  /// Asked after every batch.
  virtual bool wants_to_stop() const = 0;
};

Architecture architecture_of(const Settings& settings, const Dataset& data, Placement placement);

/// What training leaves; what it learnt is float whatever its activations were.
struct Trained {
  Run run;
  Mlp<batchnorm::Train> network;
};

/// Trains one network. Weights and batches depend on the seed alone, so that all arms start and go
/// on alike.
Trained train(const Settings& settings, const Dataset& data, const Arm& arm, std::int64_t seed,
              const nn::Device& device, Watcher& watcher);

}  // namespace mlp
