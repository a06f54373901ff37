#pragma once

#include <Eigen/Core>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace batchnorm {

/// What may be wrong with a channel, the gravest first.
enum class Trouble {
  not_finite,     ///< a statistic, a parameter or the data are not finite, or a variance is below 0
  dead,           ///< its running variance is next to nothing, and so is that of the data, if given
  seldom_active,  ///< its running variance is next to nothing, but that of the data is not
  small_gamma,    ///< it has next to no part in the output
  rejected,       ///< batches were rejected because they were not finite
  start_values,   ///< what a new layer begins with is not yet forgotten
  few_batches,    ///< its running statistics are of so few batches that they are noise
  mean_drift,     ///< the data have another mean than the running statistics
  variance_ratio,  ///< the data have another variance than the running statistics
};

/// All of them, in the order of the enumeration.
inline constexpr std::array all_troubles{
    Trouble::not_finite,  Trouble::dead,       Trouble::seldom_active,
    Trouble::small_gamma, Trouble::rejected,   Trouble::start_values,
    Trouble::few_batches, Trouble::mean_drift, Trouble::variance_ratio};

/// The name of a trouble in a few words, as tables have it.
constexpr const char* name_of(Trouble trouble) {
  constexpr std::array names{"not finite",  "dead",       "seldom active",
                             "small gamma", "rejected",   "start values",
                             "few batches", "mean drift", "variance ratio"};
  return names.at(static_cast<std::size_t>(trouble));
}

/// Beyond which values a channel is in trouble. docs/guide.md, "Monitoring the running
/// statistics", says what the defaults stand for.
struct DiagnosisLimits {
  double dead_variance = 1.0;      ///< dead: a variance of less than so many epsilons
  double gamma = 0.01;             ///< small gamma: |gamma| of less than this
  double rejected = 0.0;           ///< rejected: more than this share of the batches
  double start_left = 0.01;        ///< start values: more than this share of them is left
  double effective_batches = 4.0;  ///< few batches: less than so many
  double mean_drift = 0.5;         ///< mean drift: more than so many deviations
  double variance_ratio = 2.0;     ///< variance ratio: more than so many times as large or as small
};

/// How a layer is: of every channel what its running statistics are made of, and, where there were
/// data, how they fit these. Made by `diagnose`; `out << diagnosis` writes a table.
struct Diagnosis {
  std::int64_t batches = 0;  ///< training batches seen
  bool is_counted =
      true;              ///< false where statistics came without a counter, as from Keras and ONNX
  double epsilon = 0.0;  ///< of the layer
  DiagnosisLimits limits{};  ///< beyond which a channel is in trouble; may be changed
  /// Share of the start values that is left, in [0, 1]; NaN where nobody counted.
  Eigen::ArrayXd start_left{};
  /// How many equal batches would be as little noisy; NaN where nobody counted.
  Eigen::ArrayXd effective_batches{};
  Eigen::ArrayXd rejected{};  ///< rejected batches, a share of those seen, in [0, 1]
  Eigen::ArrayXd mean{};      ///< running mean
  Eigen::ArrayXd variance{};  ///< running variance
  Eigen::ArrayXd gamma{};     ///< learnt scale; empty where the layer has none
  Eigen::ArrayXd beta{};      ///< learnt shift; empty where the layer has none
  /// (mean of the data - running mean) / sqrt(running variance + epsilon); empty without data.
  Eigen::ArrayXd mean_drift{};
  /// Variance of the data, with the divisor of the running variance; empty without data.
  Eigen::ArrayXd data_variance{};
  /// (variance of the data + epsilon) / (running variance + epsilon): by how much y of inference
  /// varies more than 1. Empty without data.
  Eigen::ArrayXd variance_ratio{};

  /// How many channels there are.
  [[nodiscard]] Eigen::Index channels() const { return variance.size(); }

  /// Whether data were given.
  [[nodiscard]] bool has_data() const { return data_variance.size() > 0; }

  /// How many times a channel is beyond the limit of a trouble; it has it where that is above 1.
  [[nodiscard]] double excess(Trouble trouble, Eigen::Index channel) const;

  /// Whether a channel has a trouble.
  [[nodiscard]] bool has(Trouble trouble, Eigen::Index channel) const {
    return excess(trouble, channel) > 1.0;
  }

  /// The channels in trouble: those first that have the gravest, in the order of `Trouble`; of
  /// these, those that are the most times beyond their limits, all of their troubles multiplied; of
  /// equal ones the lower number.
  [[nodiscard]] std::vector<Eigen::Index> in_trouble() const;
};

}  // namespace batchnorm
