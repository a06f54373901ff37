#ifndef BATCHNORM_TRANSFORM_SPANS
#define BATCHNORM_TRANSFORM_SPANS

#include <algorithm>
#include <array>

#include "../../order/chunks.hpp"
#include "../../order/transform_plan.hpp"
#include "../packet/lanes.hpp"
#include "store.hpp"

// The map of contiguous elements: of one channel, of a row of channels, or of channels behind each
// other. An operation reads all of an element's inputs before it writes its outputs, so that an
// output may be an input.
//
// The loops take operations and places as copies: what is behind a reference must be read anew
// after every store of a packet, which for the compiler may be a store to anything.
namespace batchnorm::detail::BATCHNORM_TARGET {

/// Where an element's inputs and outputs are.
template <typename Operation>
struct Places {
  std::array<const typename Operation::Data*, Operation::inputs> from;
  std::array<typename Operation::Data*, Operation::outputs> to;
};

template <typename Scalar, std::size_t N>
auto pointers_to(const std::array<View<Scalar>, N>& views, Index o, Index c, Index i) {
  std::array<Scalar*, N> result;
  for (std::size_t k = 0; k < N; ++k) result[k] = views[k].data + views[k].offset(o, c, i);
  return result;
}

template <typename Operation>
using ViewsOfTransform =
    TransformViews<typename Operation::Data, Operation::inputs, Operation::outputs>;
template <typename Operation>
using PlanOf = TransformPlan<typename Operation::Data, Operation::inputs, Operation::outputs>;

/// Inputs and outputs of a call, arranged together.
template <typename Operation>
struct CallViews : ViewsOfTransform<Operation> {
  Places<Operation> at(Index o, Index c, Index i) const {
    return {pointers_to(this->from, o, c, i), pointers_to(this->to, o, c, i)};
  }
};

/// The same places of the next outer index.
template <typename Operation>
Places<Operation> next_row(Places<Operation> at, const CallViews<Operation>& views) {
  unroll<Operation::inputs>([&](auto k) { at.from[k] += views.from[k].outer_stride; });
  unroll<Operation::outputs>([&](auto k) { at.to[k] += views.to[k].outer_stride; });
  return at;
}

template <typename Operation>
using WidePacket = MapPacketOf<typename Operation::Data>;

template <typename Operation, typename P>
using CoefficientsOf = typename Operation::template Coefficients<P>;

template <typename P, typename Operation>
std::array<P, Operation::inputs> load_inputs(const Places<Operation>& at, Index index) {
  std::array<P, Operation::inputs> values;
  unroll<Operation::inputs>([&](auto k) { values[k] = load<P>(at.from[k] + index); });
  return values;
}

template <typename Operation, typename Results>
void store_outputs(Store how, const Results& results, const Places<Operation>& at, Index index) {
  unroll<Operation::outputs>([&](auto k) { put(how, at.to[k] + index, results[k]); });
}

/// One packet, or one scalar, at `index`.
template <typename P, typename Operation>
void transform_at(Store how, const Operation& operation,
                  const CoefficientsOf<Operation, P>& coefficients, const Places<Operation>& at,
                  Index index) {
  store_outputs(how, operation(coefficients, load_inputs<P>(at, index)), at, index);
}

/// Scalars [begin, end) of a span whose first element is of channel `channel`.
template <Spread How, typename Operation>
void transform_scalars(const Operation& operation, Index channel, const Places<Operation>& at,
                       Index begin, Index end) {
  using Scalar = typename Operation::Scalar;
  for (Index i = begin; i < end; ++i) {
    const Index c = How == Spread::per_lane ? channel + i : channel;
    transform_at<Scalar>(Store::ordinary, operation,
                         operation.template coefficients<Scalar>(c, Spread::same), at, i);
  }
}

/// Elements of a span that are mapped one by one before whole packets can be stored.
template <typename Operation>
Index leading_scalars(Store how, const Places<Operation>& at, Index count) {
  if (how == Store::ordinary) return 0;
  return elements_to_alignment(at.to[0], lanes<WidePacket<Operation>>, count);
}

/// Whole packets of channels of a span, from element `i` on; the first element behind them. The
/// first element of the span is of channel `channel`.
template <typename Operation>
Index transform_packets(Store how, const Operation& operation, Index channel,
                        const Places<Operation>& at, Index i, Index count) {
  using Wide = WidePacket<Operation>;
  for (; i + lanes<Wide> <= count; i += lanes<Wide>) {
    hide_index(i);
    transform_at<Wide>(how, operation,
                       operation.template coefficients<Wide>(channel + i, Spread::per_lane), at, i);
  }
  return i;
}

/// `count` contiguous elements, of one channel or of as many channels from `channel` on.
template <Spread How, typename Operation>
void transform_span(Store how, const Operation& operation, Index channel,
                    const Places<Operation>& at, Index count) {
  using Wide = WidePacket<Operation>;
  Index i = leading_scalars(how, at, count);
  transform_scalars<How>(operation, channel, at, 0, i);
  if constexpr (How == Spread::same) {
    const auto coefficients = operation.template coefficients<Wide>(channel, How);
    for (; i + lanes<Wide> <= count; i += lanes<Wide>)
      transform_at<Wide>(how, operation, coefficients, at, i);
  } else {
    i = transform_packets(how, operation, channel, at, i, count);
  }
  transform_scalars<How>(operation, channel, at, i, count);
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
