#include <algorithm>
#include <array>
#include <vector>

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
    add(figures, "eval_accuracy", at,
        evaluate(Mlp<Eval>(learner.network()), samples_, device_).accuracy());
    add(figures, "batch_accuracy", at,
        accuracy_in_training_mode(learner.network(), samples_, rows_, batch_, device_));
  }

 private:
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
