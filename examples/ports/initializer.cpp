#include "initializer.hpp"

#include <cctype>
#include <cstdio>
#include <limits>

namespace ports {
namespace {

/// A name as an identifier: what cannot stand in one becomes "_".
std::string identifier(const std::string& name) {
  std::string text;
  for (const char c : name) {
    text += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  }
  const bool begins_well = !text.empty() && std::isdigit(static_cast<unsigned char>(text[0])) == 0;
  return begins_well ? text : "layer_" + text;
}

template <typename Scalar>
std::string literal(Scalar value) {
  char text[40];  // NOLINT(cppcoreguidelines-avoid-c-arrays)
  std::snprintf(text, sizeof text, "%.*e", std::numeric_limits<Scalar>::max_digits10 - 1,
                static_cast<double>(value));
  return std::string(text) + (sizeof(Scalar) == sizeof(float) ? "F" : "");
}

/// "  state.gamma = Eigen::Vector<float, 3>{{1.0F, 2.0F, 3.0F}};", or nothing.
template <typename Scalar>
std::string assignment(const char* member, const char* type, const Eigen::VectorXd& values) {
  if (values.size() == 0) return "";
  std::string text = std::string("  state.") + member + " = Eigen::Vector<" + type + ", " +
                     std::to_string(values.size()) + ">{{\n";
  for (Eigen::Index c = 0; c < values.size(); ++c) {
    text += "      " + literal(static_cast<Scalar>(values[c])) +
            (c + 1 < values.size() ? ",\n" : "}};\n");
  }
  return text;
}

}  // namespace

std::string initializer_of(const Layer& layer, const std::string& file) {
  const Eigen::Index channels = std::max(layer.state.running_mean.size(), layer.state.gamma.size());
  const std::string type = "batchnorm::State<float, " + std::to_string(channels) + ">";
  std::string text = "// " + layer.name + " of " + file + " (" + layer.kind + ")\n";
  for (const std::string& note : layer.notes) text += "// It " + note + "\n";
  text += "inline " + type + " " + identifier(layer.name) + "() {\n  " + type + " state;\n";
  text += assignment<float>("gamma", "float", layer.state.gamma);
  text += assignment<float>("beta", "float", layer.state.beta);
  text += assignment<double>("running_mean", "double", layer.state.running_mean);
  text += assignment<double>("running_variance", "double", layer.state.running_variance);
  if (layer.state.batches > 0) {
    text += "  state.batches = " + std::to_string(layer.state.batches) + ";\n";
  }
  return text + "  return state;\n}\n";
}

}  // namespace ports
