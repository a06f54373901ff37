#ifndef BATCHNORM_TRANSFORM_COST
#define BATCHNORM_TRANSFORM_COST

#include "../../run/run.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

/// What a call moves, so that it can choose how.
template <typename Operation>
TaskCost transform_cost(Index values) {
  const double bytes = static_cast<double>(values) * sizeof(typename Operation::Data);
  return {bytes * Operation::inputs, bytes * Operation::outputs, static_cast<double>(values)};
}

template <typename Operation>
double bytes_moved(Index values) {
  const TaskCost cost = transform_cost<Operation>(values);
  return cost.bytes_read + cost.bytes_written;
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
