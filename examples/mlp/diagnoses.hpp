// How the BatchNorms of a network are.
#pragma once

#include <batchnorm/diagnose.hpp>
#include <cstddef>
#include <type_traits>
#include <variant>
#include <vector>

#include "network.hpp"

namespace mlp {

/// Of the BatchNorm that is number `layer` of a network, counted from 0 as its layers are.
struct LayerDiagnosis {
  std::size_t layer = 0;
  batchnorm::Diagnosis diagnosis;
};

/// Calls `f(layer, norm)` for every BatchNorm.
template <typename Scalar, typename F>
void for_each_norm(const Mlp<batchnorm::Eval, Scalar>& network, const F& f) {
  using Norm = typename Mlp<batchnorm::Eval, Scalar>::Norm;
  for (std::size_t i = 0; i < network.layers().size(); ++i) {
    if (const auto* const norm = std::get_if<Norm>(&network.layers()[i])) f(i, *norm);
  }
}

/// From what they have learnt alone.
template <typename Scalar>
std::vector<LayerDiagnosis> diagnose(const Mlp<batchnorm::Eval, Scalar>& network) {
  std::vector<LayerDiagnosis> all;
  for_each_norm(network, [&](std::size_t layer, const auto& norm) {
    all.push_back({layer, batchnorm::diagnose(norm)});
  });
  return all;
}

/// Beside what enters each of them when the network infers from these images.
template <typename Scalar>
std::vector<LayerDiagnosis> diagnose(const Mlp<batchnorm::Eval, Scalar>& network,
                                     const nn::Matrix<float>& images, const nn::Device& device) {
  const nn::Matrix<Scalar> x = images.template cast<Scalar>();
  std::vector<nn::Matrix<Scalar>> outputs;
  network.forward(device, x, outputs);
  std::vector<LayerDiagnosis> all;
  for_each_norm(network, [&](std::size_t layer, const auto& norm) {
    const nn::Matrix<Scalar>& input = layer == 0 ? x : outputs[layer - 1];
    all.push_back({layer, batchnorm::diagnose(norm, batchnorm::moments(device, input))});
  });
  return all;
}

}  // namespace mlp
