#include "initializer.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <limits>
#include <set>
#include <stdexcept>
#include <string_view>

namespace ports {
namespace {

/// Words that no function can be named; a name that begins with one and goes on is fine.
constexpr std::array kReserved{
    "alignas",  "alignof",  "and",       "asm",     "auto",      "bool",   "break",
    "case",     "catch",    "char",      "class",   "concept",   "const",  "continue",
    "decltype", "default",  "delete",    "do",      "double",    "else",   "enum",
    "explicit", "export",   "extern",    "false",   "final",     "float",  "for",
    "friend",   "goto",     "if",        "import",  "inline",    "int",    "long",
    "module",   "mutable",  "namespace", "new",     "noexcept",  "not",    "nullptr",
    "operator", "or",       "override",  "private", "protected", "public", "register",
    "requires", "return",   "short",     "signed",  "sizeof",    "state",  "static",
    "struct",   "switch",   "template",  "this",    "throw",     "true",   "try",
    "typedef",  "typeid",   "typename",  "union",   "unsigned",  "using",  "virtual",
    "void",     "volatile", "while",     "xor"};

/// A name as an identifier: what cannot stand in one becomes "_", runs of these one, and none is at
/// its beginning.
std::string plain_identifier(std::string_view name) {
  std::string text;
  for (const char c : name) {
    const bool fits = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (fits || (!text.empty() && text.back() != '_')) text += fits ? c : '_';
  }
  while (!text.empty() && text.back() == '_') text.pop_back();
  const bool is_word = std::find(kReserved.begin(), kReserved.end(), text) != kReserved.end();
  const bool begins_well = !text.empty() && std::isdigit(static_cast<unsigned char>(text[0])) == 0;
  return begins_well && !is_word ? text : text.empty() ? "layer" : "layer_" + text;
}

/// One that nothing before it has.
std::string identifier(std::string_view name, std::set<std::string>& taken) {
  const std::string plain = plain_identifier(name);
  std::string text = plain;
  for (int number = 2; !taken.insert(text).second; ++number) {
    text = plain + "_" + std::to_string(number);
  }
  return text;
}

template <typename Scalar>
std::string literal(double value) {
  char text[40];  // NOLINT(cppcoreguidelines-avoid-c-arrays)
  std::snprintf(text, sizeof text, "%.*e", std::numeric_limits<Scalar>::max_digits10 - 1,
                static_cast<double>(static_cast<Scalar>(value)));
  return std::string(text) + (sizeof(Scalar) == sizeof(float) ? "F" : "");
}

/// "  state.gamma = Eigen::Vector<float, 3>{{1.0F, 2.0F, 3.0F}};", or nothing.
template <typename Scalar>
std::string assignment(const char* member, const char* type, const Eigen::VectorXd& values) {
  if (values.size() == 0) return "";
  if (!values.cast<Scalar>().allFinite()) {
    throw std::runtime_error(std::string("a value of ") + member + " is not finite in " + type);
  }
  std::string text = std::string("  state.") + member + " = Eigen::Vector<" + type + ", " +
                     std::to_string(values.size()) + ">{{\n";
  for (Eigen::Index c = 0; c < values.size(); ++c) {
    text += "      " + literal<Scalar>(values[c]) + (c + 1 < values.size() ? ",\n" : "}};\n");
  }
  return text;
}

std::string function_of(const Layer& layer, const std::string& name) {
  const Eigen::Index channels = std::max(layer.state.running_mean.size(), layer.state.gamma.size());
  const std::string type = "batchnorm::State<float, " + std::to_string(channels) + ">";
  std::string text = "// " + printable(layer.name) + " (" + layer.kind + ")\n";
  for (const std::string& note : layer.notes) text += "// " + printable(note) + "\n";
  text += "inline " + type + " " + name + "() {\n  " + type + " state;\n";
  text += assignment<float>("gamma", "float", layer.state.gamma);
  text += assignment<float>("beta", "float", layer.state.beta);
  text += assignment<double>("running_mean", "double", layer.state.running_mean);
  text += assignment<double>("running_variance", "double", layer.state.running_variance);
  if (layer.state.batches > 0) {
    text += "  state.batches = " + std::to_string(layer.state.batches) + ";\n";
  }
  text += "  return state;\n}\n";
  if (layer.epsilon) {
    text +=
        "inline constexpr double " + name + "_epsilon = " + literal<double>(*layer.epsilon) + ";\n";
  }
  return text;
}

}  // namespace

std::string source_of(const std::vector<Layer>& layers, const std::string& file) {
  std::string text = "// Printed by examples/port from " + printable(file) +
                     ".\n#pragma once\n\n#include <batchnorm/state.hpp>\n\nnamespace ported {\n";
  std::set<std::string> taken;
  for (const Layer& layer : layers) {
    text += "\n" + function_of(layer, identifier(layer.name, taken));
  }
  return text + "\n}  // namespace ported\n";
}

}  // namespace ports
