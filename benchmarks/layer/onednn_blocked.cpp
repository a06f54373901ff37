#include "onednn.hpp"

namespace benchmarks {
namespace {

/// Works in memory of its own, in blocks of 16 channels.
class Blocked : public OneDnn {
 public:
  explicit Blocked(const Problem& problem)
      : OneDnn(problem, Tag::nChw16c, own(problem), own(problem), own(problem), own(problem)) {}

  void load() override {
    dnnl::memory x = wrap(callers(), problem_.buffers->x);
    dnnl::memory dy = wrap(callers(), problem_.buffers->dy);
    reorder(x, x_);
    reorder(dy, dy_);
  }

  void unload(Operation operation) override {
    dnnl::memory to = wrap(callers(), problem_.buffers->answer(operation));
    reorder(operation == Operation::backward ? dx_ : y_, to);
  }

 private:
  static dnnl::memory own(const Problem& problem) {
    return {describe(problem, Tag::nChw16c), engine()};
  }

  dnnl::memory::desc callers() const { return describe(problem_, Tag::nchw); }
};

std::unique_ptr<Contender> make(const Problem& problem) {
  if (problem.layout == Layout::rows) return nullptr;
  return std::make_unique<Blocked>(problem);
}

}  // namespace

Entry onednn_blocked() {
  return {"onednn-blocked", onednn_version() + " in its own layout nChw16c; ReLU fused",
          Role::outsider, Scope::everywhere, make};
}

}  // namespace benchmarks
