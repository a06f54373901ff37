#include "probes/probes.hpp"

namespace mlp {

std::unique_ptr<Observer> make_observer(const Recipe& recipe, const Material& material,
                                        const nn::Device& device) {
  switch (recipe.probe) {
    case Probe::gradients:
      return observe_gradients(recipe, material, device);
    case Probe::distributions:
      return observe_distributions(recipe, material, device);
    case Probe::batch_statistics:
      return observe_batch_statistics(material, device);
    case Probe::both_modes:
      return observe_both_modes(material, device);
    case Probe::none:
      break;
  }
  return nullptr;
}

}  // namespace mlp
