#pragma once

#include <onnx/onnx_pb.h>

#include <Eigen/Core>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>
#include <type_traits>

#include "activation.hpp"
#include "detail/files/little_endian.hpp"
#include "detail/refusal/refusal.hpp"
#include "eval.hpp"
#include "mode.hpp"
#include "replace_file.hpp"

namespace batchnorm {
namespace detail {

namespace onnx_messages = ONNX_NAMESPACE;

/// One value per channel, as a tensor with raw data.
template <typename Scalar, typename Values>
void add_initializer(onnx_messages::GraphProto& graph, const char* name, const Values& values) {
  auto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(std::is_same_v<Scalar, float> ? onnx_messages::TensorProto::FLOAT
                                                     : onnx_messages::TensorProto::DOUBLE);
  tensor.add_dims(values.size());
  for (const auto value : values) {
    const auto rounded = static_cast<Scalar>(value);
    if (!std::isfinite(rounded)) {
      refuse("onnx_model: a value of ", name, " is not finite in the model's type, ",
             static_cast<double>(value), ".");
    }
    write_value(*tensor.mutable_raw_data(), rounded);
  }
}

inline void set_real(onnx_messages::NodeProto& node, const char* name, double value) {
  auto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx_messages::AttributeProto::FLOAT);
  attribute.set_f(static_cast<float>(value));
}

/// x or y of the model, (N, channels, ...), of any size but on axis 1.
template <typename Scalar>
void describe_value(onnx_messages::ValueInfoProto& value, const char* name, std::int64_t channels,
                    int rank) {
  value.set_name(name);
  auto& type = *value.mutable_type()->mutable_tensor_type();
  type.set_elem_type(std::is_same_v<Scalar, float> ? onnx_messages::TensorProto::FLOAT
                                                   : onnx_messages::TensorProto::DOUBLE);
  for (int axis = 0; axis < rank; ++axis) {
    auto& extent = *type.mutable_shape()->add_dim();
    if (axis == 1) {
      extent.set_dim_value(channels);
    } else {
      extent.set_dim_param(axis == 0 ? "N" : "L" + std::to_string(axis - 1));
    }
  }
}

/// A node behind the normalization, for its activation.
template <typename Activation>
void add_activation(onnx_messages::GraphProto& graph) {
  auto& node = *graph.add_node();
  node.add_input("normalized");
  node.add_output("y");
  node.set_op_type(std::is_same_v<Activation, ReLU> ? "Relu" : "LeakyRelu");
  if constexpr (requires { Activation::slope; }) set_real(node, "alpha", Activation::slope);
}

/// The lowest rank of those that a layer takes.
template <typename Norm>
constexpr int lowest_rank() {
  for (int rank = 2; rank < 5; ++rank) {
    if (Norm::Set::RankRule::allows_rank(rank)) return rank;
  }
  return 5;
}

template <typename T>
inline constexpr bool is_leaky = false;
template <typename Slope>
inline constexpr bool is_leaky<LeakyReLU<Slope>> = true;

}  // namespace detail

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
