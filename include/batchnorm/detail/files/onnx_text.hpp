#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <string>
#include <type_traits>

#include "../../activation.hpp"
#include "../refusal/refusal.hpp"
#include "little_endian.hpp"
#include "onnx_messages.hpp"

// The parts of an ONNX model that is to be written.
namespace batchnorm::detail {

/// One value per channel, as a tensor with raw data.
template <typename Scalar, typename Values>
void add_initializer(onnx_messages::GraphProto& graph, const char* name, const Values& values) {
  auto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(std::is_same_v<Scalar, float> ? onnx_messages::TensorProto::FLOAT
                                                     : onnx_messages::TensorProto::DOUBLE);
  tensor.add_dims(values.size());
  const auto rounded = values.template cast<Scalar>().eval();
  if (!rounded.allFinite()) {
    refuse("onnx_model: a value of ", name, " is not finite in the model's type; the largest is ",
           static_cast<double>(values.cwiseAbs().maxCoeff()), ".");
  }
  write_values(*tensor.mutable_raw_data(), rounded);
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

}  // namespace batchnorm::detail
