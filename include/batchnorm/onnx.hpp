#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "detail/files/files.hpp"
#include "detail/files/onnx_layers.hpp"
#include "onnx_layer.hpp"
#include "onnx_writer.hpp"
#include "state.hpp"

// The BatchNormalizations of ONNX models. Needs ONNX's protobuf messages (Debian: libonnx-dev and
// libprotobuf-dev; CMake: find_package(ONNX), target onnx_proto; by hand: -DONNX_ML=1
// -DONNX_NAMESPACE=onnx -lonnx_proto -lprotobuf). Opt-in: batchnorm.hpp does not include this
// header.
namespace batchnorm {

/// An ONNX model, of which the layers that normalise batches can be had. What cannot be read is
/// refused with `std::invalid_argument`. A copy is the same model.
///
///     const auto model = OnnxModel::open("model.onnx");
///     const OnnxLayer& layer = model.layer("/encoder/bn1/BatchNormalization");
///     const BatchNorm<float, Eval> norm(model.state(layer.name), layer.options());
class OnnxModel {
 public:
  /// Values in files beside the model are read when they are asked for.
  [[nodiscard]] static OnnxModel open(const std::filesystem::path& file) {
    const auto bytes = detail::open_bytes(file);
    const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
    return OnnxModel({file.string(), folder}, bytes.view);
  }

  /// The bytes of a model, of which messages speak as `name`.
  [[nodiscard]] static OnnxModel read(std::string_view bytes, std::string name = "onnx") {
    return OnnxModel({std::move(name), {}}, bytes);
  }

  /// Every BatchNormalization, also of graphs within nodes, in the order of the file.
  [[nodiscard]] std::vector<OnnxLayer> layers() const {
    std::vector<OnnxLayer> all;
    for (const detail::OnnxNode& node : nodes_) all.push_back(node.layer);
    return all;
  }

  /// The layer of this name; refuses one that is not there, with the nearest that is.
  [[nodiscard]] const OnnxLayer& layer(const std::string& name) const { return find(name).layer; }

  /// What else the model shows, each in a sentence: a BatchNormalization that the exporter folded
  /// into a convolution, or functions, which are not looked into.
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

  /// The state of a layer. Of one in training mode, running statistics that the graph computes, as
  /// of PyTorch's track_running_stats=False, are empty: the layer has none. Other values that do
  /// not stand in the file are refused. ONNX counts no batches: `batches` is 0. With spatial=0 the
  /// parameters are in the order of (C, H, W).
  template <typename Scalar = float>
  [[nodiscard]] State<Scalar> state(const std::string& name) const {
    const detail::OnnxNode& node = find(name);
    State<Scalar> state;
    state.gamma = values(node, 0).template cast<Scalar>();
    state.beta = values(node, 1).template cast<Scalar>();
    if (node.layer.has_statistics || node.layer.mode == OnnxMode::inference) {
      state.running_mean = values(node, 2);
      state.running_variance = values(node, 3);
    }
    return state;
  }

 private:
  OnnxModel(detail::OnnxOrigin origin, std::string_view bytes)
      : origin_(std::move(origin)), model_(parse(bytes)) {
    const std::int64_t opset = find_opset();
    detail::visit_nodes(detail::OnnxScope(model_->graph()),
                        [&](const detail::OnnxScope& scope, const detail::NodeProto& node) {
                          add(scope, node, opset);
                        });
    detail::make_names_unique(nodes_);
    if (model_->functions_size() > 0) {
      notes_.push_back("It has " + std::to_string(model_->functions_size()) +
                       " functions, of which no layer is read: their values are those of a call.");
    }
  }

  [[nodiscard]] std::shared_ptr<const detail::onnx_messages::ModelProto> parse(
      std::string_view bytes) const {
    if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
      detail::refuse_file(origin_.file,
                          "has more than the 2 GB of which protobuf makes a message.");
    }
    auto model = std::make_shared<detail::onnx_messages::ModelProto>();
    if (bytes.empty() || !model->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
        !model->has_graph()) {
      detail::refuse_file(origin_.file, "is no ONNX model, or a truncated one.");
    }
    return model;
  }

  [[nodiscard]] std::int64_t find_opset() const {
    for (const auto& import : model_->opset_import()) {
      if (import.domain().empty() || import.domain() == "ai.onnx") return import.version();
    }
    return 1;  // as files of IR versions below 3 mean it
  }

  void add(const detail::OnnxScope& scope, const detail::NodeProto& node, std::int64_t opset) {
    if (!node.domain().empty() && node.domain() != "ai.onnx") return;
    if (node.op_type() == "BatchNormalization") {
      nodes_.push_back(detail::read_onnx_node(scope, node, opset, model_->producer_name()));
    } else if (model_->producer_name() == "pytorch" && detail::shows_folding(scope, node)) {
      notes_.push_back(
          "A BatchNormalization was folded into " + detail::in_quotes(detail::name_of_node(node)) +
          " by the exporter, as it seems: its weight and bias have no name of the module's. "
          "Exported in eval() with training=torch.onnx.TrainingMode.PRESERVE, it stays.");
    }
  }

  [[nodiscard]] const detail::OnnxNode& find(const std::string& name) const {
    const detail::OnnxNode* found = nullptr;
    for (const detail::OnnxNode& node : nodes_) {
      if (node.layer.name != name) continue;
      if (found != nullptr) {
        detail::refuse_file(origin_.file, "has several layers named " + detail::in_quotes(name) +
                                              ", in graphs within nodes.");
      }
      found = &node;
    }
    if (found != nullptr) return *found;
    std::vector<std::string> names;
    for (const detail::OnnxNode& node : nodes_) names.push_back(node.layer.name);
    detail::refuse_file(origin_.file, detail::not_found("BatchNormalization", name, names));
  }

  /// Of a role, 0 to 3.
  [[nodiscard]] Eigen::VectorXd values(const detail::OnnxNode& node, std::size_t role) const {
    const auto* const tensor = node.values.at(role);
    if (tensor == nullptr) {
      detail::refuse_file(origin_.file,
                          "the " + std::string(detail::onnx_roles.at(role)) + " of " +
                              detail::in_quotes(node.layer.name) +
                              " does not stand in the file: it is computed, or an input.");
    }
    const std::vector<std::int64_t> shape{tensor->dims().begin(), tensor->dims().end()};
    if (shape != node.layer.shape) {
      detail::refuse_file(origin_.file, "the scale, bias, mean and variance of " +
                                            detail::in_quotes(node.layer.name) +
                                            " have several shapes.");
    }
    return detail::onnx_values(origin_, *tensor);
  }

  detail::OnnxOrigin origin_;
  std::shared_ptr<const detail::onnx_messages::ModelProto> model_;
  std::vector<detail::OnnxNode> nodes_;
  std::vector<std::string> notes_;
};

}  // namespace batchnorm
