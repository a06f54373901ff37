#ifndef BATCHNORM_REDUCE_SMALL_BATCH
#define BATCHNORM_REDUCE_SMALL_BATCH

#include "../../order/order.hpp"
#include "../packet/widened.hpp"
#include "kernel.hpp"

// Few values per channel are summed in double, with sums that stand in registers: what begins and
// ends the sums of `Scalar` would cost more than the values, whose roundings would not average out.
// What is summed is said by a type with
//   Data, inputs     the type and number of its inputs
//   most_rows_near   rows up to which this is faster where all values are in the nearer caches,
//   most_rows_far    where they come from farther away,
//   most_in_runs     and values of a channel that lie in runs
//   Part             the sums of a packet of channels, or of one, and what they need
//   begin            begins a part, for channels from some on, whose first values are given
//   add              adds a packet of each input
//   looks_again      whether values far from where their sums began are summed once more:
//                    is_far asks, again begins
//   idle             inputs that change no sum
//   write, write_one write what was summed, for each lane or for all together; given is 1 / the
//                    number of values
namespace batchnorm::detail::BATCHNORM_TARGET {

inline double share_of(Index values) { return 1.0 / static_cast<double>(values); }

template <typename Sums>
Strides<Sums> outer_strides(const ViewsOf<Sums>& views) {
  Strides<Sums> strides;
  for (std::size_t k = 0; k < Sums::inputs; ++k) strides[k] = views[k].outer_stride;
  return strides;
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
