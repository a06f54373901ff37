#include <algorithm>
#include <array>
#include <vector>

#include "diagnoses.hpp"
#include "probes/probes.hpp"
#include "probes/training_mode.hpp"

namespace mlp {
namespace {

using batchnorm::Eval;

class BothModes final : public Observer {
 public:
  BothModes(const Material& material, const nn::Device& device)
      : batch_(std::min<Index>(250, material.test.images.rows())),
        rows_(first_rows(std::min<Index>(500, material.test.images.rows()) / batch_ * batch_)),
        samples_(nn::pick(material.test, rows_)),
        device_(device) {}

  void observe(const Learner& learner, Index step, bool, Figures& figures) override {
    constexpr std::array<Index, 10> kSteps{2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000};
    if (std::find(kSteps.begin(), kSteps.end(), step) == kSteps.end()) return;
    const auto at = static_cast<double>(step);
    const Mlp<Eval> network(learner.network());
    add_diagnosis(figures, at, diagnose(network, samples_.images, device_));
    add(figures, "eval_accuracy", at, evaluate(network, samples_, device_).accuracy());
    add(figures, "batch_accuracy", at,
        accuracy_in_training_mode(learner.network(), samples_, rows_, batch_, device_));
  }

 private:
  /// The shares of the start values left, and of the channels whose statistics do not fit the
  /// images.
  static void add_diagnosis(Figures& figures, double at,
                            const std::vector<LayerDiagnosis>& diagnoses) {
    double channels = 0;
    double unfit = 0;
    for (const auto& [layer, diagnosis] : diagnoses) {
      for (Index c = 0; c < diagnosis.channels(); ++c) {
        const bool fits = !diagnosis.has(batchnorm::Trouble::mean_drift, c) &&
                          !diagnosis.has(batchnorm::Trouble::variance_ratio, c);
        unfit += fits ? 0 : 1;
        ++channels;
      }
    }
    add(figures, "start_left", at, diagnoses.front().diagnosis.start_left.maxCoeff());
    add(figures, "unfit_channels", at, unfit / channels);
  }

  Index batch_;
  std::vector<Index> rows_;
  nn::Samples<float> samples_;
  const nn::Device& device_;
};

}  // namespace

std::unique_ptr<Observer> observe_both_modes(const Material& material, const nn::Device& device) {
  return std::make_unique<BothModes>(material, device);
}

}  // namespace mlp
