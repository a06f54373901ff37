#ifndef BATCHNORM_TRANSFORM_TRANSFORM
#define BATCHNORM_TRANSFORM_TRANSFORM

#include <algorithm>
#include <array>

#include "../../order/transform_plan.hpp"
#include "cost.hpp"
#include "planes.hpp"
#include "short_runs.hpp"

// The second primitive: a map of every element with its channel's coefficients. What is computed is
// the operation's business (operations.hpp); rows, planes and short runs have a loop each.
// In: views and their plan (order/transform_plan.hpp), and coefficients.
// Out: the views of the outputs, written.
namespace batchnorm::detail::BATCHNORM_TARGET {

/// Planes and portable.
template <typename Operation>
void transform_planes(Store how, const Executor& executor, const Operation& operation,
                      TransformLoop loop, const CallViews<Operation>& views) {
  const Pieces pieces(views.from[0]);
  const Walk walk = walk_of(views, loop);
  executor(pieces.size(), transform_cost<Operation>(pieces.values()), [&](Index begin, Index end) {
    const VectorScope scope;
    for (Index number = begin; number < end; ++number)
      transform_piece(how, operation, views, walk, pieces[number]);
    finish(how);
  });
}

template <typename Operation>
void transform_rows(Store how, const Executor& executor, const Operation& operation,
                    const CallViews<Operation>& views) {
  const Index rows = views.from[0].outer;
  const Index channels = views.from[0].channels;
  const Index group = rows_together(how, views, channels, bytes_moved<Operation>(rows * channels));
  executor(divide_up(rows, group), transform_cost<Operation>(channels * group),
           [&](Index begin, Index end) {
             const VectorScope scope;
             transform_row_range(how, operation, views, begin * group, std::min(end * group, rows),
                                 group);
             finish(how);
           });
}

/// Maps every element by `operation`, as planned.
template <typename Operation>
void transform(const Executor& executor, const Operation& operation,
               const PlanOf<Operation>& plan) {
  const Store how = plan.streaming ? Store::streaming : Store::ordinary;
  if (plan.loop == TransformLoop::rows) {
    transform_rows<Operation>(how, executor, operation, {plan.views});
  } else if (plan.loop == TransformLoop::places) {
    transform_places<Operation>(how, executor, operation, {plan.whole()}, plan.map);
    for (const auto& rest : plan.rest()) {
      transform_places<Operation>(Store::ordinary, executor, operation, {rest},
                                  {plan.map.run, plan.map.channels});
    }
  } else {
    transform_planes<Operation>(how, executor, operation, plan.loop, {plan.views});
  }
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
