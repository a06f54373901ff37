#pragma once

#include "make_view.hpp"
#include "misuse.hpp"

// The forms in which a layer may be called, brought to one: run(x, residual or NoResidual, y) for
// forward, run(x, residual or NoResidual, dy, update, dx [, dresidual]) for backward, with types
// that were checked.
namespace batchnorm::detail {

template <typename T>
inline constexpr bool is_residual = false;
template <typename T>
inline constexpr bool is_residual<Residual<T>> = true;

template <typename... Rest>
inline constexpr bool starts_with_residual = false;
template <typename First, typename... Rest>
inline constexpr bool starts_with_residual<First, Rest...> =
    is_residual<std::remove_cvref_t<First>>;

template <typename... Rest>
inline constexpr int updates_among =
    (0 + ... + int{std::is_same_v<std::remove_cvref_t<Rest>, GradientUpdate>});

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
          "batchnorm: forward takes (x), (x, y), (x, residual(r)) or (x, residual(r), y), and a "
          "device before them.");
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
      static_assert(never<X>,
                    "batchnorm: backward takes (x, dy), (x, dy, dx), (x, residual(r), dy) or (x, "
                    "residual(r), dy, dx, dresidual), a device before them and accumulate behind.");
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

}  // namespace batchnorm::detail
