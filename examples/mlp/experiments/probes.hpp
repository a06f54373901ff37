#pragma once

#include <memory>

#include "experiments/figures.hpp"
#include "experiments/material.hpp"
#include "experiments/recipe.hpp"
#include "learner.hpp"

namespace mlp {

/// Looks at a network in training, and never changes it.
class Observer {
 public:
  Observer() = default;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;
  virtual ~Observer() = default;

  /// After `step` steps, of which 0 is the first; `last` where none follows.
  virtual void observe(const Learner& learner, Index step, bool last, Figures& figures) = 0;
};

/// The observer for a probe; null for Probe::none. Material and device must outlive it.
std::unique_ptr<Observer> make_observer(const Recipe& recipe, const Material& material,
                                        const nn::Device& device);

}  // namespace mlp
