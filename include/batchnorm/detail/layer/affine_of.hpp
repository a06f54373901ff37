#pragma once

#include "../../affine.hpp"
#include "../arguments/affine_forms.hpp"
#include "../arguments/beside.hpp"
#include "../arguments/shape_checks.hpp"
#include "../steps/affine_passes.hpp"

// Gamma and beta from outside: what the user gave, as values of samples and channels.
namespace batchnorm::detail {

/// Whether `T` may hold a parameter of a layer of `Scalar`.
template <typename Scalar, typename T>
consteval bool check_affine_type() {
  using Traits = ArgumentOf<T>;
  if constexpr (!Traits::is_eigen || !Traits::has_storage) {
    static_assert(never<T>,
                  "batchnorm: gamma and beta of affine(gamma, beta) are named Eigen vectors or "
                  "matrices, not expressions.");
  } else if constexpr (!std::is_same_v<typename Traits::Scalar, ArithmeticOf<Scalar>>) {
    static_assert(never<T>,
                  "batchnorm: gamma and beta of affine(gamma, beta) have the scalar of the layer's "
                  "parameters, float or double.");
  } else if constexpr (given_rank<T>() > 2) {
    static_assert(never<T>,
                  "batchnorm: gamma and beta of affine(gamma, beta) are vectors with a value per "
                  "channel, or matrices (N, C).");
  } else {
    return true;
  }
  return false;
}

/// The shape of a parameter that `T` holds, for x of `samples` samples.
template <typename T>
Shape affine_shape(Index channels, Index samples) {
  if constexpr (given_rank<T>() == 1) return {1, {channels}};
  return {2, {samples, channels}};
}

/// Refuses a parameter of another shape.
template <typename T>
void check_affine_shape(const char* name, const T& t, Index channels, Index samples) {
  const Shape shape = given_shape(t);
  const Shape expected = affine_shape<T>(channels, samples);
  if (shape == expected) return;
  refuse("expected ", name, " of shape ", expected, ", got ", shape,
         given_rank<T>() == 1 ? "; it has one value per channel."
                              : "; it is (N, C), samples in rows.");
}

template <typename Scalar, typename T>
SampleValues<Scalar> sample_values(Scalar* data, const T& t) {
  if constexpr (given_rank<T>() == 1) {
    return {data, 0, vector_stride(t)};
  } else {
    const auto strides = ArgumentOf<T>::strides(t);
    return {data, strides[0], strides[1]};
  }
}

/// Whether what stands behind x is fit for that place, as far as gamma and beta go.
template <typename Scalar, typename Other>
consteval bool check_given_affine(std::type_identity<Other> /*other*/) {
  return true;
}

template <typename Scalar, typename G, typename B>
consteval bool check_given_affine(std::type_identity<GivenAffine<G, B>> /*affine*/) {
  if constexpr (check_affine_type<Scalar, G>()) return check_affine_type<Scalar, B>();
  return false;
}

/// Whether a call of `Rest` behind x may bring gamma and beta.
template <typename Set, typename Scalar, typename X, typename... Rest>
consteval bool takes_affine() {
  constexpr bool alone = marks_among<AnyAffine, Rest...> == 1 &&
                         marks_among<AnySampleWeights, Rest...> == 0 &&
                         marks_among<Moments, Rest...> == 0 &&
                         marks_among<GradientSums, Rest...> == 0 && updates_among<Rest...> == 0;
  constexpr bool has_own = Set::Affine::has_gamma || Set::Affine::has_beta;
  static_assert(alone || never<X>,
                "batchnorm: affine(gamma, beta) stands once, behind x, without sample weights, "
                "moments, sums or accumulate.");
  static_assert(!has_own || never<X>,
                "batchnorm: affine(gamma, beta) is for a layer without parameters of its own: "
                "give the layer NoAffine.");
  if constexpr (!alone || has_own || !check_memory<Set, X>()) return false;
  return (check_given_affine<Scalar>(std::type_identity<std::remove_cvref_t<Rest>>{}) && ...);
}

/// How x is cut for gamma and beta: into its samples, unless both are the same for all of them.
template <typename G, typename B, typename X>
Samples cut_of(const X& x, int axis) {
  if (given_rank<G>() == 1 && given_rank<B>() == 1) return {};
  const Index count = samples_of(ArgumentOf<X>::shape(x), axis);
  return {count, axis == 0, !ArgumentOf<X>::is_row_major && ArgumentOf<X>::rank > 2};
}

/// The values of gamma and beta, and how x is cut for them. Refuses other shapes.
template <typename Set, typename Scalar, typename X, typename G, typename B>
std::pair<SampleAffine<const Scalar>, Samples> affine_values(const X& x,
                                                             const GivenAffine<G, B>& affine,
                                                             Index channels,
                                                             const Options& options) {
  constexpr int axis = Set::Axis::axis(ArgumentOf<X>::rank);
  if (options.epsilon < least_usual_epsilon) {
    refuse("affine(gamma, beta): expected an epsilon of at least 1e-72, got ", options.epsilon,
           "; set options.epsilon.");
  }
  const Index samples = samples_of(ArgumentOf<X>::shape(x), axis);
  check_affine_shape("gamma", affine.gamma, channels, samples);
  check_affine_shape("beta", affine.beta, channels, samples);
  return {{sample_values<const Scalar>(affine.gamma.data(), affine.gamma),
           sample_values<const Scalar>(affine.beta.data(), affine.beta)},
          cut_of<G, B>(x, axis)};
}

/// By which gamma and beta of a call are told from others.
template <typename Scalar>
double affine_sum(const SampleAffine<const Scalar>& values, const Samples& samples,
                  Index channels) {
  auto sum = static_cast<double>(samples.count);
  for (Index n = 0; n < samples.count; ++n) {
    for (Index c = 0; c < channels; ++c) {
      const auto place = static_cast<double>(1 + (7 * n + 3 * c) % 64);
      sum += place * static_cast<double>(values.gamma(n, c));
      sum -= (place + 0.5) * static_cast<double>(values.beta(n, c));
    }
  }
  return std::isfinite(sum) ? sum : 0.0;
}

/// Refuses gradients that can't have the shape of their parameter; touches nothing.
template <typename T, typename Out>
void check_affine_output(const char* name, const T& parameter, const Out& out) {
  const Shape shape = ArgumentOf<T>::shape(parameter);
  const Shape got = ArgumentOf<Out>::shape(out);
  if (got == shape || ArgumentOf<Out>::can_resize(shape)) return;
  refuse("expected ", name, " of its parameter's shape ", shape, ", got ", got,
         "; a view or a fixed size can't be resized: pass an object that owns its values.");
}

/// Refuses what shares memory with gamma or beta.
template <typename Out, typename G, typename B>
void check_apart_from_affine(const char* name, const Out& out, const GivenAffine<G, B>& affine) {
  const auto memory = memory_of(out);
  const bool at_gamma = shares_memory(memory, memory_of(affine.gamma));
  if (!at_gamma && !shares_memory(memory, memory_of(affine.beta))) return;
  refuse(name, " overlaps ", at_gamma ? "gamma" : "beta",
         " of affine(gamma, beta): expected separate memory; write to an object of its own.");
}

/// Whether one of `others` is `object` itself, which may be empty, or shares memory with it.
template <typename T, typename... Others>
bool meets(const T& object, const Others&... others) {
  const auto is = [&](const auto& other) {
    return static_cast<const void*>(&object) == static_cast<const void*>(&other) ||
           shares_memory(memory_of(object), memory_of(other));
  };
  return (false || ... || is(others));
}

/// `from` are the inputs of the call, which may not be written over: gradients of samples are
/// written before all of them were read.
template <typename G, typename B, typename Scalar, std::size_t N, typename Dg, typename Db,
          typename... Out>
void check_affine_outputs(const GivenAffine<G, B>& affine,
                          const std::array<View<const Scalar>, N>& from, const Dg& dgamma,
                          const Db& dbeta, const Out&... out) {
  check_affine_output("dgamma", affine.gamma, dgamma);
  check_affine_output("dbeta", affine.beta, dbeta);
  check_apart_from_affine("dgamma", dgamma, affine);
  check_apart_from_affine("dbeta", dbeta, affine);
  (check_apart_from_affine("an output", out, affine), ...);
  for (const auto& input : from) {
    const bool at_gamma = shares_memory(memory_of(dgamma), input);
    if (!at_gamma && !shares_memory(memory_of(dbeta), input)) continue;
    refuse(at_gamma ? "dgamma" : "dbeta",
           " overlaps an input: expected separate memory; write to an object of its own.");
  }
  if (meets(dgamma, dbeta, out...) || meets(dbeta, out...)) {
    refuse("outputs of backward overlap each other: expected separate memory; write to objects of ",
           "their own.");
  }
}

/// A gradient, which gets the shape of its parameter and the value 0.
template <typename Scalar, typename T, typename Out>
SampleValues<Scalar> gradient_values(const T& parameter, Out& out) {
  const Shape expected = ArgumentOf<T>::shape(parameter);
  if (ArgumentOf<Out>::shape(out) != expected) ArgumentOf<Out>::resize(out, expected);
  out.setZero();
  return sample_values(out.data(), out);
}

template <typename Scalar, typename G, typename B, typename Dg, typename Db>
SampleAffine<Scalar> affine_gradients(const GivenAffine<G, B>& affine, Dg& dgamma, Db& dbeta) {
  return {gradient_values<Scalar>(affine.gamma, dgamma),
          gradient_values<Scalar>(affine.beta, dbeta)};
}

}  // namespace batchnorm::detail
