#pragma once

#include <tuple>
#include <utility>

#include "call_forms.hpp"

namespace batchnorm::detail {

/// The forms of backward with gamma and beta from outside. `make(dgamma, dbeta)` gives what
/// `BackwardForms` runs.
template <typename Set, typename Scalar>
class AffineBackwardForms {
 public:
  template <typename Make, typename X, typename G, typename B, typename... Rest>
  static auto call(const Make& make, const X& x, const GivenAffine<G, B>& affine, Rest&&... rest) {
    constexpr bool with_residual = starts_with_residual<Rest...>;
    constexpr int outputs = int{sizeof...(Rest)} - int{with_residual} - 1;
    if constexpr (!check_readable<Set, Scalar, X>()) {
      return Refused<Scalar>();
    } else if constexpr (outputs == 0) {
      return result(make, x, affine, rest...);
    } else if constexpr (outputs != (with_residual ? 4 : 3)) {
      static_assert(never<X>,
                    "batchnorm: backward with affine(gamma, beta) takes (x, dy), (x, dy, dx, "
                    "dgamma, dbeta), (x, residual(r), dy) or (x, residual(r), dy, dx, dresidual, "
                    "dgamma, dbeta).");
    } else {
      into(make, x, std::make_index_sequence<sizeof...(Rest) - 2>{},
           std::forward_as_tuple(std::forward<Rest>(rest)...));
    }
  }

 private:
  template <typename Make, typename X, std::size_t... I, typename Rest>
  static auto into(const Make& make, const X& x, std::index_sequence<I...>, const Rest& rest) {
    constexpr std::size_t before = sizeof...(I);
    using Dgamma = std::tuple_element_t<before, Rest>;
    using Dbeta = std::tuple_element_t<before + 1, Rest>;
    if constexpr (check_gradient<Dgamma>() && check_gradient<Dbeta>()) {
      auto& dgamma = std::get<before>(rest);
      auto& dbeta = std::get<before + 1>(rest);
      BackwardForms<Set, Scalar>::call(
          make(dgamma, dbeta), x,
          std::forward<std::tuple_element_t<I, Rest>>(std::get<I>(rest))...);
    }
  }

  template <typename Out>
  static consteval bool check_gradient() {
    if constexpr (!ArgumentOf<Out>::has_storage) {
      static_assert(
          never<Out>,
          "batchnorm: dgamma and dbeta are Eigen objects of the shapes of gamma and beta.");
    } else {
      return check_writable<Out>();
    }
    return false;
  }

  template <typename Make, typename X, typename G, typename B, typename Dy>
  static auto result(const Make& make, const X& x, const GivenAffine<G, B>& affine, const Dy& dy) {
    AffineGradients<typename ArgumentOf<X>::Owning, typename ArgumentOf<G>::Owning,
                    typename ArgumentOf<B>::Owning>
        gradients;
    call(make, x, affine, dy, gradients.dx, gradients.dgamma, gradients.dbeta);
    return gradients;
  }

  template <typename Make, typename X, typename G, typename B, typename R, typename Dy>
  static auto result(const Make& make, const X& x, const GivenAffine<G, B>& affine,
                     const Residual<R>& r, const Dy& dy) {
    AffineResidualGradients<typename ArgumentOf<X>::Owning, typename ArgumentOf<G>::Owning,
                            typename ArgumentOf<B>::Owning>
        gradients;
    call(make, x, affine, r, dy, gradients.dx, gradients.dresidual, gradients.dgamma,
         gradients.dbeta);
    return gradients;
  }
};

}  // namespace batchnorm::detail
