#pragma once

#include <type_traits>
#include <utility>

#include "../../group.hpp"
#include "../run/run.hpp"
#include "misuse.hpp"

// What stands in front of x in a call of a learning layer: a device, behind it a group, and behind
// that what the pass leaves its values in; each of them may be missing.
namespace batchnorm::detail {

/// A call without a group.
struct NoGroup {};

/// Whether a call brings a `Saved`.
template <typename... Arguments>
inline constexpr bool brings_saved = (false || ... || is_saved<std::remove_cvref_t<Arguments>>);

/// Calls `call(executor, group, saved, x, rest...)` with the layer's own `Saved` where none is
/// given.
template <typename OwnSaved, typename G, typename Call, typename First, typename... Rest>
decltype(auto) behind_group(const Executor& executor, G& group, OwnSaved& own, const Call& call,
                            First&& first, Rest&&... rest) {
  using Given = std::remove_cvref_t<First>;
  if constexpr (brings_saved<Rest...>) {
    static_assert(never<First>,
                  "batchnorm: a Saved stands in front of x, behind a device and a group.");
    return nothing_to_return();
  } else if constexpr (!is_saved<Given>) {
    return call(executor, group, own, std::forward<First>(first), std::forward<Rest>(rest)...);
  } else if constexpr (!std::is_same_v<Given, std::remove_const_t<OwnSaved>> ||
                       std::is_const_v<std::remove_reference_t<First>>) {
    static_assert(never<First>,
                  "batchnorm: a Saved in front of x is written, and is of the layer's scalar: "
                  "of a BatchNorm<double>, it is a BatchNorm<double>::Saved.");
    return nothing_to_return();
  } else if constexpr (sizeof...(Rest) == 0) {
    static_assert(never<First>, "batchnorm: x is missing behind the Saved.");
    return nothing_to_return();
  } else {
    return call(executor, group, first, std::forward<Rest>(rest)...);
  }
}

/// The same of what stands behind a device.
template <typename OwnSaved, typename Call, typename First, typename... Rest>
decltype(auto) behind_device(const Executor& executor, OwnSaved& own, const Call& call,
                             First&& first, Rest&&... rest) {
  if constexpr (!Group<std::remove_cvref_t<First>>) {
    NoGroup none;
    return behind_group(executor, none, own, call, std::forward<First>(first),
                        std::forward<Rest>(rest)...);
  } else if constexpr (sizeof...(Rest) == 0) {
    static_assert(never<First>, "batchnorm: x is missing behind the group.");
    return nothing_to_return();
  } else {
    return behind_group(executor, first, own, call, std::forward<Rest>(rest)...);
  }
}

/// The same of a whole call.
template <typename OwnSaved, typename Call, typename First, typename... Rest>
decltype(auto) at_head(OwnSaved& own, const Call& call, First&& first, Rest&&... rest) {
  if constexpr (!ExecutionDevice<std::remove_cvref_t<First>>) {
    return behind_device(Executor{}, own, call, std::forward<First>(first),
                         std::forward<Rest>(rest)...);
  } else if constexpr (sizeof...(Rest) == 0) {
    static_assert(never<First>, "batchnorm: x is missing behind the device.");
    return nothing_to_return();
  } else {
    // What has all of its memory within itself has none for several threads.
    const Executor executor =
        is_saved_within<std::remove_const_t<OwnSaved>> ? Executor{} : Executor(first);
    return behind_device(executor, own, call, std::forward<Rest>(rest)...);
  }
}

}  // namespace batchnorm::detail
