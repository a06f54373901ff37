#ifndef BATCHNORM_TRANSFORM_IN_UNITS
#define BATCHNORM_TRANSFORM_IN_UNITS

#include <array>

#include "spans.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

/// An operation whose channels are measured in units (formulas/units.hpp), element by element: some
/// scale is beyond the range of `Scalar`, which is so rare that it needs to be right only. Scales
/// and slopes of `operation` are per unit; `unit` has one value per channel.
template <typename Operation>
void transform_in_units(const Operation& operation, const typename Operation::Scalar* unit,
                        const CallViews<Operation>& views) {
  using Scalar = typename Operation::Scalar;
  const auto& x = views.from[0];
  for (Index o = 0; o < x.outer; ++o) {
    for (Index c = 0; c < x.channels; ++c) {
      const auto k = operation.template coefficients<Scalar>(c, Spread::same);
      for (Index i = 0; i < x.inner; ++i) {
        const Places<Operation> at = views.at(o, c, i);
        const auto in = load_inputs<Scalar>(at, 0);
        auto out = Operation::from_centred(k, multiply(subtract(in[0], k.centre), unit[c]), in);
        if constexpr (Operation::is_gradient) out[0] = multiply(out[0], unit[c]);
        store_outputs(Store::ordinary, out, at, 0);
      }
    }
  }
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
