#include <variant>

#include "probes/probes.hpp"

namespace mlp {
namespace {

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

}  // namespace

std::unique_ptr<Observer> observe_gradients(const Recipe& recipe, const Material& material,
                                            const nn::Device& device) {
  return std::make_unique<Gradients>(recipe, material, device);
}

}  // namespace mlp
