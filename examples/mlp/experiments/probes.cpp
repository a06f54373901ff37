#include "experiments/probes.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <variant>
#include <vector>

namespace mlp {
namespace {

using batchnorm::Eval;
using batchnorm::Train;

void add(Figures& figures, const char* figure, double at, double value) {
  figures[figure].push_back({at, value});
}

/// `gradient_norm`, at the number of the linear layer, from 1: that of the loss of the first batch
/// with respect to the weights.
class Gradients final : public Observer {
 public:
  Gradients(const Recipe& recipe, const Material& material, const nn::Device& device)
      : batch_{.images = material.train.images.topRows(recipe.batch),
               .labels = material.train.labels.head(recipe.batch)},
        device_(device) {}

  void observe(const Learner& learner, Index step, bool, Figures& figures) override {
    if (step > 0) return;
    Learner copy(device_, learner.network(), {});
    copy.differentiate(batch_);
    double layer = 0;
    for (const auto& part : copy.network().layers()) {
      const auto* const linear = std::get_if<nn::Linear<float>>(&part);
      if (linear == nullptr) continue;
      // In double: squares of what vanishes are no floats.
      add(figures, "gradient_norm", ++layer, linear->weights_gradient().cast<double>().norm());
    }
  }

 private:
  nn::Samples<float> batch_;
  const nn::Device& device_;
};

/// The inputs of the last hidden activation for fixed test images, normalised as in training:
/// `p15`, `p50` and `p85`, their percentiles for the first unit; and at the end, as means over all
/// units and without the untrained network, `median_range` (the largest median less the smallest),
/// `width_ratio` (the largest p85 - p15 over the smallest) and `saturated` (share of |x| > 4).
class Distributions final : public Observer {
 public:
  Distributions(const Recipe& recipe, const Material& material, const nn::Device& device)
      : images_(material.test.images.topRows(std::min(kMostImages, material.test.images.rows()))),
        interval_(std::max<Index>(1, recipe.interval)),
        device_(device) {}

  void observe(const Learner& learner, Index step, bool last, Figures& figures) override {
    if (step % interval_ != 0 && !last) return;
    const nn::Matrix<float> inputs = activation_inputs(learner.network());
    for (Index unit = 0; unit < inputs.cols(); ++unit) {
      const Percentiles p = percentiles(inputs.col(unit));
      if (unit == 0) add_percentiles(figures, step, p);
      if (step > 0) follow(static_cast<std::size_t>(unit), p);
    }
    if (step > 0) add(figures, "saturated", static_cast<double>(step), saturation(inputs));
    if (last) add_summary(figures, step);
  }

 private:
  struct Percentiles {
    double p15 = 0, p50 = 0, p85 = 0;
  };
  /// The extremes of a unit over time.
  struct Extremes {
    double least_median, most_median, least_width, most_width;
  };

  nn::Matrix<float> activation_inputs(Mlp<Train> network) {
    std::vector<nn::Matrix<float>> outputs;
    network.forward(device_, images_, outputs);
    std::size_t activation = network.layers().size() - 1;
    const auto is_activation = [&](std::size_t i) {
      const auto& layer = network.layers()[i];
      return std::holds_alternative<nn::Sigmoid>(layer) || std::holds_alternative<nn::Relu>(layer);
    };
    while (!is_activation(activation)) --activation;
    return outputs[activation - 1];
  }

  static Percentiles percentiles(Eigen::VectorXf values) {
    std::sort(values.begin(), values.end());
    const auto at = [&](double share) {
      return static_cast<double>(
          values[static_cast<Index>(share * static_cast<double>(values.size() - 1) + 0.5)]);
    };
    return {at(0.15), at(0.5), at(0.85)};
  }

  static double saturation(const nn::Matrix<float>& inputs) {
    return (inputs.array().abs() > 4).cast<double>().mean();
  }

  void follow(std::size_t unit, const Percentiles& p) {
    const double width = p.p85 - p.p15;
    if (unit == units_.size()) units_.push_back({p.p50, p.p50, width, width});
    Extremes& extremes = units_[unit];
    extremes.least_median = std::min(extremes.least_median, p.p50);
    extremes.most_median = std::max(extremes.most_median, p.p50);
    extremes.least_width = std::min(extremes.least_width, width);
    extremes.most_width = std::max(extremes.most_width, width);
  }

  static void add_percentiles(Figures& figures, Index step, const Percentiles& p) {
    add(figures, "p15", static_cast<double>(step), p.p15);
    add(figures, "p50", static_cast<double>(step), p.p50);
    add(figures, "p85", static_cast<double>(step), p.p85);
  }

  void add_summary(Figures& figures, Index step) const {
    const auto mean = [&](const auto& value) {
      double sum = 0;
      for (const Extremes& extremes : units_) sum += value(extremes);
      return sum / static_cast<double>(units_.size());
    };
    const auto at = static_cast<double>(step);
    add(figures, "median_range", at,
        mean([](const Extremes& e) { return e.most_median - e.least_median; }));
    add(figures, "width_ratio", at,
        mean([](const Extremes& e) { return e.most_width / std::max(e.least_width, 1e-6); }));
  }

