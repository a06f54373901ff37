#pragma once

#include <cctype>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "onnx_tensors.hpp"

// Where the values that a node reads come from.
namespace batchnorm::detail {

using onnx_messages::AttributeProto;
using onnx_messages::GraphProto;
using onnx_messages::NodeProto;

/// The attribute of this name, or null.
inline const AttributeProto* find_attribute(const NodeProto& node, std::string_view name) {
  for (const AttributeProto& attribute : node.attribute()) {
    if (attribute.name() == name) return &attribute;
  }
  return nullptr;
}

/// What gives a value its name: a tensor of the model, or a node that computes it, or neither,
/// where it is an input of the graph.
struct OnnxSource {
  const TensorProto* tensor = nullptr;
  const NodeProto* node = nullptr;
};

/// A graph, and the one that it stands in, whose values it sees.
class OnnxScope {
 public:
  explicit OnnxScope(const GraphProto& graph, const OnnxScope* outer = nullptr)
      : graph_(graph), outer_(outer) {
    for (const TensorProto& tensor : graph.initializer()) sources_[tensor.name()].tensor = &tensor;
    for (const NodeProto& node : graph.node()) {
      for (const std::string& output : node.output()) sources_[output].node = &node;
    }
  }

  [[nodiscard]] const GraphProto& graph() const { return graph_; }

  /// Follows a value through Identity, Cast and Constant, of which no exporter writes a hundred in
  /// a row.
  [[nodiscard]] OnnxSource trace(const std::string& name) const {
    OnnxSource source = find(name);
    for (int steps = 0; steps < most_steps; ++steps) {
      const NodeProto* const node = source.node;
      if (source.tensor != nullptr || node == nullptr) return source;
      if (node->op_type() == "Constant") return {constant_of(*node), node};
      if (!passes_on(*node)) return source;
      source = find(node->input(0));
    }
    return source;
  }

 private:
  static constexpr int most_steps = 100;

  [[nodiscard]] OnnxSource find(const std::string& name) const {
    const auto found = sources_.find(name);
    if (found != sources_.end()) return found->second;
    return outer_ == nullptr ? OnnxSource{} : outer_->find(name);
  }

  /// Whether a node gives the values that it gets, if in another type: a cast to float or double
  /// loses nothing of 16 bits.
  static bool passes_on(const NodeProto& node) {
    if (node.input_size() != 1) return false;
    if (node.op_type() == "Identity") return true;
    const AttributeProto* const type = find_attribute(node, "to");
    return node.op_type() == "Cast" && type != nullptr &&
           (type->i() == TensorProto::FLOAT || type->i() == TensorProto::DOUBLE);
  }

  static const TensorProto* constant_of(const NodeProto& node) {
    const AttributeProto* const value = find_attribute(node, "value");
    return value != nullptr && value->has_t() ? &value->t() : nullptr;
  }

  const GraphProto& graph_;
  const OnnxScope* outer_;
  std::unordered_map<std::string, OnnxSource> sources_;
};

/// Calls `visit(scope, node)` for every node of a graph and of those within its nodes.
template <typename Visit>
void visit_nodes(const OnnxScope& scope, const Visit& visit) {
  for (const NodeProto& node : scope.graph().node()) {
    visit(scope, node);
    for (const AttributeProto& attribute : node.attribute()) {
      if (attribute.has_g()) visit_nodes(OnnxScope(attribute.g(), &scope), visit);
      for (const GraphProto& inner : attribute.graphs())
        visit_nodes(OnnxScope(inner, &scope), visit);
    }
  }
}

/// Whether PyTorch's exporter made up this name: "onnx::Conv_19", or "19" in its early versions. A
/// weight that it did not touch keeps the module's.
inline bool is_made_up(std::string_view name) {
  constexpr std::string_view prefix = "onnx::Conv_";
  if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  return !name.empty() && name.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Whether a convolution shows that PyTorch's exporter took a BatchNormalization into it: its
/// weight and its bias have made-up names.
inline bool shows_folding(const OnnxScope& scope, const NodeProto& node) {
  return node.op_type() == "Conv" && node.input_size() == 3 && is_made_up(node.input(1)) &&
         is_made_up(node.input(2)) && scope.trace(node.input(1)).tensor != nullptr &&
         scope.trace(node.input(2)).tensor != nullptr;
}

/// A node's own name, or that of its first output, which is unique.
inline std::string name_of_node(const NodeProto& node) {
  if (!node.name().empty()) return node.name();
  return node.output_size() > 0 ? node.output(0) : std::string();
}

}  // namespace batchnorm::detail
