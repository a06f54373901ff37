#pragma once

#include <type_traits>

#include "../../affine.hpp"
#include "../../execution.hpp"
#include "../../policies.hpp"
#include "../../residual.hpp"
#include "../../sample_weights.hpp"
#include "arguments.hpp"

// Misuse of arguments that the compiler can see: one sentence each, at most one per argument.
namespace batchnorm {

struct Moments;
struct GradientSums;
template <typename Scalar, typename Count = AnyChannels>
class Saved;

}  // namespace batchnorm

namespace batchnorm::detail {

template <typename T>
inline constexpr bool never = false;

template <typename T>
inline constexpr bool is_saved = false;
template <typename Scalar, typename Count>
inline constexpr bool is_saved<Saved<Scalar, Count>> = true;

/// Whether a `Saved` has its memory within itself.
template <typename T>
inline constexpr bool is_saved_within = false;
template <typename Scalar, typename Count>
inline constexpr bool is_saved_within<Saved<Scalar, Count>> = Count::count >= 0;

template <typename T>
inline constexpr bool is_given_affine = false;
template <typename G, typename B>
inline constexpr bool is_given_affine<GivenAffine<G, B>> = true;

template <typename T>
inline constexpr bool is_sample_weights = false;
template <typename T>
inline constexpr bool is_sample_weights<SampleWeights<T>> = true;

/// Whether `T` may be read as a tensor of `Scalar` with its channels where `Set` says.
template <typename Set, typename Scalar, typename T>
consteval bool check_readable() {
  using Traits = ArgumentOf<T>;
  if constexpr (is_saved<T>) {
    static_assert(
        never<T>,
        "batchnorm: a Saved stands in front of x, behind a device; Eval layers take none.");
  } else if constexpr (is_sample_weights<T>) {
    static_assert(never<T>,
                  "batchnorm: sample weights stand once, behind x, in calls of a Train layer that "
                  "take statistics.");
  } else if constexpr (is_given_affine<T>) {
    static_assert(
        never<T>,
        "batchnorm: affine(gamma, beta) stands once, behind x, in forward and backward of "
        "a layer with NoAffine, without sample weights, moments, sums or a group.");
  } else if constexpr (!Traits::is_eigen) {
    static_assert(never<T>,
                  "batchnorm: expected an Eigen matrix, array, map, block or tensor as argument; "
                  "a residual is given as residual(r), a device stands first, and an output stands "
                  "as it is, without noalias().");
  } else if constexpr (!Traits::has_storage) {
    static_assert(never<T>,
                  "batchnorm: an expression has no storage: name it first, e.g. `const "
                  "Eigen::MatrixXf x = w * input;`, and pass the name.");
  } else if constexpr (!std::is_same_v<typename Traits::Scalar, Scalar>) {
    static_assert(never<T>,
                  "batchnorm: the scalar of an argument is not the layer's first parameter: give a "
                  "name to an input that was cast to that, as in x.cast<Scalar>().eval(), "
                  "declare an output with it, or change the layer's.");
  } else if constexpr (Traits::rank < 2 || Traits::rank > max_rank) {
    static_assert(never<T>,
                  "batchnorm: expected a tensor of rank 2 to 5, (N, C) to (N, C, D, H, W).");
  } else if constexpr (Set::Axis::axis(Traits::rank) >= Traits::rank) {
    static_assert(never<T>,
                  "batchnorm: the channel axis of the layer is beyond the rank of the argument.");
  } else if constexpr (!Set::RankRule::allows_rank(Traits::rank)) {
    static_assert(
        never<T>,
        "batchnorm: the layer's rank policy refuses an argument of this rank: BatchNorm1d takes "
        "rank 2 and 3, BatchNorm2d rank 4, BatchNorm3d rank 5, BatchNorm all of them.");
  } else {
    return true;
  }
  return false;
}

/// Whether a layer has memory for what few calls of it need.
template <typename Set, typename X>
consteval bool check_memory() {
  static_assert(Set::Channels::count < 0 || never<X>,
                "batchnorm: a layer of Channels<N> has memory within itself for forward and "
                "backward alone: sample_weights, affine(gamma, beta) and second_backward are for "
                "layers of any number of channels.");
  return Set::Channels::count < 0;
}

/// Whether `T` may stand beside `X` in a call: same rank, and a storage order that one view can
/// tell.
template <typename X, typename T>
consteval bool check_beside() {
  using Traits = ArgumentOf<T>;
  if constexpr (Traits::rank != ArgumentOf<X>::rank) {
    static_assert(never<T>, "batchnorm: all arguments of a call must have the same rank.");
  } else if constexpr (Traits::rank > 2 && Traits::is_row_major != ArgumentOf<X>::is_row_major) {
    static_assert(
        never<T>,
        "batchnorm: tensors of rank above 2 in one call must have the same storage order, all "
        "Eigen::RowMajor or all Eigen::ColMajor.");
  } else {
    return true;
  }
  return false;
}

/// Whether `Out`, the type a forwarding reference deduced, may be written.
template <typename Out>
consteval bool check_writable() {
  using Traits = ArgumentOf<Out>;
  if constexpr (std::is_const_v<std::remove_reference_t<Out>> || !Traits::is_writable) {
    static_assert(
        never<Out>,
        "batchnorm: an output is const: pass a matrix, tensor or map that may be written; a "
        "residual is marked, forward(x, residual(r)).");
  } else if constexpr (Traits::is_owning && !std::is_lvalue_reference_v<Out>) {
    static_assert(
        never<Out>,
        "batchnorm: an output is a temporary that owns its values, and the result would be lost: "
        "name it, or use the form that returns the result.");
  } else {
    return true;
  }
  return false;
}

template <typename Set, typename Scalar, typename X, typename T>
consteval bool check_input_beside() {
  if constexpr (check_readable<Set, Scalar, T>()) return check_beside<X, T>();
  return false;
}

template <typename Set, typename Scalar, typename X, typename Out>
consteval bool check_output() {
  if constexpr (check_input_beside<Set, Scalar, X, std::remove_cvref_t<Out>>())
    return check_writable<Out>();
  return false;
}

/// What a call without a residual has in its place.
struct NoResidual {};

/// What a call without sample weights has in their place.
struct NoWeights {};

template <typename Set, typename Scalar, typename X>
consteval bool check_residual(std::type_identity<NoResidual> /*none*/) {
  return true;
}

template <typename Set, typename Scalar, typename X, typename R>
consteval bool check_residual(std::type_identity<Residual<R>> /*residual*/) {
  return check_input_beside<Set, Scalar, X, R>();
}

/// What a refused call returns in place of its result, so that the compiler has nothing to add to
/// the one sentence.
template <typename Scalar>
using Refused = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

/// The same where no scalar is known.
inline Refused<float> nothing_to_return() { return {}; }

/// A call of a const layer that has to write something. `auto`, so that compilers look inside at
/// once and can name the line of the call.
template <typename First>
auto refuse_const() {
  static_assert(never<First>,
                "batchnorm: forward of a Train or Frozen layer leaves something for backward, "
                "so the layer can't be const; for inference make a BatchNorm<Scalar, Eval> "
                "from it. With a Saved in front of x, Frozen leaves it there; so does Train where "
                "moments are given, without which forward also moves the running statistics.");
  return nothing_to_return();
}

}  // namespace batchnorm::detail
