#ifndef BATCHNORM_TRANSFORM_WEIGHTED
#define BATCHNORM_TRANSFORM_WEIGHTED

#include <algorithm>
#include <array>

#include "../../order/weights.hpp"
#include "cost.hpp"
#include "elements.hpp"
#include "operations.hpp"
#include "spans.hpp"

// The gradient through statistics in which positions have weights: how much of it goes through them
// differs from position to position.
namespace batchnorm::detail::BATCHNORM_TARGET {

/// `BatchGradient` where the part through the statistics is weighted: by an input of its own behind
/// the others, or by one weight.
template <typename Gradient, bool HasWeights>
struct WeightedGradient {
  using Data = typename Gradient::Data;
  using Scalar = typename Gradient::Scalar;
  static constexpr std::size_t inputs = Gradient::inputs + (HasWeights ? 1 : 0);
  static constexpr std::size_t outputs = Gradient::outputs;

  template <typename P>
  using Coefficients = typename Gradient::template Coefficients<P>;

  Gradient gradient;
  Scalar weight;  ///< of all elements, unless they bring theirs

  template <typename P>
  Coefficients<P> coefficients(Index channel, Spread how) const {
    return gradient.template coefficients<P>(channel, how);
  }

  template <typename P>
  auto operator()(const Coefficients<P>& k, const std::array<P, inputs>& in) const {
    std::array<P, Gradient::inputs> own;
    unroll<Gradient::inputs>([&](auto n) { own[n] = in[n]; });
    const P of_element = HasWeights ? in[inputs - 1] : broadcast<P>(weight);
    return Gradient::from_centred_weighted(k, subtract(in[0], k.centre), own, of_element);
  }
};

/// Where weights stand beside the other inputs.
template <typename Gradient>
struct Places<WeightedGradient<Gradient, true>> {
  std::array<const typename Gradient::Data*, Gradient::inputs> from;
  const typename Gradient::Scalar* weights;
  std::array<typename Gradient::Data*, Gradient::outputs> to;
};

template <typename P, typename Gradient>
auto load_inputs(const Places<WeightedGradient<Gradient, true>>& at, Index index) {
  std::array<P, WeightedGradient<Gradient, true>::inputs> values;
  unroll<Gradient::inputs>([&](auto k) { values[k] = load<P>(at.from[k] + index); });
  values.back() = load<P>(at.weights + index);
  return values;
}

/// A gradient, the weights of its positions, and the views of both, arranged together.
template <typename Gradient>
class WeightedTransform {
 public:
  using Scalar = typename Gradient::Scalar;
  using Views = CallViews<Gradient>;

  WeightedTransform(const Gradient& gradient, const Weights<Scalar>& weights,
                    const ViewsOfTransform<Gradient>& views, bool around_caches)
      : gradient_(gradient), weights_(weights), views_{views} {
    order_ = arrange_weighted(views_.from, views_.to, weights_);
    const bool streaming =
        around_caches && !in_place(views) && aligned_alike(views_.to, lanes<WidePacket<Gradient>>);
    how_ = streaming && order_ != LoopOrder::portable ? Store::streaming : Store::ordinary;
  }

  void run(const Executor& executor) const {
    const auto& x = views_.from[0];
    const Index line = order_ == LoopOrder::rows ? x.channels : x.inner;
    const Index lines = order_ == LoopOrder::rows ? x.outer : x.outer * x.channels;
    executor(lines, transform_cost<Gradient>(line), [&](Index begin, Index end) {
      const VectorScope scope;
      for (Index k = begin; k < end; ++k) map_line(k);
      finish(how_);
    });
  }

 private:
  void map_line(Index number) const {
    if (order_ == LoopOrder::rows) {
      map_row(number);
    } else {
      map_run(number / views_.from[0].channels, number % views_.from[0].channels);
    }
  }

  [[gnu::flatten]] void map_row(Index o) const {
    const WeightedGradient<Gradient, false> operation{gradient_, *weights_.at(o, 0)};
    transform_span<Spread::per_lane>(how_, operation, 0, places<false>(o, 0, 0),
                                     views_.from[0].channels);
  }

  [[gnu::flatten]] void map_run(Index o, Index c) const {
    const Index count = views_.from[0].inner;
    const Index step = order_ == LoopOrder::planes ? weights_.inner.step(count) : -1;
    if (step == 1) {
      const WeightedGradient<Gradient, true> operation{gradient_, Scalar(1)};
      transform_span<Spread::same>(how_, operation, c, places<true>(o, c, 0), count);
    } else if (step == 0) {
      const WeightedGradient<Gradient, false> operation{gradient_, *weights_.at(o, 0)};
      transform_span<Spread::same>(how_, operation, c, places<false>(o, c, 0), count);
    } else {
      for (Index i = 0; i < count; ++i) {
        const WeightedGradient<Gradient, false> operation{gradient_, *weights_.at(o, i)};
        transform_scalars<Spread::same>(operation, c, places<false>(o, c, i), 0, 1);
      }
    }
  }

  template <bool HasWeights>
  Places<WeightedGradient<Gradient, HasWeights>> places(Index o, Index c, Index i) const {
    const Places<Gradient> own = views_.at(o, c, i);
    Places<WeightedGradient<Gradient, HasWeights>> result;
    std::copy(own.from.begin(), own.from.end(), result.from.begin());
    if constexpr (HasWeights) result.weights = weights_.at(o, i);
    result.to = own.to;
    return result;
  }

  Gradient gradient_;
  Weights<Scalar> weights_;
  Views views_;
  LoopOrder order_;
  Store how_;
};

/// The same element by element (elements.hpp).
template <typename Gradient>
void transform_weighted_elements(const Gradient& gradient,
                                 const Weights<typename Gradient::Scalar>& weights,
                                 const typename Gradient::Scalar* unit,
                                 const CallViews<Gradient>& views) {
  map_elements(gradient, unit, views,
               [&](const auto& k, const auto& centred, const auto& in, Index o, Index i) {
                 return Gradient::from_centred_weighted(k, centred, in, *weights.at(o, i));
               });
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
