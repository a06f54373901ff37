#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "../../onnx_layer.hpp"
#include "onnx_graph.hpp"

namespace batchnorm::detail {

/// A layer, and where its values are; null where the graph computes them.
struct OnnxNode {
  OnnxLayer layer;
  std::array<const TensorProto*, 4> values{};  ///< scale, bias, mean, variance
  std::string output{};                        ///< the first, whose name nothing else has
};

inline constexpr std::array onnx_roles{"scale", "bias", "mean", "variance"};

inline std::int64_t integer_attribute(const NodeProto& node, const char* name,
                                      std::int64_t absent) {
  const AttributeProto* const found = find_attribute(node, name);
  return found == nullptr ? absent : found->i();
}

inline double real_attribute(const NodeProto& node, const char* name, double absent) {
  const AttributeProto* const found = find_attribute(node, name);
  return found == nullptr ? absent : static_cast<double>(found->f());
}

inline int outputs_of(const NodeProto& node) {
  return static_cast<int>(std::count_if(node.output().begin(), node.output().end(),
                                        [](const std::string& name) { return !name.empty(); }));
}

/// From opset 14 on an attribute says the mode, from 7 to 13 the number of outputs does, before
/// that another attribute.
inline OnnxMode mode_of(const NodeProto& node, std::int64_t opset) {
  bool trains = false;
  if (opset >= 14) {
    trains = integer_attribute(node, "training_mode", 0) != 0;
  } else if (opset >= 7) {
    trains = outputs_of(node) > 1;
  } else {
    trains = integer_attribute(node, "is_test", 0) == 0;
  }
  return trains ? OnnxMode::training : OnnxMode::inference;
}

/// What the file cannot say, or says in a way of its own.
inline void note_mode(OnnxLayer& layer, const NodeProto& node, std::int64_t opset) {
  const bool trains = layer.mode == OnnxMode::training;
  if (opset >= 14 && outputs_of(node) != (trains ? 3 : 1)) {
    layer.notes.push_back("It has " + std::to_string(outputs_of(node)) + " outputs, where opset " +
                          std::to_string(opset) + " has " + (trains ? "3 in training" : "1") + ".");
  }
  if (layer.momentum == 1.0) {
    layer.notes.emplace_back(
        "It has momentum 1, with which running statistics never move; PyTorch's exporter also "
        "writes "
        "1 "
        "for momentum=None, a plain average. Which it is the file does not say.");
  }
}

inline void note_source(OnnxLayer& layer, const char* role, const std::string& name,
                        const OnnxSource& source) {
  const std::string what = std::string("Its ") + role + ' ';
  if (source.tensor == nullptr) {
    layer.notes.push_back(what + in_quotes(name) +
                          (source.node == nullptr
                               ? " is an input of the model, or missing."
                               : " is computed, by " + source.node->op_type() + ' ' +
                                     in_quotes(name_of_node(*source.node)) + "."));
  } else if (source.node != nullptr) {
    layer.notes.push_back(what + "is a constant of the graph: it was not learnt.");
  } else if (source.tensor->name() != name) {
    layer.notes.push_back(what + "is stored as " + in_quotes(source.tensor->name()) +
                          ", whose values are equal.");
  }
}

inline void note_statistics(OnnxLayer& layer, const std::string& producer) {
  if (layer.mode != OnnxMode::training) return;
  if (!layer.has_statistics) {
    layer.notes.emplace_back(
        "It has no running statistics in the file, and normalises with the batch.");
  } else if (producer == "pytorch") {
    layer.notes.emplace_back(
        "It was exported in training mode: PyTorch ran a batch for that, which moved the "
        "statistics.");
  }
}

/// The extents of the first of its values that is there.
inline std::vector<std::int64_t> shape_of(const OnnxNode& node) {
  for (const TensorProto* const value : node.values) {
    if (value != nullptr) return {value->dims().begin(), value->dims().end()};
  }
  return {};
}

/// Gives nodes of one name, which the format allows, those of their outputs.
inline void make_names_unique(std::vector<OnnxNode>& nodes) {
  std::map<std::string, int> counts;
  for (const OnnxNode& node : nodes) ++counts[node.layer.name];
  for (OnnxNode& node : nodes) {
    if (counts[node.layer.name] > 1 && !node.output.empty()) node.layer.name = node.output;
  }
}

inline OnnxNode read_onnx_node(const OnnxScope& scope, const NodeProto& node, std::int64_t opset,
                               const std::string& producer) {
  OnnxNode result;
  OnnxLayer& layer = result.layer;
  layer.name = name_of_node(node);
  if (node.output_size() > 0) result.output = node.output(0);
  layer.mode = mode_of(node, opset);
  layer.epsilon = real_attribute(node, "epsilon", layer.epsilon);
  layer.momentum = real_attribute(node, "momentum", layer.momentum);
  note_mode(layer, node, opset);
  for (int role = 0; role < 4; ++role) {
    const std::string name = node.input_size() > role + 1 ? node.input(role + 1) : "";
    const OnnxSource source = scope.trace(name);
    const auto place = static_cast<std::size_t>(role);
    result.values.at(place) = source.tensor;
    note_source(layer, onnx_roles.at(place), name, source);
  }
  layer.has_statistics = result.values[2] != nullptr && result.values[3] != nullptr;
  note_statistics(layer, producer);
  layer.shape = shape_of(result);
  if (opset < 9 && integer_attribute(node, "spatial", 1) == 0) {
    layer.notes.emplace_back(
        "It has spatial=0, statistics of each position: view x as (N, C H W), whose columns are "
        "the "
        "channels here.");
  } else if (layer.shape.size() > 1) {
    layer.notes.emplace_back("It has parameters of a rank above 1, and no spatial=0.");
  }
  return result;
}

}  // namespace batchnorm::detail
