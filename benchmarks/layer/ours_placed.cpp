#include "ours.hpp"

// This library on arrays of its own, which do not lie in memory as comfortably as they could.
namespace benchmarks {
namespace {

using RowMajorMap = Eigen::TensorMap<Eigen::Tensor<float, 3, Eigen::RowMajor>>;

/// Begins one float behind an aligned address.
class Unaligned {
  Eigen::ArrayXf& buffer_;
  Eigen::ArrayXf values_;

 public:
  Unaligned(const Problem& problem, Eigen::ArrayXf& buffer)
      : buffer_(buffer), values_(buffer.size() + 1), array(values_.data() + 1, problem.extents()) {}
  Unaligned(const Unaligned&) = delete;
  Unaligned& operator=(const Unaligned&) = delete;

  void take() { values_.tail(buffer_.size()) = buffer_; }
  void give() { buffer_ = values_.tail(buffer_.size()); }

  RowMajorMap array;
};

/// Eigen's default order: positions or channels lie farthest apart.
class ColumnMajor {
  static constexpr Eigen::array<Index, 3> backwards{2, 1, 0};
  RowMajorMap buffer_;

 public:
  ColumnMajor(const Problem& problem, Eigen::ArrayXf& buffer)
      : buffer_(buffer.data(), problem.extents()), array(problem.extents()) {}

  void take() { array = buffer_.swap_layout().shuffle(backwards); }
  void give() { buffer_ = array.swap_layout().shuffle(backwards); }

  Eigen::Tensor<float, 3> array;
};

/// Columns out of the midst of a wider row-major matrix.
class Block {
  using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  static constexpr Index left = 3;
  static constexpr Index right = 4;

  Eigen::Map<Matrix> buffer_;
  Matrix whole_;

 public:
  Block(const Problem& problem, Eigen::ArrayXf& buffer)
      : buffer_(buffer.data(), problem.shape.count(), problem.shape.channels),
        whole_(Matrix::Zero(buffer_.rows(), left + buffer_.cols() + right)),
        array(whole_.middleCols(left, buffer_.cols())) {}
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  void take() { array = buffer_; }
  void give() { buffer_ = array; }

  Eigen::Block<Matrix> array;
};

std::unique_ptr<Contender> make_block(const Problem& problem) {
  if (problem.layout == Layout::planes) return nullptr;
  return with_activation<Ours, Block, batchnorm::ChannelAxis<1>>(problem);
}

}  // namespace

Entry ours_unaligned() {
  return {"ours-unaligned", "this library, arrays one float behind an aligned address",
          Role::placed, Scope::placed, make_ours<Ours, Unaligned>};
}

Entry ours_column_major() {
  return {"ours-column-major", "this library, column-major tensors", Role::placed, Scope::placed,
          make_ours<Ours, ColumnMajor>};
}

Entry ours_block() {
  return {"ours-block", "this library, columns of a wider matrix", Role::placed, Scope::placed,
          make_block};
}

}  // namespace benchmarks
