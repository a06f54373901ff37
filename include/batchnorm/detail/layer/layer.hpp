#pragma once

#include <iosfwd>

#include "../arguments/misuse.hpp"
#include "../arguments/policy_set.hpp"
#include "../arguments/shape_checks.hpp"
#include "describe.hpp"
#include "layer_state.hpp"
#include "record.hpp"

// This room is a layer behind its interface: what it has learnt, what a forward leaves for its
// backward, its running statistics, and the steps of a call.
// In: arguments that the compiler has checked (arguments/call_forms.hpp).
// Out: results in the user's memory, and the layer's own values moved.
namespace batchnorm::detail {

/// Running statistics, to be read.
struct RunningMap : Eigen::Map<const Eigen::VectorXd> {
  using Eigen::Map<const Eigen::VectorXd>::Map;

  /// Does not compile: running statistics change with the rest of a state.
  template <typename Values>
  RunningMap& operator=(const Values& /*values*/) {
    static_assert(never<Values>,
                  "batchnorm: running statistics are set with the rest of a state: change a copy "
                  "of norm.state(), and give it to norm.set_state.");
    return *this;
  }
};

/// What the layers of all modes share: the state, read access to it, and the checks of a call's
/// arguments.
template <typename ScalarType, typename Mode, typename... Policies>
class LayerBase {
  template <typename OtherScalar, typename OtherMode, typename... Others>
  friend class LayerBase;

 public:
  /// That of x, y and their gradients: float, double, Eigen::bfloat16 or Eigen::half.
  using Scalar = std::remove_cv_t<ScalarType>;
  /// That of gamma, beta and their gradients: float where the values have 16 bits, else `Scalar`.
  using Parameter = ArithmeticOf<Scalar>;
  /// The layer's policies, one of each kind.
  using Set = PolicySet<ScalarType, Mode, Policies...>;
  /// One value per channel.
  using Vector = typename State<Parameter, ChannelsAmong<Policies...>::count>::Vector;
  /// One value per channel in the layer's memory, not writable; valid as long as the layer lives
  /// and keeps its number of channels, over `set_state` and assignment too; what moves from the
  /// layer, `std::swap` included, takes the memory along.
  using ConstVectorMap = Eigen::Map<const Vector>;
  /// One running statistic per channel, double for every scalar; valid as a `ConstVectorMap` is.
  using StatisticsMap = RunningMap;
  /// One count per channel in the layer's memory, not writable; valid as a `ConstVectorMap` is.
  using CountMap = Eigen::Map<const Eigen::Matrix<std::int64_t, Eigen::Dynamic, 1>>;

  /// Number of channels, at least 1.
  Index channels() const { return state_.channels.value(); }
  /// The options that the layer was made with.
  const Options& options() const { return options_; }

  /// Training batches seen since the layer was new, with running statistics or without; empty and
  /// refused ones do not count.
  std::int64_t batches() const { return state_.batches; }

  /// Learnt scale, one value per channel.
  template <typename A = typename Set::Affine>
  ConstVectorMap gamma() const {
    static_assert(A::has_gamma,
                  "batchnorm: this layer has no gamma (it is 1): use ScaleAndShift or ScaleOnly.");
    return map(state_.gamma);
  }

  /// Learnt shift, one value per channel.
  template <typename A = typename Set::Affine>
  ConstVectorMap beta() const {
    static_assert(A::has_beta,
                  "batchnorm: this layer has no beta (it is 0): use ScaleAndShift or ShiftOnly.");
    return map(state_.beta);
  }

  /// Running average of the mean, one value per channel; finite, unless by
  /// `NonFinite::propagate`.
  template <typename S = typename Set::Statistics>
  StatisticsMap running_mean() const {
    static_assert(
        S::tracks_running_statistics,
        "batchnorm: a layer with NoRunningStatistics has no running_mean: use RunningStatistics.");
    return StatisticsMap(state_.running_mean.data(), channels());
  }

  /// Running average of the variance, one value of at least 0 per channel; finite, unless by
  /// `NonFinite::propagate`.
  template <typename S = typename Set::Statistics>
  StatisticsMap running_variance() const {
    static_assert(S::tracks_running_statistics,
                  "batchnorm: a layer with NoRunningStatistics has no running_variance: use "
                  "RunningStatistics.");
    return StatisticsMap(state_.running_variance.data(), channels());
  }

  /// Per channel, how many batches did not enter the running statistics because they were not
  /// finite.
  template <typename S = typename Set::Statistics>
  CountMap rejected() const {
    static_assert(
        S::tracks_running_statistics,
        "batchnorm: a layer with NoRunningStatistics rejects nothing: use RunningStatistics.");
    return CountMap(state_.rejected.data(), channels());
  }

  /// Does not compile: the mode of a layer is its type.
  template <typename Misuse = void>
  void train() const {
    static_assert(never<Misuse>,
                  "batchnorm: the mode of a layer is its type: make a "
                  "BatchNorm<Scalar, Train> from the layer.");
  }

  /// Does not compile: the mode of a layer is its type.
  template <typename Misuse = void>
  void eval() const {
    static_assert(never<Misuse>,
                  "batchnorm: the mode of a layer is its type: make a "
                  "BatchNorm<Scalar, Eval> from the layer.");
  }

  /// All that the layer has learnt; `set_state` and the constructors take it back without loss.
  [[nodiscard]] State<Parameter, ChannelsAmong<Policies...>::count> state() const {
    return state_.state();
  }

