// Every batch of an epoch is told from every other, though images have empty edges and are like
// each other.
#include <gtest/gtest.h>

#include <batchnorm/batchnorm.hpp>
#include <stdexcept>
#include <vector>

#include "dataset.hpp"

namespace {

using batchnorm::BatchNorm;
using mlp::Index;
using Images = Eigen::Tensor<float, 4, Eigen::RowMajor>;

constexpr Index side = 8;

struct FirstChannels {
  using Axis = batchnorm::ChannelsFirst;
  static Images empty(Index images, Index channels) { return {images, channels, side, side}; }
  static float& at(Images& x, Index n, Index c, Index h, Index w) { return x(n, c, h, w); }
};

struct LastChannels {
  using Axis = batchnorm::ChannelsLast;
  static Images empty(Index images, Index channels) { return {images, side, side, channels}; }
  static float& at(Images& x, Index n, Index c, Index h, Index w) { return x(n, h, w, c); }
};

template <typename Layout>
class DigitBatches : public testing::Test {
 protected:
  /// The batches of an epoch; every channel holds the digits in another strength.
  static std::vector<Images> batches(Index size, Index channels) {
    static const mlp::Dataset digits = mlp::load_dataset(MLP_DIGITS);
    std::vector<Images> result;
    for (Index first = 0; first + size <= digits.train.images.rows(); first += size) {
      Images x = Layout::empty(size, channels);
      for (Index n = 0; n < size; ++n)
        for (Index c = 0; c < channels; ++c)
          for (Index p = 0; p < side * side; ++p)
            Layout::at(x, n, c, p / side, p % side) =
                static_cast<float>(c + 1) * digits.train.images(first + n, p);
      result.push_back(x);
    }
    return result;
  }

  /// Pairs of batches of which backward took the second for the first.
  static Index confused(const std::vector<Images>& all) {
    BatchNorm<float, batchnorm::Train, typename Layout::Axis> layer(
        all[0].dimension(Layout::Axis::axis(4)));
    Images y(all[0].dimensions());
    Index count = 0;
    for (std::size_t a = 0; a < all.size(); ++a) {
      layer.forward(all[a], y);
      for (std::size_t b = 0; b < all.size(); ++b) {
        if (a != b && !refuses(layer, all[b], y)) ++count;
      }
    }
    return count;
  }

 private:
  template <typename Layer>
  static bool refuses(Layer& layer, const Images& x, Images& dx) {
    try {
      layer.backward(x, x, dx);
      return false;
    } catch (const std::invalid_argument&) {
      return true;
    }
  }
};
using Layouts = testing::Types<FirstChannels, LastChannels>;
TYPED_TEST_SUITE(DigitBatches, Layouts);

TYPED_TEST(DigitBatches, AreToldFromEachOther) {
  for (const Index size : {16, 32, 60, 64})
    for (const Index channels : {1, 3, 16, 64})
      EXPECT_EQ(this->confused(this->batches(size, channels)), 0)
          << size << " images, " << channels << " channels";
}

}  // namespace
