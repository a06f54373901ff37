#pragma once

#include <Eigen/Core>
#include <array>
#include <type_traits>
#include <unsupported/Eigen/CXX11/Tensor>

#include "../../view.hpp"
#include "../refusal/message.hpp"

// This room is what a user gives: kinds of arguments, forms of a call, policies, and the refusal of
// what does not fit. It knows no kernel.
// In: Eigen objects, marks and policies, as they stand in a call.
// Out: checked views (view.hpp), and one form for every call.
//
// This file: what the library must know of an Eigen object. Extents and strides per axis, where its
// values are, and whether it owns them. Matrices and tensors differ here and nowhere else.
namespace batchnorm::detail {

inline constexpr int max_rank = 5;

/// Extents of an argument, as the user sees them.
struct Shape {
  int rank = 0;
  std::array<Index, max_rank> extents{};

  bool operator==(const Shape&) const = default;
};

inline void append_to(Message& message, const Shape& shape) {
  for (int axis = 0; axis < shape.rank; ++axis) {
    message.append(axis == 0 ? "(" : ", ");
    message.append(shape.extents[static_cast<std::size_t>(axis)]);
  }
  message.append(")");
}

/// Answers for what is no Eigen object.
template <typename T>
struct Argument {
  static constexpr bool is_eigen = false;
  static constexpr bool has_storage = false;
};

/// Of a type like `v.head(n)`, the base is that of another.
template <typename T>
std::true_type is_dense(const Eigen::DenseBase<T>*);
std::false_type is_dense(const void*);

template <typename T>
concept MatrixLike =
    std::is_object_v<T> && decltype(is_dense(static_cast<const T*>(nullptr)))::value;

template <typename T>
concept TensorLike = std::is_base_of_v<Eigen::TensorBase<T, Eigen::ReadOnlyAccessors>, T>;

/// A tensor expression without storage; what has storage is specialised below.
template <TensorLike T>
struct Argument<T> {
  static constexpr bool is_eigen = true;
  static constexpr bool has_storage = false;
};

template <MatrixLike T>
struct Argument<T> {
  using Scalar = typename T::Scalar;
  using Owning = typename T::PlainObject;

  static constexpr bool is_eigen = true;
  static constexpr bool has_storage =
      (int{T::Flags} & int{Eigen::DirectAccessBit}) != 0 && requires(const T& t) {
    t.data();
    t.innerStride();
    t.outerStride();
  };
  static constexpr bool is_owning = std::is_base_of_v<Eigen::PlainObjectBase<T>, T>;
  static constexpr bool is_writable = Eigen::internal::is_lvalue<T>::value;
  static constexpr bool is_row_major = bool{T::IsRowMajor};
  static constexpr int rank = 2;

  static Shape shape(const T& t) { return {2, {t.rows(), t.cols()}}; }

  static std::array<Index, max_rank> strides(const T& t) {
    if constexpr (is_row_major) return {t.outerStride(), t.innerStride()};
    return {t.innerStride(), t.outerStride()};
  }

  static bool can_resize(const Shape& to) {
    return is_owning && fits(T::RowsAtCompileTime, T::MaxRowsAtCompileTime, to.extents[0]) &&
           fits(T::ColsAtCompileTime, T::MaxColsAtCompileTime, to.extents[1]);
  }

  static void resize(T& t, const Shape& to) {
    if constexpr (is_owning) t.resize(to.extents[0], to.extents[1]);
  }

 private:
  static bool fits(Index fixed, Index most, Index extent) {
    return (fixed == Eigen::Dynamic || fixed == extent) &&
           (most == Eigen::Dynamic || extent <= most);
  }
};

/// What all tensors with storage have in common; their elements are packed.
template <typename T, typename TensorScalar, int Rank, int Options, bool OwnsValues, bool Writable>
struct TensorArgument {
  using Scalar = TensorScalar;
  using Owning = Eigen::Tensor<Scalar, Rank, Options& int{Eigen::RowMajor}, Index>;

  static constexpr bool is_eigen = true;
  static constexpr bool has_storage = true;
  static constexpr bool is_owning = OwnsValues;
  static constexpr bool is_writable = Writable;
  static constexpr bool is_row_major = (Options & int{Eigen::RowMajor}) != 0;
  static constexpr int rank = Rank;

  static Shape shape(const T& t) {
    Shape result{Rank, {}};
    for (int axis = 0; axis < Rank; ++axis) {
      // Eigen's index type differs between tensors; this one converts to all of them.
      const auto at = static_cast<unsigned short>(axis);
      result.extents[at] = static_cast<Index>(t.dimension(at));
    }
    return result;
  }

  static std::array<Index, max_rank> strides(const T& t) {
    const Shape extents = shape(t);
    std::array<Index, max_rank> result{};
    Index stride = 1;
    for (int step = 0; step < Rank; ++step) {
      const auto axis = static_cast<std::size_t>(is_row_major ? Rank - 1 - step : step);
      result[axis] = stride;
      stride *= extents.extents[axis];
    }
    return result;
  }

  static bool can_resize(const Shape& /*to*/) { return false; }
  static void resize(T& /*t*/, const Shape& /*to*/) {}
};

template <typename S, int Rank, int Options, typename IndexType>
struct Argument<Eigen::Tensor<S, Rank, Options, IndexType>>
    : TensorArgument<Eigen::Tensor<S, Rank, Options, IndexType>, S, Rank, Options, true, true> {
  using Tensor = Eigen::Tensor<S, Rank, Options, IndexType>;

  static bool can_resize(const Shape& /*to*/) { return true; }

  static void resize(Tensor& t, const Shape& to) {
    typename Tensor::Dimensions dimensions;
    for (std::size_t axis = 0; axis < std::size_t{Rank}; ++axis) {
      dimensions[axis] = static_cast<IndexType>(to.extents[axis]);
    }
    t.resize(dimensions);
  }
};

template <typename S, typename Sizes, int Options, typename IndexType>
struct Argument<Eigen::TensorFixedSize<S, Sizes, Options, IndexType>>
    : TensorArgument<Eigen::TensorFixedSize<S, Sizes, Options, IndexType>, S,
                     static_cast<int>(Sizes::count), Options, true, true> {};

template <typename Plain, int Options, template <typename> typename MakePointer>
struct Argument<Eigen::TensorMap<Plain, Options, MakePointer>>
    : TensorArgument<Eigen::TensorMap<Plain, Options, MakePointer>,
                     std::remove_const_t<typename std::remove_const_t<Plain>::Scalar>,
                     std::remove_const_t<Plain>::NumIndices,
                     int{std::remove_const_t<Plain>::Layout}, false,
                     !std::is_const_v<Plain> &&
                         !std::is_const_v<typename std::remove_const_t<Plain>::Scalar>> {};

template <typename T>
using ArgumentOf = Argument<std::remove_cvref_t<T>>;

template <typename T>
concept EigenArgument = ArgumentOf<T>::is_eigen;

}  // namespace batchnorm::detail
