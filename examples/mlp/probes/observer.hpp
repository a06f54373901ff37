#pragma once

#include "experiments/figures.hpp"
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

inline void add(Figures& figures, const char* figure, double at, double value) {
  figures[figure].push_back({at, value});
}

}  // namespace mlp
