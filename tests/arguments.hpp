#pragma once

#include <Eigen/Core>
#include <array>
#include <cstddef>
#include <type_traits>
#include <unsupported/Eigen/CXX11/Tensor>
#include <vector>

#include "reference.hpp"

/// One class per kind of argument: it owns the storage, `get()` gives what a user would pass, and
/// `untouched()` tells whether the storage around the elements is as it was.
namespace fixtures {

using Eigen::Index;

template <std::size_t R>
using Dimensions = std::array<Index, R>;

template <typename Scalar, int Order>
using MatrixOf = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Order>;

/// Element `index` of any object of Eigen's.
template <typename Object>
decltype(auto) element(Object&& object, const Dimensions<2>& index) {
  if constexpr (requires { object.coeff(index[0], index[1]); })
    return object(index[0], index[1]);
  else
    return object(index);
}
template <typename Object, std::size_t R>
decltype(auto) element(Object&& object, const Dimensions<R>& index) {
  return object(index);
}

using reference::index_of, reference::shape_of;

/// The values of an object, as doubles.
template <typename Object, std::size_t R>
reference::Values read(const Object& object, const Dimensions<R>& dimensions, Index axis) {
  reference::Values values(shape_of(dimensions, axis));
  reference::for_each(values.shape(), [&](Index o, Index c, Index i) {
    values(o, c, i) = static_cast<double>(element(object, index_of(dimensions, axis, o, c, i)));
  });
  return values;
}

template <typename Object, std::size_t R>
void write(Object&& object, const Dimensions<R>& dimensions, Index axis,
           const reference::Values& values) {
  reference::for_each(values.shape(), [&](Index o, Index c, Index i) {
    auto& target = element(object, index_of(dimensions, axis, o, c, i));
    target = static_cast<std::remove_reference_t<decltype(target)>>(values(o, c, i));
  });
}

/// What the storage around the elements of a view is filled with.
inline constexpr int surroundings = -77;

/// A matrix and everything of it that a window does not cover.
template <typename Matrix>
class Framed {
 public:
  Framed(Index rows, Index cols) : all_(Matrix::Constant(rows, cols, filling)) {}
  Matrix& all() { return all_; }
  template <typename Window>
  bool untouched(const Window& window) const {
    Framed copy = *this;
    window(copy.all_).setConstant(filling);
    return (copy.all_.array() == filling).all();
  }

 private:
  static inline const auto filling = static_cast<typename Matrix::Scalar>(surroundings);

  Matrix all_;
};

template <typename Matrix>
class OwningMatrix {
 public:
  static constexpr std::size_t rank = 2;
  explicit OwningMatrix(const Dimensions<2>& d) : values_(d[0], d[1]) {}
  Matrix& get() { return values_; }
  static bool untouched() { return true; }

 private:
  Matrix values_;
};

template <typename Scalar, int Order>
struct MatrixKind : OwningMatrix<MatrixOf<Scalar, Order>> {
  static constexpr const char* name = "Matrix";
  using OwningMatrix<MatrixOf<Scalar, Order>>::OwningMatrix;
};

template <typename Scalar, int Order>
using ArrayOf = Eigen::Array<Scalar, Eigen::Dynamic, Eigen::Dynamic, Order>;

template <typename Scalar, int Order>
struct ArrayKind : OwningMatrix<ArrayOf<Scalar, Order>> {
  static constexpr const char* name = "Array";
  using OwningMatrix<ArrayOf<Scalar, Order>>::OwningMatrix;
};

template <typename Scalar, int Order>
class MapKind {
 public:
  static constexpr const char* name = "Map";
  static constexpr std::size_t rank = 2;
  explicit MapKind(const Dimensions<2>& d)
      : dimensions_(d), data_(static_cast<std::size_t>(d[0] * d[1] + 1), Scalar(surroundings)) {}
  auto get() {
    return Eigen::Map<MatrixOf<Scalar, Order>>(data_.data() + 1, dimensions_[0], dimensions_[1]);
  }
  bool untouched() const { return data_.front() == Scalar(surroundings); }

 private:
  Dimensions<2> dimensions_;
  std::vector<Scalar> data_;
};

/// Every second element, and a gap behind every row or column.
template <typename Scalar, int Order>
class StridedMapKind {
 public:
  static constexpr const char* name = "StridedMap";
  static constexpr std::size_t rank = 2;
  explicit StridedMapKind(const Dimensions<2>& d)
      : dimensions_(d), parent_((Order == Eigen::RowMajor ? d[0] : d[1]), lead(d)) {}
  auto get() { return window(parent_.all()); }
  bool untouched() const {
    return parent_.untouched([this](auto& all) { return this->window(all); });
  }

