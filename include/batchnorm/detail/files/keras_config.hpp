#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "text.hpp"

// The BatchNormalizations of a Keras configuration, and where Keras 3 keeps their variables.
namespace batchnorm::detail {

/// A layer as the configuration has it.
struct KerasConfig {
  std::string name;
  std::string path;  ///< of its group in a file of Keras 3: "/layers/batch_normalization_1"
  double epsilon = 1e-3;
  double momentum = 0.99;  ///< weight of the old value
  bool scale = true, center = true;
  bool renorm = false;
  std::int64_t axis = -1;
};

/// A class name as Keras makes a group's name of it: BatchNormalization is batch_normalization.
inline std::string snake_case(std::string_view name) {
  // Of ASCII alone, whatever the locale is.
  const auto is_upper = [&](std::size_t i) {
    return i < name.size() && name[i] >= 'A' && name[i] <= 'Z';
  };
  const auto is_lower = [&](std::size_t i) {
    return i < name.size() && name[i] >= 'a' && name[i] <= 'z';
  };
  std::string text;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool begins_word = is_upper(i) && i > 0 && (is_lower(i - 1) || is_lower(i + 1));
    if (begins_word) text += '_';
    text += is_upper(i) ? static_cast<char>(name[i] - 'A' + 'a') : name[i];
  }
  return text;
}

/// Walks a configuration in the order of its layers. What is not as Keras writes it is passed over:
/// a layer that is not found has no configuration.
class KerasConfigReader {
 public:
  explicit KerasConfigReader(const nlohmann::json& model) { read_model(model, "", 0); }

  std::vector<KerasConfig> layers;

 private:
  using Json = nlohmann::json;

  static constexpr int most_levels = 64;

  static const Json* find(const Json& object, const char* key) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(key);
    return found == object.end() ? nullptr : &*found;
  }

  static std::string string_of(const Json& object, const char* key) {
    const Json* const found = find(object, key);
    return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
  }

  static double number_of(const Json& object, const char* key, double absent) {
    const Json* const found = find(object, key);
    return found != nullptr && found->is_number() ? found->get<double>() : absent;
  }

  static bool bool_of(const Json& object, const char* key, bool absent) {
    const Json* const found = find(object, key);
    return found != nullptr && found->is_boolean() ? found->get<bool>() : absent;
  }

  static bool is_norm(const std::string& class_name) {
    return class_name == "BatchNormalization" || class_name == "BatchNormalizationV1" ||
           class_name == "BatchNormalizationV2" || class_name == "SyncBatchNormalization";
  }

  /// `layers` stands in the configuration of a model, or is it (a list, in the first versions).
  static const Json* layers_of(const Json& model) {
    const Json* const config = find(model, "config");
    if (config == nullptr) return nullptr;
    const Json* const list = config->is_array() ? config : find(*config, "layers");
    return list != nullptr && list->is_array() ? list : nullptr;
  }

  void read_model(const Json& model, const std::string& path, int level) {
    const Json* const list = layers_of(model);
    if (list == nullptr || level > most_levels) return;
    std::map<std::string, int> used;
    for (const Json& layer : *list) {
      const std::string group = snake_case(string_of(layer, "class_name"));
      const int number = used[group]++;
      std::string own = path;
      own.append("/layers/").append(group);
      if (number > 0) own.append("_").append(std::to_string(number));
      read_layer(layer, own, level);
    }
  }

  /// A layer, the layers of a model, or the layer within a wrapper, as TimeDistributed has one.
  void read_layer(const Json& layer, const std::string& path, int level) {
    if (level > most_levels) return;
    if (is_norm(string_of(layer, "class_name"))) read_norm(layer, path);
    read_model(layer, path, level + 1);
    const Json* const config = find(layer, "config");
    const Json* const inner = config == nullptr ? nullptr : find(*config, "layer");
    if (inner != nullptr && inner->is_object()) read_layer(*inner, path + "/layer", level + 1);
  }

  void read_norm(const Json& layer, const std::string& path) {
    static const Json none = Json::object();
    const Json* const found = find(layer, "config");
    const Json& config = found == nullptr ? none : *found;
    KerasConfig norm;
    norm.name = string_of(config, "name");
    norm.path = path;
    norm.epsilon = number_of(config, "epsilon", norm.epsilon);
    norm.momentum = number_of(config, "momentum", norm.momentum);
    norm.scale = bool_of(config, "scale", true);
    norm.center = bool_of(config, "center", true);
    norm.renorm = bool_of(config, "renorm", false);
    norm.axis = axis_of(config);
    layers.push_back(norm);
  }

  /// A number, or a list of one, as tf.keras writes it.
  static std::int64_t axis_of(const Json& config) {
    const Json* axis = find(config, "axis");
    if (axis != nullptr && axis->is_array() && axis->size() == 1) axis = &axis->front();
    return axis != nullptr && axis->is_number_integer() ? axis->get<std::int64_t>() : -1;
  }
};

/// Python's JSON with null in the place of NaN, Infinity and -Infinity, which JSON does not have
/// and Keras writes, as of Masking(mask_value=nan).
inline std::string without_nan(std::string_view text) {
  std::string result;
  bool in_string = false;
  while (!text.empty()) {
    std::size_t taken = in_string && text.front() == '\\' ? 2 : 1;
    const std::size_t sign = text.front() == '-' ? 1 : 0;
    for (const std::string_view word : {"NaN", "Infinity"}) {
      if (!in_string && text.substr(sign).starts_with(word)) taken = sign + word.size();
    }
    const bool is_word = taken > 2;
    if (text.front() == '"') in_string = !in_string;
    result += is_word ? "null" : text.substr(0, taken);
    text.remove_prefix(std::min(taken, text.size()));
  }
  return result;
}

/// The layers of a configuration; refuses what is no JSON.
inline std::vector<KerasConfig> read_keras_config(const std::string& file,
                                                  const std::string& text) {
  if (text.empty()) return {};
  const nlohmann::json model = nlohmann::json::parse(without_nan(text), nullptr, false);
  if (model.is_discarded()) refuse_file(file, "its configuration is no JSON.");
  return KerasConfigReader(model).layers;
}

}  // namespace batchnorm::detail
