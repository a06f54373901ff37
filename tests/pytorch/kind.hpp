#pragma once

#include <algorithm>
#include <array>
#include <batchnorm/batchnorm.hpp>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <unsupported/Eigen/CXX11/Tensor>
#include <vector>

namespace batchnorm_tests::pytorch {

template <typename Policy, typename... Policies>
inline constexpr bool is_among = (std::is_same_v<Policy, Policies> || ...);

/// What of a case is known when compiling: the layer's type and the rank R of its data.
template <typename S, int R, bool WithResidual, typename... Policies>
struct Kind {
  using Scalar = S;
  using Tensor = Eigen::Tensor<S, R, Eigen::RowMajor>;
  using Vector = Eigen::Vector<S, Eigen::Dynamic>;
  template <typename Mode>
  using Layer =
      std::conditional_t<R == 4, batchnorm::BatchNorm2d<S, Mode, Policies...>,
                         std::conditional_t<R == 5, batchnorm::BatchNorm3d<S, Mode, Policies...>,
                                            batchnorm::BatchNorm1d<S, Mode, Policies...>>>;
  static constexpr bool with_residual = WithResidual;
  static constexpr bool tracked = !is_among<batchnorm::NoRunningStatistics, Policies...>;
  static constexpr bool scaled =
      !is_among<batchnorm::NoAffine, Policies...> && !is_among<batchnorm::ShiftOnly, Policies...>;
  static constexpr bool shifted =
      !is_among<batchnorm::NoAffine, Policies...> && !is_among<batchnorm::ScaleOnly, Policies...>;

  static Tensor tensor(const std::vector<std::int64_t>& shape, const std::vector<double>& values) {
    std::array<Eigen::Index, static_cast<std::size_t>(R)> sizes{};
    std::copy(shape.begin(), shape.end(), sizes.begin());
    Tensor result(sizes);
    std::transform(values.begin(), values.end(), result.data(),
                   [](double value) { return static_cast<S>(value); });
    return result;
  }

  static Vector vector(const std::vector<double>& values) {
    return Eigen::Map<const Eigen::VectorXd>(values.data(),
                                             static_cast<Eigen::Index>(values.size()))
        .template cast<S>();
  }
};

}  // namespace batchnorm_tests::pytorch
