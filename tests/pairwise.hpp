#pragma once

#include <gtest/gtest.h>

#include <array>
#include <batchnorm/batchnorm.hpp>
#include <cstddef>
#include <string>
#include <tuple>
#include <utility>

#include "arguments.hpp"
#include "fixtures.hpp"
#include "shapes.hpp"

/// The instances that the typed suites run on: few enough to compile, and any two levels of any two
/// factors meet in one of them, which the compiler checks below. Shapes, and residuals present or
/// absent, are run through in every instance.
namespace fixtures {

using Scalars = std::tuple<float, double>;
using Axes =
    std::tuple<batchnorm::ChannelsFirst, batchnorm::ChannelsLast, batchnorm::ChannelAxis<0>>;
using Affines = std::tuple<batchnorm::ScaleAndShift, batchnorm::ScaleOnly, batchnorm::ShiftOnly,
                           batchnorm::NoAffine>;
using Modes = std::tuple<batchnorm::Train, batchnorm::Frozen, batchnorm::Eval>;
using Activations = std::tuple<batchnorm::NoActivation, batchnorm::ReLU>;
template <typename S, int O>
using Kinds = std::tuple<MatrixKind<S, O>, ArrayKind<S, O>, MapKind<S, O>, StridedMapKind<S, O>,
                         RefKind<S, O>, BlockKind<S, O>, TransposeKind<S, O>, Tensor2Kind<S, O>,
                         Tensor3Kind<S, O>, Tensor4Kind<S, O>, Tensor5Kind<S, O>,
                         TensorMapKind<S, O>, SmallTensorFixedSizeKind<S, O>>;

enum Factor : std::size_t { scalar, order, axis, affine, mode, activation, kind, factors };
inline constexpr std::array<std::size_t, factors> levels{
    2, 2, 3, 4, 3, 2, std::tuple_size_v<Kinds<float, 0>>};
using Instance = std::array<std::size_t, factors>;

/// Every kind with every affine policy; the other factors are spread over them. All but kind and
/// order follow from axis and affine, so that there are twelve layers to compile.
constexpr Instance instance(std::size_t number) {
  Instance of{};
  of[kind] = number / levels[affine];
  of[affine] = number % levels[affine];
  of[axis] = (of[affine] + of[kind]) % levels[axis];
  of[mode] = (of[axis] + of[affine]) % levels[mode];
  of[scalar] = (of[axis] / 2 + of[affine] / 2) % 2;
  of[order] = (of[affine] / 2 + of[kind] / 2) % 2;
  of[activation] = (of[axis] / 2 + of[affine]) % 2;
  return of;
}
inline constexpr std::size_t instances = levels[kind] * levels[affine];

constexpr bool meet(std::size_t first, std::size_t a, std::size_t second, std::size_t b) {
  for (std::size_t number = 0; number < instances; ++number)
    if (instance(number)[first] == a && instance(number)[second] == b) return true;
  return false;
}

constexpr bool every_pair_meets() {
  for (std::size_t first = 0; first < factors; ++first)
    for (std::size_t second = first + 1; second < factors; ++second)
      for (std::size_t a = 0; a < levels[first]; ++a)
        for (std::size_t b = 0; b < levels[second]; ++b)
          if (!meet(first, a, second, b)) return false;
  return true;
}
static_assert(every_pair_meets());

template <std::size_t Number>
struct Case {
  static constexpr Instance levels = instance(Number);
  static constexpr int order = levels[Factor::order] == 0 ? Eigen::RowMajor : Eigen::ColMajor;
  using Scalar = std::tuple_element_t<levels[Factor::scalar], Scalars>;
  using Axis = std::tuple_element_t<levels[Factor::axis], Axes>;
  using Affine = std::tuple_element_t<levels[Factor::affine], Affines>;
  using Mode = std::tuple_element_t<levels[Factor::mode], Modes>;
  using Activation = std::tuple_element_t<levels[Factor::activation], Activations>;
  using Kind = std::tuple_element_t<levels[Factor::kind], Kinds<Scalar, order>>;
  using Layer = batchnorm::BatchNorm<Scalar, Mode, Axis, Affine, Activation>;

  static constexpr Index axis = levels[Factor::axis] == 0   ? 1
                                : levels[Factor::axis] == 1 ? Index{Kind::rank} - 1
                                                            : 0;
  static constexpr bool learns = !std::is_same_v<Mode, batchnorm::Eval>;

  static reference::Settings settings() {
    reference::Settings settings;
    settings.mode = to_reference<Mode>();
    settings.relu = levels[Factor::activation] == 1;
    return settings;
  }

  /// Training refuses one value per channel.
  static bool refuses(const reference::Shape& shape) {
    return std::is_same_v<Mode, batchnorm::Train> && shape.count() == 1;
  }
};

/// Names an instance in the output of the tests: its number and its kind of argument.
struct CaseName {
  template <typename C>
  static std::string GetName(int number) {
    return std::to_string(number) + C::Kind::name;
  }
};

template <std::size_t... Numbers>
::testing::Types<Case<Numbers>...> cases(std::index_sequence<Numbers...>);
using Cases = decltype(cases(std::make_index_sequence<instances>{}));

}  // namespace fixtures
