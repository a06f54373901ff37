// Every kind of network that the trainer compares, as parameters of tests.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "network.hpp"

using AnyArm = std::tuple<mlp::Activation, mlp::Placement>;

inline auto arms() {
  using mlp::Activation;
  using mlp::Placement;
  return testing::Combine(
      testing::Values(Activation::sigmoid, Activation::relu),
      testing::Values(Placement::none, Placement::before_activation, Placement::after_activation));
}

inline std::string name_of(const testing::TestParamInfo<AnyArm>& info) {
  const char* const activation =
      std::get<mlp::Activation>(info.param) == mlp::Activation::relu ? "relu" : "sigmoid";
  switch (std::get<mlp::Placement>(info.param)) {
    case mlp::Placement::before_activation:
      return std::string("norm_before_") + activation;
    case mlp::Placement::after_activation:
      return std::string("norm_after_") + activation;
    case mlp::Placement::none:
      break;
  }
  return std::string("no_norm_") + activation;
}

/// A small network of that kind.
inline mlp::Architecture small_network(const AnyArm& arm, const batchnorm::Options& norm = {}) {
  return {.inputs = 5,
          .hidden = {4, 6},
          .classes = 3,
          .activation = std::get<mlp::Activation>(arm),
          .placement = std::get<mlp::Placement>(arm),
          .norm = norm};
}
