#include <algorithm>
#include <variant>
#include <vector>

#include "probes/probes.hpp"

namespace mlp {
namespace {

using batchnorm::Train;

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

}  // namespace

std::unique_ptr<Observer> observe_distributions(const Recipe& recipe, const Material& material,
                                                const nn::Device& device) {
  return std::make_unique<Distributions>(recipe, material, device);
}

}  // namespace mlp
