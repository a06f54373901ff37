#include "onednn.hpp"

namespace benchmarks {
namespace {

class Plain : public OneDnn {
 public:
  explicit Plain(const Problem& problem) : Plain(problem, tag(problem)) {}

 private:
  Plain(const Problem& problem, Tag tag)
      : OneDnn(problem, tag, wrap(describe(problem, tag), problem.buffers->x),
               wrap(describe(problem, tag), problem.buffers->dy),
               wrap(describe(problem, tag), problem.buffers->y),
               wrap(describe(problem, tag), problem.buffers->dx)) {}

  /// Matrices are described as images of one pixel, for which oneDNN has a fast kernel.
  static Tag tag(const Problem& problem) {
    return problem.layout == Layout::planes ? Tag::nchw : Tag::nhwc;
  }
};

std::unique_ptr<Contender> make(const Problem& problem) { return std::make_unique<Plain>(problem); }

}  // namespace

Entry onednn_plain() {
  return {"onednn", onednn_version() + " in the caller's layout; ReLU fused", Role::peer,
          Scope::everywhere, make};
}

}  // namespace benchmarks
