#pragma once

#include <type_traits>

#include "../../residual.hpp"
#include "arguments.hpp"

// Which arguments are still there when a call has returned.
namespace batchnorm::detail {

/// Whether an argument, or what it marks, is an Eigen object with its values in memory.
template <typename T>
inline constexpr bool has_memory = ArgumentOf<T>::has_storage;
template <typename T>
inline constexpr bool has_memory<Residual<T>> = ArgumentOf<T>::has_storage;
template <typename T>
inline constexpr bool has_memory<TemporaryResidual<T>> = ArgumentOf<T>::has_storage;

/// Whether an object may own its values: a `Ref<const T>` has a copy of what it can't refer to.
template <typename T>
inline constexpr bool may_own = ArgumentOf<T>::is_owning;
template <typename T, int Options, typename Stride>
inline constexpr bool may_own<Eigen::Ref<const T, Options, Stride>> = true;

/// Whether what an argument holds is gone when a call has returned.
template <typename T>
inline constexpr bool is_gone = !std::is_lvalue_reference_v<T> && may_own<std::remove_cvref_t<T>>;
template <typename T>
inline constexpr bool is_gone<Residual<T>> = false;
template <typename T>
inline constexpr bool is_gone<TemporaryResidual<T>> = may_own<T>;

}  // namespace batchnorm::detail