  static constexpr Index kMostImages = 500;

  nn::Matrix<float> images_;
  Index interval_;
  const nn::Device& device_;
  std::vector<Extremes> units_;
};

/// The accuracy of a copy of the network that normalises each batch of `size` consecutive samples
/// of `order` with its own statistics, which is what a network in mode Train does to test data.
double accuracy_in_training_mode(Mlp<Train> network, const nn::Samples<float>& samples,
                                 const std::vector<Index>& order, std::size_t size,
                                 const nn::Device& device) {
  nn::Score score;
  std::vector<nn::Matrix<float>> outputs;
  nn::Matrix<float> unused_gradient;
  for (std::size_t start = 0; start + size <= order.size(); start += size) {
    const auto first = order.begin() + static_cast<std::ptrdiff_t>(start);
    const nn::Samples<float> batch = nn::pick(samples, {first, first + static_cast<Index>(size)});
    network.forward(device, batch.images, outputs);
    score += nn::cross_entropy(outputs.back(), batch.labels, unused_gradient);
  }
  return score.accuracy();
}

/// At the end, `batch_accuracy` and `sorted_accuracy`, at the batch size: of batches in random
/// order, and of test images sorted by class. The layer refuses a batch of one in training; what it
/// would give, beta, is what a batch of the same image twice gives.
class BatchStatistics final : public Observer {
 public:
  BatchStatistics(const Material& material, const nn::Device& device)
      : samples_(nn::pick(material.test, some_images(material))), device_(device) {}

  void observe(const Learner& learner, Index, bool last, Figures& figures) override {
    if (!last) return;
    const std::vector<Index> random = random_order();
    const std::vector<Index> sorted = sorted_order(random);
    for (const std::size_t size : {1U, 2U, 3U, 4U, 8U, 16U, 32U, 64U, 250U}) {
      const auto accuracy = [&](const std::vector<Index>& order) {
        return accuracy_in_training_mode(learner.network(), samples_,
                                         size == 1 ? doubled(order) : order,
                                         std::max<std::size_t>(size, 2), device_);
      };
      add(figures, "batch_accuracy", static_cast<double>(size), accuracy(random));
      add(figures, "sorted_accuracy", static_cast<double>(size), accuracy(sorted));
    }
  }

 private:
  static std::vector<Index> some_images(const Material& material) {
    std::vector<Index> rows(
        static_cast<std::size_t>(std::min<Index>(1000, material.test.images.rows())));
    std::iota(rows.begin(), rows.end(), 0);
    return rows;
  }

  std::vector<Index> random_order() const {
    Eigen::Vector<Index, Eigen::Dynamic> order = Eigen::Vector<Index, Eigen::Dynamic>::LinSpaced(
        samples_.labels.size(), 0, samples_.labels.size() - 1);
    nn::Random(0, 0).shuffle(order);
    return {order.begin(), order.end()};
  }

  std::vector<Index> sorted_order(std::vector<Index> order) const {
    std::stable_sort(order.begin(), order.end(),
                     [this](Index a, Index b) { return samples_.labels[a] < samples_.labels[b]; });
    return order;
  }

  static std::vector<Index> doubled(const std::vector<Index>& order) {
    std::vector<Index> twice;
    for (const Index sample : order) twice.insert(twice.end(), 2, sample);
    return twice;
  }

  nn::Samples<float> samples_;
  const nn::Device& device_;
};

/// At a few steps, `eval_accuracy` (running statistics) and `batch_accuracy` (those of batches of
/// 250 test images), of the same weights.
class BothModes final : public Observer {
 public:
  BothModes(const Material& material, const nn::Device& device)
      : rows_(static_cast<std::size_t>(std::min<Index>(500, material.test.images.rows()) / 250 *
                                       250)),
        device_(device) {
    std::iota(rows_.begin(), rows_.end(), 0);
    samples_ = nn::pick(material.test, rows_);
  }

  void observe(const Learner& learner, Index step, bool, Figures& figures) override {
    constexpr std::array<Index, 10> kSteps{2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000};
    if (std::find(kSteps.begin(), kSteps.end(), step) == kSteps.end()) return;
    const auto at = static_cast<double>(step);
    add(figures, "eval_accuracy", at,
        evaluate(Mlp<Eval>(learner.network()), samples_, device_).accuracy());
    add(figures, "batch_accuracy", at,
        accuracy_in_training_mode(learner.network(), samples_, rows_, 250, device_));
  }

 private:
  std::vector<Index> rows_;
  nn::Samples<float> samples_;
  const nn::Device& device_;
};

}  // namespace

std::unique_ptr<Observer> make_observer(const Recipe& recipe, const Material& material,
                                        const nn::Device& device) {
  switch (recipe.probe) {
    case Probe::gradients:
      return std::make_unique<Gradients>(recipe, material, device);
    case Probe::distributions:
      return std::make_unique<Distributions>(recipe, material, device);
    case Probe::batch_statistics:
      return std::make_unique<BatchStatistics>(material, device);
    case Probe::both_modes:
      return std::make_unique<BothModes>(material, device);
    case Probe::none:
      break;
  }
  return nullptr;
}

}  // namespace mlp