 private:
  using Strides = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
  static Index lead(const Dimensions<2>& d) {
    return 2 * (Order == Eigen::RowMajor ? d[1] : d[0]) + 3;
  }
  template <typename Parent>
  auto window(Parent& all) const {
    return Eigen::Map<MatrixOf<Scalar, Order>, 0, Strides>(
        all.data(), dimensions_[0], dimensions_[1], Strides(lead(dimensions_), 2));
  }

  Dimensions<2> dimensions_;
  Framed<MatrixOf<Scalar, Eigen::RowMajor>> parent_;
};

template <typename Scalar, int Order>
class BlockKind {
 public:
  static constexpr const char* name = "Block";
  static constexpr std::size_t rank = 2;
  explicit BlockKind(const Dimensions<2>& d) : dimensions_(d), parent_(d[0] + 3, d[1] + 5) {}
  auto get() { return window(parent_.all()); }
  bool untouched() const {
    return parent_.untouched([this](auto& all) { return this->window(all); });
  }

 protected:
  template <typename Parent>
  auto window(Parent& all) const {
    return all.block(1, 2, dimensions_[0], dimensions_[1]);
  }

  Dimensions<2> dimensions_;
  Framed<MatrixOf<Scalar, Order>> parent_;
};

template <typename Scalar, int Order>
struct RefKind : BlockKind<Scalar, Order> {
  static constexpr const char* name = "Ref";
  using BlockKind<Scalar, Order>::BlockKind;
  auto get() { return Eigen::Ref<MatrixOf<Scalar, Order>>(this->window(this->parent_.all())); }
};

template <typename Scalar, int Order>
class TransposeKind {
 public:
  static constexpr const char* name = "Transpose";
  static constexpr std::size_t rank = 2;
  explicit TransposeKind(const Dimensions<2>& d) : parent_(d[1], d[0]) {}
  auto get() { return parent_.transpose(); }
  static bool untouched() { return true; }

 private:
  MatrixOf<Scalar, Order> parent_;
};

template <typename Scalar, int Order, int R>
class TensorKind {
 public:
  static constexpr std::size_t rank = R;
  explicit TensorKind(const Dimensions<rank>& d) : values_(d) {}
  Eigen::Tensor<Scalar, R, Order>& get() { return values_; }
  static bool untouched() { return true; }

 private:
  Eigen::Tensor<Scalar, R, Order> values_;
};
template <typename Scalar, int Order>
struct Tensor2Kind : TensorKind<Scalar, Order, 2> {
  static constexpr const char* name = "Tensor2";
  using TensorKind<Scalar, Order, 2>::TensorKind;
};
template <typename Scalar, int Order>
struct Tensor3Kind : TensorKind<Scalar, Order, 3> {
  static constexpr const char* name = "Tensor3";
  using TensorKind<Scalar, Order, 3>::TensorKind;
};
template <typename Scalar, int Order>
struct Tensor4Kind : TensorKind<Scalar, Order, 4> {
  static constexpr const char* name = "Tensor4";
  using TensorKind<Scalar, Order, 4>::TensorKind;
};
template <typename Scalar, int Order>
struct Tensor5Kind : TensorKind<Scalar, Order, 5> {
  static constexpr const char* name = "Tensor5";
  using TensorKind<Scalar, Order, 5>::TensorKind;
};

template <typename Scalar, int Order>
class TensorMapKind {
 public:
  static constexpr const char* name = "TensorMap";
  static constexpr std::size_t rank = 4;
  explicit TensorMapKind(const Dimensions<4>& d)
      : dimensions_(d),
        data_(static_cast<std::size_t>(d[0] * d[1] * d[2] * d[3] + 1), Scalar(surroundings)) {}
  auto get() {
    return Eigen::TensorMap<Eigen::Tensor<Scalar, 4, Order>>(data_.data() + 1, dimensions_);
  }
  bool untouched() const { return data_.front() == Scalar(surroundings); }

 private:
  Dimensions<4> dimensions_;
  std::vector<Scalar> data_;
};

/// Its dimensions are those of the type, whatever was asked for.
template <typename Scalar, int Order, Index... D>
class TensorFixedSizeKind {
 public:
  static constexpr const char* name = "TensorFixedSize";
  static constexpr std::size_t rank = sizeof...(D);
  static constexpr Dimensions<rank> fixed{D...};
  explicit TensorFixedSizeKind(const Dimensions<rank>&) {}
  Eigen::TensorFixedSize<Scalar, Eigen::Sizes<D...>, Order>& get() { return values_; }
  static bool untouched() { return true; }

 private:
  Eigen::TensorFixedSize<Scalar, Eigen::Sizes<D...>, Order> values_;
};
template <typename Scalar, int Order>
using SmallTensorFixedSizeKind = TensorFixedSizeKind<Scalar, Order, 3, 5, 4, 2>;

}  // namespace fixtures
