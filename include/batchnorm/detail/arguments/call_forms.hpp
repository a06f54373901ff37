#pragma once

#include "make_view.hpp"
#include "misuse.hpp"

// The forms in which a layer may be called, brought to one: run(x, residual or NoResidual, y) for
// forward, run(x, residual or NoResidual, dy, update, dx [, dresidual]) for backward, run(x,
// residual or NoResidual, dy, sums) for the sums of backward, with types that were checked.
namespace batchnorm::detail {

/// Whether `T` is a `Mark`; of a mark that is a template, `Mark` is its name alone.
template <typename Mark, typename T>
inline constexpr bool is_mark = std::is_same_v<T, Mark>;

struct AnyAffine;
template <typename G, typename B>
inline constexpr bool is_mark<AnyAffine, GivenAffine<G, B>> = true;

struct AnySampleWeights;
template <typename T>
inline constexpr bool is_mark<AnySampleWeights, SampleWeights<T>> = true;

/// How many of `Rest` are a `Mark`.
template <typename Mark, typename... Rest>
inline constexpr int marks_among = (0 + ... + int{is_mark<Mark, std::remove_cvref_t<Rest>>});

/// Whether a `Mark` that is to be written is a temporary, or constant.
template <typename Mark, typename... Rest>
inline constexpr bool loses_mark =
    (false || ... || (is_mark<Mark, std::remove_cvref_t<Rest>> && !std::is_same_v<Rest, Mark&>));

/// Calls `call(mark, others...)`: the first `Mark` among the arguments, and the others in order.
template <typename Mark, typename Call, typename First, typename... Rest>
decltype(auto) with_mark(const Call& call, First&& first, Rest&&... rest) {
  if constexpr (is_mark<Mark, std::remove_cvref_t<First>>) {
    return call(std::forward<First>(first), std::forward<Rest>(rest)...);
  } else {
    const auto with_first = [&](auto&& mark, auto&&... others) -> decltype(auto) {
      return call(std::forward<decltype(mark)>(mark), std::forward<First>(first),
                  std::forward<decltype(others)>(others)...);
    };
    return with_mark<Mark>(with_first, std::forward<Rest>(rest)...);
  }
}

template <typename T>
inline constexpr bool is_residual = false;
template <typename T>
inline constexpr bool is_residual<Residual<T>> = true;
template <typename T>
inline constexpr bool is_residual<TemporaryResidual<T>> = true;

template <typename... Rest>
inline constexpr bool starts_with_residual = false;
template <typename First, typename... Rest>
inline constexpr bool starts_with_residual<First, Rest...> =
    is_residual<std::remove_cvref_t<First>>;

template <typename... Rest>
inline constexpr int updates_among = marks_among<GradientUpdate, Rest...>;

template <typename... Rest>
inline constexpr bool ends_with_update = false;
template <typename Last>
inline constexpr bool ends_with_update<Last> = updates_among<Last> == 1;
template <typename First, typename Second, typename... Rest>
inline constexpr bool ends_with_update<First, Second, Rest...> = ends_with_update<Second, Rest...>;

/// What may be written: neither mark of a call.
template <typename T>
concept OutputArgument = !is_residual<std::remove_cvref_t<T>> && updates_among<T> == 0;

/// An owning object of x's kind, shape and storage order; its values are not set.
template <typename X>
auto make_result(const X& x) {
  typename ArgumentOf<X>::Owning result;
  ArgumentOf<decltype(result)>::resize(result, ArgumentOf<X>::shape(x));
  return result;
}

template <typename Set, typename Scalar>
class ForwardForms {
 public:
  template <typename Run, typename X, typename... Rest>
  static decltype(auto) call(const Run& run, const X& x, Rest&&... rest) {
    constexpr int outputs = int{sizeof...(Rest)} - int{starts_with_residual<Rest...>};
    if constexpr (outputs > 1 || updates_among < Rest... >> 0) {
      static_assert(
          never<X>,
          "batchnorm: forward takes (x), (x, y), (x, residual(r)) or (x, residual(r), y), moments, "
          "sample_weights(w) or affine(gamma, beta) beside the residual, and a device before "
          "them.");
      return Refused<Scalar>();
    } else {
      return form(run, x, std::forward<Rest>(rest)...);
    }
  }

 private:
  template <typename Run, typename X>
  static auto form(const Run& run, const X& x) {
    return result(run, x, NoResidual{});
  }

  template <typename Run, typename X, typename R>
  static auto form(const Run& run, const X& x, const Residual<R>& r) {
    return result(run, x, r);
  }

  template <typename Run, typename X, OutputArgument Y>
  static auto form(const Run& run, const X& x, Y&& y) {
    into<Y>(run, x, NoResidual{}, y);
  }

  template <typename Run, typename X, typename R, typename Y>
  static auto form(const Run& run, const X& x, const Residual<R>& r, Y&& y) {
    into<Y>(run, x, r, y);
  }

  template <typename Run, typename X, typename R>
  static auto result(const Run& run, const X& x, const R& r) {
    if constexpr (!check_readable<Set, Scalar, X>()) {
      return Refused<Scalar>();
    } else {
      auto y = make_result(x);
      into<decltype(y)&>(run, x, r, y);
      return y;
    }
  }

