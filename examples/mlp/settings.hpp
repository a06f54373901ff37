#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "architecture.hpp"
#include "experiments/level.hpp"

namespace mlp {

/// One of the networks that are compared.
struct Arm {
  Placement placement = Placement::none;
  double learning_rate = 0;

  bool operator==(const Arm&) const = default;
};

/// What the command line says; the defaults are the comparison on the digits.
struct Settings {
  std::string data;  ///< folder of the data set
  std::vector<Index> hidden{100, 100, 100};
  Activation activation = Activation::sigmoid;
  std::vector<Arm> arms;

  double momentum = 0.9;  ///< decay of the running statistics
  double epsilon = 1e-5;

  Index batch = 60;
  int epochs = 90;
  double sgd_momentum = 0;
  double weight_decay = 0;
  DataType data_type = DataType::float32;

  std::int64_t seed = 1;  ///< the first one
  int seeds = 5;
  int threads = 1;

  std::optional<double>
      target;        ///< accuracy in percent; by default what the first arm ends with, less one
  std::string csv;   ///< file for the figures of every epoch, or empty
  std::string save;  ///< file for the network trained last, or empty
  std::string load;  ///< file of a network to evaluate in place of all training, or empty

  bool diagnoses = false;  ///< whether each BatchNorm says how it is after training

  bool compares = true;  ///< whether the arms above are trained
  bool reports = true;   ///< whether the chapters of the report are
  std::string report;    ///< file of the report; its figures stand beside it, as .csv and .json
  Level level = Level::standard;
  std::vector<std::string> only{};  ///< names of the chapters; empty: all
};

/// The best of the half decades for the default run on the digits, by the mean accuracy at the end,
/// for each arm and activation on its own: `examples/run --norm none,before,after --learning-rate
/// R`, R from 0.03 to 10.
double default_learning_rate(Activation activation, Placement placement);

/// A mistake in what the command line says, in one sentence.
struct Mistake : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Throws Mistake unless `fine`.
void expect(bool fine, const std::string& sentence);

/// Throws Mistake where a value is out of its range.
void check(const Settings& settings);

}  // namespace mlp
