#ifndef BATCHNORM_REDUCE_PLACE_READER
#define BATCHNORM_REDUCE_PLACE_READER

#include <array>

#include "../../order/short_runs.hpp"
#include "../packet/lanes.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

/// Reads what a packet of places from `place` on needs of channels, or the same of one place for
/// all lanes.
template <typename P>
class PlaceReader {
 public:
  PlaceReader(const PlaceMap& map, Index place, Spread how)
      : place_(place), how_(how), plain_(map.run == 1 && place + lanes<P> <= map.channels) {
    if (plain_) return;
    PlaceWalk walk(map, place);
    for (Index& channel : channels_) channel = how == Spread::same ? map(place) : walk.next();
  }

  P operator()(const ScalarOf<P>* of_channels) const {
    if (plain_) return spread<P>(of_channels, place_, how_);
    std::array<ScalarOf<P>, std::size_t{lanes<P>}> values;
    for (std::size_t l = 0; l < values.size(); ++l) values[l] = of_channels[channels_[l]];
    return load<P>(values.data());
  }

 private:
  Index place_;
  Spread how_;
  bool plain_;
  std::array<Index, std::size_t{lanes<P>}> channels_;
};

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
