#ifndef BATCHNORM_KERNELS_TARGET_KERNELS
#define BATCHNORM_KERNELS_TARGET_KERNELS

#include "calls.hpp"
#include "formulas/formulas.hpp"
#include "formulas/running.hpp"
#include "reduce/batch_gradients.hpp"
#include "reduce/batch_moments.hpp"
#include "reduce/sum_loops.hpp"
#include "transform/elements.hpp"
#include "transform/operations.hpp"
#include "transform/transform.hpp"

// The calls (calls.hpp) of one instruction set.
namespace batchnorm::detail::BATCHNORM_TARGET {

/// Maps every element of some channels, one by one.
template <typename Operation>
void transform_part_by_elements(const Operation& operation,
                                const ChannelUnits<typename Operation::Scalar>& units,
                                const CallPart& part, const ViewsOfTransform<Operation>& views) {
  const auto* unit = units.wanted() ? units.unit.data() + part.range.begin : nullptr;
  transform_elements<Operation>(operation, unit, {views.of(part.range)});
}

/// Whether a view has one value per channel, and these beside each other.
template <typename S>
bool is_one_row(const View<S>& view) {
  return view.count() == 1 && view.channel_stride == 1;
}

/// Maps one row, of which there is nothing to plan: a sample of inference, whose call is short.
template <typename Operation>
[[gnu::flatten]] void transform_one_row(Operation operation, const CallViews<Operation>& views) {
  transform_span<Spread::per_lane>(Store::ordinary, operation, 0, views.at(0, 0, 0),
                                   views.from[0].channels);
}

/// Maps every element of some channels.
template <typename Operation>
void transform_part(const Executor& executor, const Operation& operation,
                    const ChannelUnits<typename Operation::Scalar>& units, const CallPart& part,
                    const ViewsOfTransform<Operation>& views) {
  if (units.wanted()) return transform_part_by_elements(operation, units, part, views);
  const auto is_row = [](const auto& view) { return is_one_row(view); };
  if (std::all_of(views.from.begin(), views.from.end(), is_row) &&
      std::all_of(views.to.begin(), views.to.end(), is_row)) {
    return transform_one_row<Operation>(operation, {views.of(part.range)});
  }
  transform(executor, operation,
            plan_transform(views.of(part.range), part.around_caches, lanes<WidePacket<Operation>>));
}

template <typename Scalar, typename Activation, bool HasResidual>
Normalize<Scalar, Activation, HasResidual> normalization(
    const ChannelCoefficients<ArithmeticOf<Scalar>>& k, const ChannelRange& range) {
  const auto& scale = k.units.wanted() ? k.units.scale_per_unit : k.scale;
  return {k.centre.data() + range.begin, scale.data() + range.begin, k.shift.data() + range.begin};
}

/// What does `Call` in this instruction set.
template <typename Call>
struct Kernel;

template <typename Scalar>
struct Kernel<calls::RangeMoments<Scalar>> {
  static void run(const Executor& executor, const ChannelRange& range, const View<const Scalar>& x,
                  NonFinite non_finite, SumsWorkspace& workspace, const ChannelMoments& to) {
    range_moments(moments_loops<Scalar>(), executor, range, x, non_finite, workspace, to);
  }
};

template <>
struct Kernel<calls::MergeMoments> {
  static void run(Index channels, double count_a, const ChannelMoments& a, double count_b,
                  const GivenMoments& b) {
    merge_moments(channels, count_a, a, count_b, b);
  }
};

template <>
struct Kernel<calls::FindAllFinite> {
  static void run(const double* mean, const double* m2, Index channels, bool& all_finite) {
    all_finite = are_all_finite(mean, m2, channels);
  }
};

template <>
struct Kernel<calls::MoveRunning> {
  static void run(const RunningUpdate& by, const ChannelRange& range, double old_weight,
                  double new_weight) {
    move_running(by, range, old_weight, new_weight);
  }
};

template <typename Scalar>
struct Kernel<calls::PrepareCoefficients<Scalar>> {
  static void run(const Statistics<Scalar>& statistics, const ChannelRange& range,
                  ChannelCoefficients<Scalar>& k) {
    prepare_coefficients(statistics, range, k);
  }
};

template <typename Scalar, typename Activation, bool HasResidual>
struct Kernel<calls::Normalize<Scalar, Activation, HasResidual>> {
  static void run(const Executor& executor, const ChannelCoefficients<ArithmeticOf<Scalar>>& k,
                  const CallPart& part, const calls::Inputs<Scalar, HasResidual>& from,
                  const View<Scalar>& y) {
    transform_part(executor, normalization<Scalar, Activation, HasResidual>(k, part.range), k.units,
                   part, {from, {y}});
  }
};

/// The sums of `Sums`, a `GradientKernel`.
template <typename Sums>
struct SumsKernel {
  using Data = typename Sums::Data;
  using Scalar = typename Sums::Scalar;

