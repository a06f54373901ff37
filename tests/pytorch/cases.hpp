#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

/// The configurations whose values PyTorch computed: read by the program that writes the values
/// and by the test that compares them, so that neither can drift from the other.
namespace batchnorm_tests::pytorch {

enum class Precision { single, twice };
enum class Affine { both, scale, shift, none };

struct Case {
  std::string name;  ///< also the name of the file in `values/`
  Precision precision = Precision::single;
  std::vector<std::int64_t> samples;     ///< N of each training step; evaluation uses the last
  std::vector<std::int64_t> features;    ///< C, then the spatial sizes
  std::optional<double> momentum = 0.1;  ///< weight of the new value; none: cumulative
  double epsilon = 1e-5;
  double offset = 0;  ///< distance of the channel means from 0 in units of half the range of x
  Affine affine = Affine::both;
  bool tracked = true;  ///< PyTorch's `track_running_stats`
  bool relu = false;
  bool residual = false;

  std::int64_t channels() const { return features.front(); }

  /// Product of the spatial sizes, S.
  std::int64_t spatial() const {
    return std::accumulate(features.begin() + 1, features.end(), std::int64_t{1},
                           std::multiplies<>());
  }

  std::vector<std::int64_t> shape(std::int64_t samples_of_step) const {
    std::vector<std::int64_t> result{samples_of_step};
    result.insert(result.end(), features.begin(), features.end());
    return result;
  }

  /// Channel of the value at a row-major position in (N, C, spatial...).
  std::size_t channel_of(std::size_t position) const {
    return position / static_cast<std::size_t>(spatial()) % static_cast<std::size_t>(channels());
  }
};

// An offset of 56 makes |mean| / standard deviation about 56 * sqrt(3) = 97.
inline std::vector<Case> cases() {
  using enum Precision;
  return {
      {.name = "nc", .samples = {8, 8, 8}, .features = {3}},
      {.name = "nc_two_samples", .samples = {2, 2, 2}, .features = {5}},
      {.name = "nc_single_channel", .samples = {7, 7}, .features = {1}, .epsilon = 1e-3},
      {.name = "nc_offset", .samples = {16, 16}, .features = {3}, .offset = 56},
      {.name = "nc_no_affine",
       .samples = {6, 6, 6},
       .features = {4},
       .momentum = 0.01,
       .affine = Affine::none},
      {.name = "ncl", .samples = {4, 4, 4}, .features = {3, 5}, .epsilon = 1e-3},
      {.name = "ncl_cumulative",
       .samples = {3, 3, 3, 3},
       .features = {4, 5},
       .momentum = std::nullopt},
      {.name = "ncl_cumulative_uneven",
       .samples = {4, 2, 3},
       .features = {3, 5},
       .momentum = std::nullopt},
      {.name = "ncl_large_epsilon", .samples = {4, 4}, .features = {5, 3}, .epsilon = 0.1},
      {.name = "nchw", .samples = {2, 2, 2}, .features = {3, 4, 5}},
      {.name = "nchw_slow",
       .samples = {3, 3, 3},
       .features = {4, 2, 5},
       .momentum = 0.01,
       .epsilon = 1e-3},
      {.name = "nchw_offset", .samples = {3, 3}, .features = {2, 4, 5}, .offset = 56},
      {.name = "nchw_two_samples_single_channel", .samples = {2, 2}, .features = {1, 3, 4}},
      {.name = "nchw_no_affine",
       .samples = {3, 3},
       .features = {5, 2, 2},
       .epsilon = 0.1,
       .affine = Affine::none},
      {.name = "nchw_scale_only",
       .samples = {4, 4},
       .features = {3, 2, 3},
       .affine = Affine::scale},
      {.name = "nchw_shift_only",
       .samples = {4, 4},
       .features = {3, 2, 3},
       .affine = Affine::shift},
      {.name = "nchw_untracked", .samples = {4, 4}, .features = {3, 2, 4}, .tracked = false},
      {.name = "nchw_no_affine_untracked",
       .samples = {3, 3},
       .features = {2, 4, 3},
       .epsilon = 1e-3,
       .affine = Affine::none,
       .tracked = false},
      {.name = "nchw_relu", .samples = {3, 3, 3}, .features = {4, 2, 3}, .relu = true},
      {.name = "nchw_residual", .samples = {3, 3}, .features = {4, 3, 2}, .residual = true},
      {.name = "nchw_residual_relu",
       .samples = {3, 3, 3},
       .features = {4, 3, 2},
       .relu = true,
       .residual = true},
      {.name = "ncdhw", .samples = {2, 2, 2}, .features = {3, 2, 2, 4}},
      {.name = "ncdhw_cumulative",
       .samples = {3, 3},
       .features = {2, 2, 3, 2},
       .momentum = std::nullopt,
       .epsilon = 1e-3},
      {.name = "double_nc", .precision = twice, .samples = {8, 8, 8}, .features = {3}},
      {.name = "double_ncl_cumulative",
       .precision = twice,
       .samples = {3, 2},
       .features = {3, 5},
       .momentum = std::nullopt},
      {.name = "double_nchw_offset",
       .precision = twice,
       .samples = {3, 3},
       .features = {2, 4, 5},
       .offset = 56},
      {.name = "double_nchw_residual_relu",
       .precision = twice,
       .samples = {3, 3},
       .features = {4, 3, 2},
       .epsilon = 1e-3,
       .relu = true,
       .residual = true},
      {.name = "double_ncdhw",
       .precision = twice,
       .samples = {2, 2},
       .features = {3, 2, 2, 3},
       .momentum = 0.01,
       .epsilon = 0.1},
  };
}

}  // namespace batchnorm_tests::pytorch
