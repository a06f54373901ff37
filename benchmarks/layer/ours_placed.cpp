#include "ours.hpp"

namespace benchmarks {
namespace {

/// This library on arrays of its own, which do not lie in memory as comfortably as they could.
/// `Place` has the arrays' type and copies from and to the buffers.
template <typename Place, typename Axis, typename Activation>
class Placed : public Contender {
 public:
  explicit Placed(const Problem& problem)
      : problem_(problem),
        x_(problem.shape),
        dy_(problem.shape),
        y_(problem.shape),
        dx_(problem.shape),
        layers_(problem) {}

  void load() override {
    x_.take(problem_.shape, problem_.buffers->x);
    dy_.take(problem_.shape, problem_.buffers->dy);
  }

  void unload(Operation operation) override {
    if (operation == Operation::backward) {
      dx_.give(problem_.shape, problem_.buffers->dx);
    } else {
      y_.give(problem_.shape, problem_.buffers->y);
    }
  }

  void forward() override { layers_.trained.forward(x_.array, y_.array); }
  void backward() override { layers_.trained.backward(x_.array, dy_.array, dx_.array); }
  void inference() override { layers_.deployed.forward(x_.array, y_.array); }

 private:
  const Problem problem_;
  Place x_;
  Place dy_;
  Place y_;
  Place dx_;
  Layers<Axis, Activation> layers_;
};

template <bool Planes>
Eigen::array<Index, 3> dimensions(const Shape& shape) {
  if constexpr (Planes) return {shape.samples, shape.channels, shape.spatial};
  return {shape.samples, shape.spatial, shape.channels};
}

/// A row-major tensor that begins one float behind an aligned address.
template <bool Planes>
struct Unaligned {
  explicit Unaligned(const Shape& shape)
      : values(shape.size() + 1), array(values.data() + 1, dimensions<Planes>(shape)) {}

  void take(const Shape& shape, const Eigen::ArrayXf& from) { values.tail(shape.size()) = from; }
  void give(const Shape& shape, Eigen::ArrayXf& to) const { to = values.tail(shape.size()); }

  Eigen::ArrayXf values;
  Eigen::TensorMap<Eigen::Tensor<float, 3, Eigen::RowMajor>> array;
};

/// A column-major tensor, Eigen's default: positions or channels lie farthest apart.
template <bool Planes>
struct ColumnMajor {
  using RowMajorMap = Eigen::TensorMap<Eigen::Tensor<float, 3, Eigen::RowMajor>>;
  static constexpr Eigen::array<Index, 3> backwards{2, 1, 0};

  explicit ColumnMajor(const Shape& shape) : array(dimensions<Planes>(shape)) {}

  void take(const Shape& shape, Eigen::ArrayXf& from) {
    array = RowMajorMap(from.data(), dimensions<Planes>(shape)).swap_layout().shuffle(backwards);
  }
  void give(const Shape& shape, Eigen::ArrayXf& to) const {
    RowMajorMap(to.data(), dimensions<Planes>(shape)) = array.swap_layout().shuffle(backwards);
  }

  Eigen::Tensor<float, 3> array;
};

/// Columns out of the midst of a wider row-major matrix.
struct Block {
  using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  static constexpr Index left = 3;
  static constexpr Index right = 4;

  explicit Block(const Shape& shape)
      : whole(Matrix::Zero(shape.count(), left + shape.channels + right)),
        array(whole.middleCols(left, shape.channels)) {}

  void take(const Shape& shape, const Eigen::ArrayXf& from) {
    array = Eigen::Map<const Matrix>(from.data(), shape.count(), shape.channels);
  }
  void give(const Shape& shape, Eigen::ArrayXf& to) const {
    Eigen::Map<Matrix>(to.data(), shape.count(), shape.channels) = array;
  }

  Matrix whole;
  Eigen::Block<Matrix> array;
};

/// Only where the memory's comfort is the question.
template <template <bool> class Place>
std::unique_ptr<Contender> make(const Problem& problem) {
  if (!problem.shape.placed) return nullptr;
  if (problem.layout == Layout::planes)
    return with_activation<Placed, Place<true>, batchnorm::ChannelsFirst>(problem);
  return with_activation<Placed, Place<false>, batchnorm::ChannelsLast>(problem);
}

std::unique_ptr<Contender> make_block(const Problem& problem) {
  if (!problem.shape.placed || problem.layout == Layout::planes) return nullptr;
  return with_activation<Placed, Block, batchnorm::ChannelAxis<1>>(problem);
}

}  // namespace

Entry ours_unaligned() {
  return {"ours-unaligned", "this library, arrays one float behind an aligned address",
          Role::placed, Scope::everywhere, make<Unaligned>};
}

Entry ours_column_major() {
  return {"ours-column-major", "this library, column-major tensors", Role::placed,
          Scope::everywhere, make<ColumnMajor>};
}

Entry ours_block() {
  return {"ours-block", "this library, columns of a wider matrix", Role::placed, Scope::everywhere,
          make_block};
}

}  // namespace benchmarks
