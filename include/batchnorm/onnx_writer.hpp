#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <filesystem>
#include <string>
#include <type_traits>

#include "activation.hpp"
#include "detail/files/onnx_text.hpp"
#include "detail/refusal/refusal.hpp"
#include "eval.hpp"
#include "mode.hpp"
#include "replace_file.hpp"

namespace batchnorm {

/// The bytes of an ONNX model of one layer, opset 15, IR version 8: x and y of shape (N, channels)
/// or, of a higher rank, (N, channels, L1, ...). Without a rank it is the lowest that the layer
/// takes, 4 of a BatchNorm2d. The values are those of the layer's parameters' scalar; running
/// statistics are rounded to it. A runtime folds the mean into the shift: its y may be off by
/// |mean| / deviation roundoffs, where this layer's is not.
template <typename Scalar, typename... Policies>
[[nodiscard]] std::string onnx_model(
    const BatchNorm<Scalar, Eval, Policies...>& norm,
    int rank = detail::lowest_rank<BatchNorm<Scalar, Eval, Policies...>>()) {
  using Norm = BatchNorm<Scalar, Eval, Policies...>;
  using Activation = typename Norm::Set::Activation;
  static_assert(
      !has_16_bits<Scalar>,
      "batchnorm: ONNX's own layer of 16 bits computes in 16 bits: write the layer of float, "
      "BatchNorm<float, Eval>(norm).");
  static_assert(
      std::is_same_v<Activation, NoActivation> || std::is_same_v<Activation, ReLU> ||
          detail::is_leaky<Activation>,
      "batchnorm: onnx_model writes layers without an activation, or with ReLU or LeakyReLU.");
  if (rank < 2 || rank > 5 || Norm::Set::Axis::axis(rank) != 1 ||
      !Norm::Set::RankRule::allows_rank(rank)) {
    detail::refuse(
        "onnx_model: expected channels on axis 1 of a rank that the layer takes, got axis ",
        Norm::Set::Axis::axis(rank), " of rank ", rank,
        "; ONNX knows no other axis: transpose around it.");
  }
  constexpr bool activates = !std::is_same_v<Activation, NoActivation>;
  detail::onnx_messages::ModelProto model;
  model.set_ir_version(8);
  model.set_producer_name("batchnorm");
  model.add_opset_import()->set_version(15);
  auto& graph = *model.mutable_graph();
  graph.set_name("batchnorm");
  auto& node = *graph.add_node();
  node.set_name("norm");
  node.set_op_type("BatchNormalization");
  for (const char* const input : {"x", "scale", "bias", "mean", "variance"}) node.add_input(input);
  node.add_output(activates ? "normalized" : "y");
  detail::set_real(node, "epsilon", norm.options().epsilon);
  if constexpr (activates) detail::add_activation<Activation>(graph);
  using Values = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;
  const auto state = norm.state();
  const Eigen::Index channels = norm.channels();
  detail::add_initializer<Scalar>(
      graph, "scale", state.gamma.size() > 0 ? Values(state.gamma) : Values::Ones(channels));
  detail::add_initializer<Scalar>(
      graph, "bias", state.beta.size() > 0 ? Values(state.beta) : Values::Zero(channels));
  detail::add_initializer<Scalar>(graph, "mean", state.running_mean);
  // The attribute is a float: what it loses of epsilon goes into the variance.
  const double epsilon = norm.options().epsilon;
  const double lost = epsilon - static_cast<double>(static_cast<float>(epsilon));
  detail::add_initializer<Scalar>(graph, "variance",
                                  (state.running_variance.array() + lost).matrix().eval());
  detail::describe_value<Scalar>(*graph.add_input(), "x", channels, rank);
  detail::describe_value<Scalar>(*graph.add_output(), "y", channels, rank);
  return model.SerializeAsString();
}

/// Does not compile: what is written is a layer of inference.
template <typename Scalar, typename Mode, typename... Policies>
requires(!std::is_same_v<Mode, Eval>) std::string
    onnx_model(const BatchNorm<Scalar, Mode, Policies...>& /*norm*/, int /*rank*/ = 2) {
  static_assert(!std::is_same_v<Mode, Mode>,
                "batchnorm: an ONNX model is of inference: write BatchNorm<float, Eval>(norm).");
  return {};
}

/// Puts `onnx_model(norm, rank)` in the place of `file`, in one step; see `replace_file`. Without a
/// rank it is the lowest that the layer takes.
template <typename Scalar, typename Mode, typename... Policies>
void save_onnx(const std::filesystem::path& file, const BatchNorm<Scalar, Mode, Policies...>& norm,
               int rank = detail::lowest_rank<BatchNorm<Scalar, Mode, Policies...>>()) {
  replace_file(file, onnx_model(norm, rank));
}

}  // namespace batchnorm
