#include <gtest/gtest.h>

#include <type_traits>
#include <vector>

#include "fold_network.hpp"

// The law of folding, for every kind of map, rank and storage order: the folded map alone gives
// what the map and the layer give one after the other.

namespace {

using namespace fixtures;
using namespace fold_network;
using batchnorm::BatchNorm, batchnorm::fold, batchnorm::fold_into_next, batchnorm::groups,
    batchnorm::ChannelAxis, batchnorm::ChannelsLast, batchnorm::Eval;

template <typename Scalar>
using Vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

enum class Place { behind, in_front };

/// The call of the guide's table; `bias` is one vector or none.
template <Place place, Kind kind, int rank, typename Norm, typename Weight, typename... Bias>
auto fold_as_in_the_guide(const Map& map, const Norm& norm, const Weight& weight,
                          const Bias&... bias) {
  const Index count = map.groups;
  if constexpr (place == Place::behind) {
    if constexpr (kind == Kind::pytorch) return fold(norm, weight, bias...);
    if constexpr (kind == Kind::keras) return fold<ChannelsLast>(norm, weight, bias...);
    if constexpr (kind == Kind::keras_depthwise)
      return fold<ChannelsLast>(norm, weight, bias..., groups<ChannelAxis<rank - 2>>(count));
    if constexpr (kind == Kind::pytorch_transposed)
      return fold<ChannelAxis<1>>(norm, weight, bias..., groups<ChannelAxis<0>>(count));
    if constexpr (kind == Kind::keras_transposed)
      return fold<ChannelAxis<rank - 2>>(norm, weight, bias...);
  } else {
    if constexpr (kind == Kind::pytorch)
      return fold_into_next(norm, weight, bias..., groups<ChannelAxis<0>>(count));
    if constexpr (kind == Kind::keras)
      return fold_into_next<ChannelsLast>(norm, weight, bias..., groups<ChannelsLast>(count));
    if constexpr (kind == Kind::keras_depthwise)
      return fold_into_next<ChannelsLast>(norm, weight, bias...,
                                          groups<ChannelAxis<rank - 2>>(count));
  }
}

/// A matrix or a tensor, by one index.
template <typename Weight, std::size_t Rank>
auto& at(Weight& weight, const std::array<Index, Rank>& index) {
  if constexpr (Rank == 2) {
    return weight(index[0], index[1]);
  } else {
    return weight(index);
  }
}

template <typename Scalar, int Rank, int Order>
auto some_weight(const Map& map, std::uint64_t seed) {
  std::array<Index, Rank> extents{};
  for (int axis = 0; axis < Rank; ++axis)
    extents[static_cast<std::size_t>(axis)] = map.extent(axis);
  const auto filled = [&](auto weight) {
    for (Index k = 0; k < weight.size(); ++k)
      weight.data()[k] = static_cast<Scalar>(noise(seed, k, 5, 0));
    return weight;
  };
  if constexpr (Rank == 2) {
    using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Order>;
    return filled(Matrix(extents[0], extents[1]));
  } else {
    return filled(Eigen::Tensor<Scalar, Rank, Order>(extents));
  }
}

template <int Rank, typename Weight, typename Bias>
Image apply_map(const Map& map, const Weight& weight, const Bias& bias, const Image& x) {
  return apply<Rank>(
      map, [&](const auto& index) { return static_cast<Real>(at(weight, index)); },
      [&](Index c) { return static_cast<Real>(bias[c]); }, x);
}

template <int Rank, typename Weight, typename Bias>
Image sizes_of_map(const Map& map, const Weight& weight, const Bias& bias, const Image& x) {
  return apply<Rank>(
      map, [&](const auto& index) { return std::abs(static_cast<Real>(at(weight, index))); },
      [&](Index c) { return std::abs(static_cast<Real>(bias[c])); }, sizes(x));
}

/// Each value of the folded map is rounded once to Scalar, after a few roundings of double.
template <Place place, int Rank, typename Norm, typename Weight, typename Bias, typename Folded>
void expect_whole_network(const Map& map, const Norm& norm, const Weight& weight, const Bias& bias,
                          const Folded& folded) {
  using Scalar = typename Norm::Scalar;
  constexpr bool behind = place == Place::behind;
  const Image x = some_input(map, 4);
  const Image expected = behind ? normalized(norm, apply_map<Rank>(map, weight, bias, x))
                                : apply_map<Rank>(map, weight, bias, normalized(norm, x));
  const Image terms =
      behind ? sizes_of_normalized(norm, sizes_of_map<Rank>(map, weight, bias, x))
             : sizes_of_map<Rank>(map, weight, bias, sizes_of_normalized(norm, sizes(x)));
  ASSERT_EQ(folded.bias.size(), map.outputs());
  const Image got = apply_map<Rank>(map, folded.weight, folded.bias, x);
  const Image size = sizes_of_map<Rank>(map, folded.weight, folded.bias, x);
  for (std::size_t k = 0; k < got.values.size(); ++k) {
    const Real bound =
        1.001L * roundoff<Scalar> * size.values[k] + 8.0L * roundoff<double> * terms.values[k];
    EXPECT_LE(std::abs(got.values[k] - expected.values[k]), bound);
  }
}

template <Place place, Kind kind, typename Scalar, int Rank, int Order>
void check(const Map& map) {
  const Index channels = place == Place::behind ? map.outputs() : map.inputs();
  const BatchNorm<Scalar, Eval> norm(some_state<Scalar>(channels), {.epsilon = 0.125});
  const auto weight = some_weight<Scalar, Rank, Order>(map, 2);
  Vector<Scalar> bias(map.outputs());
  for (Index c = 0; c < bias.size(); ++c) bias[c] = static_cast<Scalar>(noise(3, c, 0, 0));
  const Vector<Scalar> none = Vector<Scalar>::Zero(map.outputs());

  expect_whole_network<place, Rank>(
      map, norm, weight, bias, fold_as_in_the_guide<place, kind, Rank>(map, norm, weight, bias));
  expect_whole_network<place, Rank>(map, norm, weight, none,
                                    fold_as_in_the_guide<place, kind, Rank>(map, norm, weight));
}

/// Maps of differing extents and of equal ones, with groups and without.
std::vector<Map> some_maps(Kind kind, int rank) {
  std::vector<Map> maps;
  const auto some = [](std::uint64_t seed, Index most) {
    return 1 + static_cast<Index>((noise(seed, 1, 2, 3) + 1) / 2 * static_cast<double>(most));
  };
  for (std::uint64_t seed = 100; seed < 112; ++seed) {
    const bool equal = seed % 3 == 0;
    Map map{.kind = kind, .rank = rank, .stride = some(seed + 1, 2)};
    map.inputs_of_group = some(seed + 20, 4);
    map.outputs_of_group = equal ? map.inputs_of_group : some(seed + 40, 4);
    map.groups = equal ? 1 : some(seed + 60, 4);
    for (int axis = 0; axis < rank - 2; ++axis)
      map.kernel[static_cast<std::size_t>(axis)] =
          equal ? map.inputs_of_group : some(seed + 80 + static_cast<std::uint64_t>(axis), 3);
    if (kind == Kind::keras_depthwise) {
      map.groups *= map.inputs_of_group;
      map.inputs_of_group = 1;
    }
    if (kind == Kind::keras_transposed) map.groups = 1;
    maps.push_back(map);
  }
  return maps;
}

template <Place place, Kind kind, int Rank>
void check_in_both_orders() {
  for (const Map& map : some_maps(kind, Rank)) {
    check<place, kind, float, Rank, Eigen::RowMajor>(map);
    check<place, kind, float, Rank, Eigen::ColMajor>(map);
    check<place, kind, double, Rank, Eigen::RowMajor>(map);
  }
}

template <Place place, Kind kind>
void check_all_ranks() {
  check_in_both_orders<place, kind, 2>();
  check_in_both_orders<place, kind, 3>();
  check_in_both_orders<place, kind, 4>();
  check_in_both_orders<place, kind, 5>();
}

TEST(FoldBehind, PyTorchsLinearMapsAndConvolutions) {
  check_all_ranks<Place::behind, Kind::pytorch>();
}
TEST(FoldBehind, KerasLinearMapsAndConvolutions) { check_all_ranks<Place::behind, Kind::keras>(); }
TEST(FoldBehind, DepthwiseConvolutions) { check_all_ranks<Place::behind, Kind::keras_depthwise>(); }
TEST(FoldBehind, PyTorchsTransposedConvolutions) {
  check_all_ranks<Place::behind, Kind::pytorch_transposed>();
}
TEST(FoldBehind, KerasTransposedConvolutions) {
  check_all_ranks<Place::behind, Kind::keras_transposed>();
}
TEST(FoldIntoNext, PyTorchsLinearMapsAndConvolutions) {
  check_all_ranks<Place::in_front, Kind::pytorch>();
}
TEST(FoldIntoNext, KerasLinearMapsAndConvolutions) {
  check_all_ranks<Place::in_front, Kind::keras>();
}
TEST(FoldIntoNext, DepthwiseConvolutions) {
  check_all_ranks<Place::in_front, Kind::keras_depthwise>();
}

}  // namespace
