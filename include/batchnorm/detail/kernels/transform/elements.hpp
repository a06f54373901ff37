#ifndef BATCHNORM_TRANSFORM_ELEMENTS
#define BATCHNORM_TRANSFORM_ELEMENTS

#include <array>

#include "spans.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

/// Maps element by element, where what is mapped is so rare or so little that it needs to be right
/// only, by `map(k, centred, in, o, i)`. Where some scale is beyond the range of `Scalar`, channels
/// are measured in units (formulas/units.hpp): then `unit` has one value per channel, and scales
/// and slopes are per unit; else it is null.
template <typename Operation, typename Map>
void map_elements(const Operation& operation, const typename Operation::Scalar* unit,
                  const CallViews<Operation>& views, const Map& map) {
  using Scalar = typename Operation::Scalar;
  const auto& x = views.from[0];
  for (Index o = 0; o < x.outer; ++o) {
    for (Index c = 0; c < x.channels; ++c) {
      const auto k = operation.template coefficients<Scalar>(c, Spread::same);
      for (Index i = 0; i < x.inner; ++i) {
        const Places<Operation> at = views.at(o, c, i);
        const auto in = load_inputs<Scalar>(at, 0);
        Scalar centred = subtract(in[0], k.centre);
        if (unit != nullptr) centred = multiply(centred, unit[c]);
        auto out = map(k, centred, in, o, i);
        if (Operation::is_gradient && unit != nullptr) out[0] = multiply(out[0], unit[c]);
        store_outputs(Store::ordinary, out, at, 0);
      }
    }
  }
}

template <typename Operation>
void transform_elements(const Operation& operation, const typename Operation::Scalar* unit,
                        const CallViews<Operation>& views) {
  map_elements(operation, unit, views,
               [](const auto& k, const auto& centred, const auto& in, Index /*o*/, Index /*i*/) {
                 return Operation::from_centred(k, centred, in);
               });
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