 protected:
  using Affine = typename Set::Affine;
  using Activation = typename Set::Activation;
  using Stored =
      LayerState<Parameter, Affine, typename Set::Statistics, ChannelsAmong<Policies...>::count>;
  static constexpr bool has_fixed_channels = ChannelsAmong<Policies...>::count != Eigen::Dynamic;

  LayerBase(Stored state, const Options& options) : state_(std::move(state)), options_(options) {
    check_options(options);
    if constexpr (!Stored::tracks) {
      if (options.single_value == SingleValue::use_running) {
        refuse(
            "a layer with NoRunningStatistics can't use_running for a single value: keep "
            "SingleValue::refuse.");
      }
      if (options.renormalization.is_on()) {
        refuse(
            "a layer with NoRunningStatistics can't renormalise, having nothing to look to: keep "
            "r_max 1 and d_max 0.");
      }
    }
  }

  bool equals(const LayerBase& other) const {
    return options_ == other.options_ && state_ == other.state_;
  }

  /// What another layer of the same policies has learnt, whatever its values.
  template <typename OtherScalar, typename OtherMode, typename... Others>
  static Stored stored_in(const LayerBase<OtherScalar, OtherMode, Others...>& other) {
    using Other = typename LayerBase<OtherScalar, OtherMode, Others...>::Stored;
    if constexpr (std::is_same_v<Stored, Other>) {
      return other.state_;
    } else if constexpr (std::is_constructible_v<Stored, const Other&>) {
      return Stored(other.state_);
    } else {
      return Stored(other.channels());
    }
  }

  template <typename T>
  static constexpr int axis_of = Set::Axis::axis(ArgumentOf<T>::rank);

  template <typename T>
  static View<const Scalar> view_of(const T& t) {
    return read_view(t, axis_of<T>);
  }

  template <typename X>
  Shape check_input(const X& x) const {
    const Shape shape = ArgumentOf<X>::shape(x);
    check_channels("x", shape, channels(), axis_of<X>);
    return shape;
  }

  /// The views of x and, where there is one, of the residual.
  template <typename X>
  std::array<View<const Scalar>, 1> inputs(const X& x, NoResidual /*none*/) const {
    return {view_of(x)};
  }

  template <typename X, typename R>
  std::array<View<const Scalar>, 2> inputs(const X& x, const Residual<R>& r) const {
    check_same_shape("the residual", ArgumentOf<R>::shape(r.tensor), ArgumentOf<X>::shape(x));
    return {view_of(x), view_of(r.tensor)};
  }

  template <typename X, typename Dy>
  std::array<View<const Scalar>, 2> gradient_inputs(const X& x, NoResidual /*none*/,
                                                    const Dy& dy) const {
    check_same_shape("dy", ArgumentOf<Dy>::shape(dy), ArgumentOf<X>::shape(x));
    return {view_of(x), view_of(dy)};
  }

  template <typename X, typename R, typename Dy>
  std::array<View<const Scalar>, 3> gradient_inputs(const X& x, const Residual<R>& r,
                                                    const Dy& dy) const {
    const auto [view, residual_view] = inputs(x, r);
    return {view, gradient_inputs(x, NoResidual{}, dy)[1], residual_view};
  }

  /// The view of an output, which gets x's shape and must not overlap an input in part.
  template <typename X, typename Out, std::size_t N>
  View<Scalar> output(const char* name, const X& x, Out& out,
                      const std::array<View<const Scalar>, N>& inputs) const {
    const Shape shape = ArgumentOf<X>::shape(x);
    check_output_shape(name, out, shape, axis_of<X>, inputs);
    return prepared_output(out, shape, axis_of<X>);
  }

  /// dx alone, or dx and dresidual, which must be apart.
  template <typename X, typename Dx, std::size_t N>
  std::array<View<Scalar>, 1> gradient_outputs(const X& x,
                                               const std::array<View<const Scalar>, N>& inputs,
                                               Dx& dx) const {
    return {output("dx", x, dx, inputs)};
  }

  template <typename X, typename Dx, typename Dr, std::size_t N>
  std::array<View<Scalar>, 2> gradient_outputs(const X& x,
                                               const std::array<View<const Scalar>, N>& inputs,
                                               Dx& dx, Dr& dresidual) const {
    const Shape shape = ArgumentOf<X>::shape(x);
    check_output_shape("dx", dx, shape, axis_of<X>, inputs);
    check_output_shape("dresidual", dresidual, shape, axis_of<X>, inputs);
    check_apart("dx", dx, "dresidual", dresidual, axis_of<X>);
    return {prepared_output(dx, shape, axis_of<X>), prepared_output(dresidual, shape, axis_of<X>)};
  }

  /// One line: type, number of channels, options that matter most or are unusual, batches.
  template <typename Char, typename Traits>
  friend std::basic_ostream<Char, Traits>& operator<<(std::basic_ostream<Char, Traits>& out,
                                                      const LayerBase& layer) {
    return out
           << describe<Scalar, Mode, Set>(layer.channels(), layer.options_, layer.batches()).text();
  }

  Stored state_;
  Options options_;

 private:
  template <typename V>
  ConstVectorMap map(const V& vector) const {
    return ConstVectorMap(vector.data(), channels());
  }
};

}  // namespace batchnorm::detail