  template <typename Out, typename Run, typename X, typename R, typename Y>
  static auto into(const Run& run, const X& x, const R& r, Y& y) {
    if constexpr (check_readable<Set, Scalar, X>()) {
      if constexpr (check_residual<Set, Scalar, X>(std::type_identity<R>{}) &&
                    check_output<Set, Scalar, X, Out>()) {
        run(x, r, y);
      }
    }
  }
};

template <typename Set, typename Scalar>
class BackwardForms {
 public:
  template <typename Run, typename X, typename... Rest>
  static decltype(auto) call(const Run& run, const X& x, Rest&&... rest) {
    constexpr bool with_residual = starts_with_residual<Rest...>;
    constexpr int outputs = int{sizeof...(Rest)} - int{with_residual} - updates_among<Rest...> - 1;
    constexpr bool update_behind = updates_among<Rest...> == int{ends_with_update<Rest...>};
    if constexpr (!update_behind || (outputs != 0 && outputs != (with_residual ? 2 : 1))) {
      static_assert(
          never<X>,
          "batchnorm: backward takes (x, dy), (x, dy, dx), (x, residual(r), dy) or (x, "
          "residual(r), dy, dx, dresidual), gradient sums behind dy, a device before them "
          "and accumulate behind.");
      return Refused<Scalar>();
    } else {
      return form(run, x, std::forward<Rest>(rest)...);
    }
  }

 private:
  static constexpr GradientUpdate assign = GradientUpdate::assign;

  template <typename Run, typename X, typename Dy>
  static auto form(const Run& run, const X& x, const Dy& dy, GradientUpdate update = assign) {
    return result(run, x, NoResidual{}, dy, update);
  }

  template <typename Run, typename X, typename R, typename Dy>
  static auto form(const Run& run, const X& x, const Residual<R>& r, const Dy& dy,
                   GradientUpdate update = assign) {
    return result(run, x, r, dy, update);
  }

  template <typename Run, typename X, OutputArgument Dy, OutputArgument Dx>
  static auto form(const Run& run, const X& x, const Dy& dy, Dx&& dx,
                   GradientUpdate update = assign) {
    into<Dx>(run, x, NoResidual{}, dy, update, dx);
  }

  template <typename Run, typename X, typename R, typename Dy, typename Dx, OutputArgument Dr>
  static auto form(const Run& run, const X& x, const Residual<R>& r, const Dy& dy, Dx&& dx,
                   Dr&& dresidual, GradientUpdate update = assign) {
    into<Dx, Dr>(run, x, r, dy, update, dx, dresidual);
  }

  template <typename Run, typename X, typename R, typename Dy>
  static auto result(const Run& run, const X& x, const R& r, const Dy& dy, GradientUpdate update) {
    if constexpr (!check_readable<Set, Scalar, X>()) {
      return Refused<Scalar>();
    } else if constexpr (std::is_same_v<R, NoResidual>) {
      auto dx = make_result(x);
      into<decltype(dx)&>(run, x, r, dy, update, dx);
      return dx;
    } else {
      using Owning = typename ArgumentOf<X>::Owning;
      ResidualGradients<Owning> gradients{make_result(x), make_result(x)};
      into<Owning&, Owning&>(run, x, r, dy, update, gradients.dx, gradients.dresidual);
      return gradients;
    }
  }

  template <typename... Out, typename Run, typename X, typename R, typename Dy, typename... Outputs>
  static auto into(const Run& run, const X& x, const R& r, const Dy& dy, GradientUpdate update,
                   Outputs&... outputs) {
    if constexpr (check_readable<Set, Scalar, X>()) {
      if constexpr (check_residual<Set, Scalar, X>(std::type_identity<R>{}) &&
                    check_input_beside<Set, Scalar, X, Dy>() &&
                    (check_output<Set, Scalar, X, Out>() && ...)) {
        run(x, r, dy, update, outputs...);
      }
    }
  }
};

template <typename Set, typename Scalar>
class GradientSumsForms {
 public:
  /// (x, dy) or (x, residual(r), dy), with `sums` to be written.
  template <typename Run, typename Sums, typename X, typename... Rest>
  static void call(const Run& run, Sums& sums, const X& x, Rest&&... rest) {
    if constexpr (int{sizeof...(Rest)} != 1 + int{starts_with_residual<Rest...>} ||
                  std::is_const_v<Sums>) {
      static_assert(never<X>,
                    "batchnorm: gradient_sums takes (x, dy) or (x, residual(r), dy), a device or "
                    "Saved before them and sums to write behind.");
    } else {
      form(run, sums, x, rest...);
    }
  }

 private:
  template <typename Run, typename Sums, typename X, typename Dy>
  static void form(const Run& run, Sums& sums, const X& x, const Dy& dy) {
    into(run, sums, x, NoResidual{}, dy);
  }

  template <typename Run, typename Sums, typename X, typename R, typename Dy>
  static void form(const Run& run, Sums& sums, const X& x, const Residual<R>& r, const Dy& dy) {
    into(run, sums, x, r, dy);
  }

  template <typename Run, typename Sums, typename X, typename R, typename Dy>
  static void into(const Run& run, Sums& sums, const X& x, const R& r, const Dy& dy) {
    if constexpr (check_readable<Set, Scalar, X>()) {
      if constexpr (check_residual<Set, Scalar, X>(std::type_identity<R>{}) &&
                    check_input_beside<Set, Scalar, X, Dy>()) {
        run(x, r, dy, sums);
      }
    }
  }
};

}  // namespace batchnorm::detail
