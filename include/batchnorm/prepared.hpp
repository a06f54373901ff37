#pragma once

#include <array>
#include <type_traits>

#include "activation.hpp"
#include "detail/kernels/kernels.hpp"

namespace batchnorm {

namespace detail {

template <typename ScalarType, typename... Policies>
class ConstantPasses;

}  // namespace detail

/// A forward of an Eval layer whose arguments were checked: `norm.prepared(x, y)` makes one, and
/// every call of it computes y = forward(x) with the same bits, in the calling thread. A call
/// checks nothing, allocates nothing and throws nothing: for threads that may not wait, and for
/// values so few that checks take longer than they do. Valid as long as the layer lives where it
/// is, is not assigned to, and x and y keep their memory. A value; several threads may call one.
template <typename Scalar, bool HasResidual = false>
class PreparedForward {
 public:
  /// From and to the memory that it was made with; another x or y, of the same size, may have been
  /// written there.
  void operator()() const noexcept { run_on(detail::Executor{}); }

  /// From x to y elsewhere, of the same shape and strides, each given by the address of its first
  /// element, as `data()` gives it, of any alignment. y may be x; else they share no memory.
  void operator()(const Scalar* x, Scalar* y) const noexcept requires(!HasResidual) {
    run({moved(from_[0], x)}, moved(to_, y));
  }

  /// The same with a residual, which y may be too.
  void operator()(const Scalar* x, const Scalar* residual,
                  Scalar* y) const noexcept requires HasResidual {
    run({moved(from_[0], x), moved(from_[1], residual)}, moved(to_, y));
  }

  /// Does not compile: values are given by their addresses.
  template <typename... Arguments>
  requires(sizeof...(Arguments) != (HasResidual ? 3 : 2) ||
           !(std::is_convertible_v<Arguments, const Scalar*> && ...)) void
  operator()(const Arguments&... /*arguments*/) const {
    static_assert(sizeof...(Arguments) == 0,
                  "batchnorm: what is prepared is called without arguments, or with addresses as "
                  "data() gives them: (x, y), and with a residual (x, residual, y).");
  }

 private:
  template <typename ScalarType, typename... Policies>
  friend class detail::ConstantPasses;

  using Coefficients = detail::ChannelCoefficients<ArithmeticOf<Scalar>>;
  using From = detail::calls::Inputs<Scalar, HasResidual>;
  /// Of every activation.
  using Signature = typename detail::calls::Normalize<Scalar, NoActivation, HasResidual>::Signature;

  PreparedForward(Signature* kernel, const Coefficients& k, const detail::CallPart& part,
                  const From& from, const View<Scalar>& to)
      : kernel_(kernel), k_(&k), part_(part), from_(from), to_(to) {}

  template <typename S>
  static View<S> moved(View<S> view, S* data) {
    view.data = data;
    return view;
  }

  void run_on(const detail::Executor& executor) const { kernel_(executor, *k_, part_, from_, to_); }

  void run(const From& from, const View<Scalar>& to) const {
    kernel_(detail::Executor{}, *k_, part_, from, to);
  }

  Signature* kernel_;
  const Coefficients* k_;
  detail::CallPart part_;
  From from_;
  View<Scalar> to_;
};

}  // namespace batchnorm
