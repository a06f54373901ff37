#ifndef BATCHNORM_TRANSFORM_TRANSFORM
#define BATCHNORM_TRANSFORM_TRANSFORM

#include <algorithm>
#include <array>

#include "../../order/order.hpp"
#include "../../order/short_runs.hpp"
#include "cost.hpp"
#include "planes.hpp"
#include "short_runs.hpp"

// The second primitive: a map of every element with its channel's coefficients. What is computed is
// the operation's business (operations.hpp); rows, planes and short runs have a loop each.
// In: views, arranged together (order/order.hpp), and coefficients.
// Out: the views of the outputs, written.
namespace batchnorm::detail::BATCHNORM_TARGET {

/// Planes and portable.
template <typename Operation>
void transform_planes(Store how, const Executor& executor, const Operation& operation,
                      LoopOrder order, const CallViews<Operation>& views) {
  const Pieces pieces(views.from[0]);
  const Walk walk = walk_of(views, order);
  executor(pieces.size(), transform_cost<Operation>(pieces.values()), [&](Index begin, Index end) {
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
             transform_row_range(how, operation, views, begin * group, std::min(end * group, rows),
                                 group);
             finish(how);
           });
}

template <typename Operation>
void transform_with(Store how, const Executor& executor, const Operation& operation,
                    LoopOrder order, const CallViews<Operation>& views) {
  if (order == LoopOrder::rows) {
    transform_rows(how, executor, operation, views);
  } else {
    transform_planes(how, executor, operation, order, views);
  }
}

template <typename Operation>
bool in_place(const CallViews<Operation>& views) {
  const auto is_input = [&](const auto& out) {
    return std::any_of(views.from.begin(), views.from.end(),
                       [&](const auto& in) { return in.data == out.data; });
  };
  return std::any_of(views.to.begin(), views.to.end(), is_input);
}

/// Rows of places, joined where that is worth it, or everything as it is.
template <typename Operation>
void transform_arranged(Store how, const Executor& executor, const Operation& operation,
                        LoopOrder order, CallViews<Operation> views) {
  const PlaceMap map{views.from[0].inner, views.from[0].channels};
  constexpr Index packet = lanes<WidePacket<Operation>>;
  const bool short_runs =
      has_short_runs(views.from, order, packet) && has_short_runs(views.to, order, packet);
  if (short_runs) {
    views = {lined_up(views.from), lined_up(views.to)};
    order = LoopOrder::rows;
  }
  if (can_join(views.from, order) && can_join(views.to, order)) {
    const JoinedRows from(views.from);
    const JoinedRows to(views.to);
    transform_places(how, executor, operation, {from.whole, to.whole}, map);
    transform_places(Store::ordinary, executor, operation, {from.rest, to.rest}, map);
  } else if (short_runs) {
    transform_places(how, executor, operation, views, map);
  } else {
    transform_with(how, executor, operation, order, views);
  }
}

/// `to` = operation of `from`, element by element. All views have one shape and were arranged
/// together. Results may go around the caches.
template <typename Operation>
void transform(const Executor& executor, const Operation& operation, LoopOrder order,
               const InputViews<Operation>& from, const OutputViews<Operation>& to,
               bool around_caches) {
  const CallViews<Operation> views{from, to};
  const bool streaming = around_caches && !in_place(views) && aligned_alike<Operation>(to);
  transform_arranged(streaming ? Store::streaming : Store::ordinary, executor, operation, order,
                     views);
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