  static void run(const Executor& executor, const ChannelCoefficients<Scalar>& k,
                  const ChannelRange& range, const Views<Data, Sums::inputs>& from,
                  SumsWorkspace& workspace, GradientCoefficients<Scalar>& gradient) {
    prepare_units(k, range, gradient);
    const GradientReduction<Data, Sums::inputs> sums{gradient_loops<Sums>(),
                                                     {gradient.unit.data() + range.begin,
                                                      gradient.centre_units.data() + range.begin,
                                                      gradient.scale_per_unit.data() + range.begin,
                                                      k.shift.data() + range.begin,
                                                      {1, range.size()}}};
    range_gradients(executor, sums, range, from, workspace, gradient.sum.data(),
                    gradient.product.data());
    normalize_products(k, range, gradient);
  }
};

template <typename Scalar, typename Activation, bool HasResidual>
struct Kernel<calls::ParameterGradients<Scalar, Activation, HasResidual>>
    : SumsKernel<GradientKernel<Scalar, Activation, HasResidual>> {};

template <typename Scalar>
struct Kernel<calls::PrepareBatchGradient<Scalar>> {
  static void run(const ChannelCoefficients<Scalar>& k, double count, const ChannelRange& range,
                  GradientCoefficients<Scalar>& gradient) {
    if (k.units.wanted()) prepare_units(k, range, gradient);
    prepare_batch_gradient(k, count, range, gradient);
  }
};

template <typename Scalar, typename Activation, bool HasResidual>
struct Kernel<calls::BatchGradient<Scalar, Activation, HasResidual>> {
  static void run(const Executor& executor, const ChannelCoefficients<ArithmeticOf<Scalar>>& k,
                  const GradientCoefficients<ArithmeticOf<Scalar>>& gradient, const CallPart& part,
                  const calls::GradientInputs<Scalar, HasResidual>& from,
                  const calls::Gradients<Scalar, HasResidual>& to) {
    const BatchGradient<Scalar, Activation, HasResidual> operation{
        normalization<Scalar, Activation, HasResidual>(k, part.range),
        gradient.offset.data() + part.range.begin, gradient.slope.data() + part.range.begin};
    transform_part(executor, operation, k.units, part, {from, to});
  }
};

template <typename Scalar, typename Activation, bool HasResidual>
struct Kernel<calls::AffineGradient<Scalar, Activation, HasResidual>> {
  static void run(const Executor& executor, const ChannelCoefficients<ArithmeticOf<Scalar>>& k,
                  const CallPart& part, const calls::GradientInputs<Scalar, HasResidual>& from,
                  const calls::Gradients<Scalar, HasResidual>& to) {
    const AffineGradient<Scalar, Activation, HasResidual> operation{
        normalization<Scalar, Activation, HasResidual>(k, part.range)};
    transform_part(executor, operation, k.units, part, {from, to});
  }
};

template <typename Scalar, typename Activation, bool HasResidual>
struct Kernel<calls::AffineGradientOfFew<Scalar, Activation, HasResidual>> {
  static void run(const ChannelCoefficients<ArithmeticOf<Scalar>>& k, const CallPart& part,
                  const calls::GradientInputs<Scalar, HasResidual>& from,
                  const calls::Gradients<Scalar, HasResidual>& to) {
    const AffineGradient<Scalar, Activation, HasResidual> operation{
        normalization<Scalar, Activation, HasResidual>(k, part.range)};
    transform_part_by_elements(operation, k.units, part, {from, to});
  }
};

template <typename Scalar>
struct Kernel<calls::WriteGradient<Scalar>> {
  static void run(const double* sums, Index channels, bool add_to, Scalar* gradient) {
    write_gradient(sums, channels, add_to, gradient);
  }
};

template <typename Call, typename Signature = typename Call::Signature>
struct Entry;

/// By which a caller enters this instruction set.
template <typename Call, typename... Arguments>
struct Entry<Call, void(Arguments...)> {
  static void run(Arguments... arguments) {
    const VectorScope scope;
    Kernel<Call>::run(arguments...);
  }
};

inline constexpr const char* target_name = BATCHNORM_TARGET_NAME;

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
