#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "keras_config.hpp"
#include "text.hpp"

// The groups of a Keras file that can be those of a BatchNormalization.
namespace batchnorm::detail {

/// What a group of a file holds by a name of its own: links to elsewhere are left out.
struct GroupChild {
  std::string name;
  bool is_group = false;  ///< or else a dataset
};

/// Vectors of one length in a group: by name, in files of Keras 1 and 2 and of Keras 3 in their
/// layout, or numbered, in files of Keras 3.
struct KerasGroup {
  std::string path;   ///< of the layer's own group
  std::string name;   ///< the layer's; empty where the file has none
  std::string layer;  ///< of a file of Keras 2, the layer of the model that it is, or is within
  std::map<std::string, std::string> named;  ///< paths of "gamma", "beta", "moving_mean", ...
  std::vector<std::string> numbered;         ///< paths of "0", "1", ...
  Eigen::Index channels = 0;
};

/// Finds them, depth first, in the order of their names. `File` has groups, datasets and
/// attributes, as Hdf5File has.
template <typename File>
class KerasGroupReader {
 public:
  explicit KerasGroupReader(const File& file) : file_(file) { visit("", "", 0); }

  std::vector<KerasGroup> groups;

 private:
  static constexpr int most_levels = 64;
  static constexpr std::size_t most_groups = 100'000;

  /// `layer` is the group above that lists weights, which is a layer of the model.
  void visit(const std::string& path, std::string layer, int level) {
    if (level > most_levels || ++visited_ > most_groups) {
      refuse_file(file_.name(), "has more groups than a model has, or groups within themselves.");
    }
    const std::vector<GroupChild> children = file_.children(path.empty() ? "/" : path);
    if (layer.empty() && !path.empty() && file_.has_attribute(path, "weight_names")) layer = path;
    if (path.ends_with("/vars")) {
      add_numbered(path, children);
    } else {
      add_named(path, layer, children);
    }
    for (const GroupChild& child : children) {
      if (child.is_group) visit(path + '/' + child.name, layer, level + 1);
    }
  }

  /// Refuses nothing: what does not fit is another layer.
  void add(KerasGroup group, const std::vector<std::string>& paths) {
    for (const std::string& path : paths) {
      const Eigen::Index length = file_.length(path);
      if (length < 1 || (group.channels > 0 && length != group.channels)) return;
      group.channels = length;
    }
    groups.push_back(std::move(group));
  }

  void add_named(const std::string& path, const std::string& layer,
                 const std::vector<GroupChild>& children) {
    KerasGroup group;
    group.path = path;
    group.layer = name_of_layer(layer);
    const std::string scope = path.substr(path.rfind('/') + 1);
    const bool says_the_same = group.layer.empty() || group.layer == scope;
    group.name = says_the_same ? scope : group.layer + '/' + scope;
    std::vector<std::string> paths;
    for (const GroupChild& child : children) {
      const std::string name = child.name.substr(0, child.name.find(':'));
      const bool is_ours =
          name == "gamma" || name == "beta" || name == "moving_mean" || name == "moving_variance";
      if (child.is_group || !is_ours) continue;
      if (group.named.contains(name)) {
        refuse_file(file_.name(), "has several " + name + " in " + in_quotes(path) + ".");
      }
      group.named[name] = path + '/' + child.name;
      paths.push_back(group.named[name]);
    }
    if (group.named.contains("moving_mean") && group.named.contains("moving_variance")) {
      add(std::move(group), paths);
    }
  }

  /// Of the path of a layer's group: it may have slashes, and the weights of a whole model lie
  /// deeper.
  static std::string name_of_layer(const std::string& path) {
    constexpr std::string_view weights = "/model_weights/";
    if (path.starts_with(weights)) return path.substr(weights.size());
    return path.substr(std::min<std::size_t>(1, path.size()));
  }

  /// Keras 3 makes the group's name of the layer's class: these have vectors alone, too.
  static bool names_another_class(const std::string& path) {
    const std::string group = path.substr(path.rfind('/') + 1);
    return group.starts_with("layer_normalization") || group.starts_with("group_normalization") ||
           group.starts_with("rms_normalization") || group.starts_with("spectral_normalization");
  }

  void add_numbered(const std::string& path, const std::vector<GroupChild>& children) {
    KerasGroup group;
    group.path = path.substr(0, path.size() - std::string("/vars").size());
    group.name = file_.attribute(path, "name");
    if (names_another_class(group.path)) return;
    const auto datasets = std::count_if(children.begin(), children.end(),
                                        [](const GroupChild& child) { return !child.is_group; });
    if (datasets < 2 || datasets > 4) return;
    for (std::ptrdiff_t i = 0; i < datasets; ++i) {
      group.numbered.push_back(path + '/' + std::to_string(i));
    }
    const std::vector<std::string> paths = group.numbered;
    add(std::move(group), paths);
  }

  const File& file_;
  std::size_t visited_ = 0;
};

/// A path as Keras 3 writes it now: in 2023 it wrote another word for the layers of a model.
inline std::string present_path(std::string path) {
  constexpr std::string_view before = "/_layer_checkpoint_dependencies/";
  for (std::size_t at = 0; (at = path.find(before)) != std::string::npos;) {
    path.replace(at, before.size(), "/layers/");
  }
  return path;
}

/// The groups that `fits`, if it is one alone; null otherwise, with a word where it is several.
template <typename Fits>
const KerasGroup* only_group(const std::vector<KerasGroup>& groups, const Fits& fits,
                             std::string& problem) {
  const KerasGroup* found = nullptr;
  for (const KerasGroup& group : groups) {
    if (!fits(group)) continue;
    if (found != nullptr) {
      problem = "which may be " + in_quotes(found->path) + " or " + in_quotes(group.path);
      return nullptr;
    }
    found = &group;
  }
  return found;
}

/// The group of a layer of the configuration, or null, with the reason. In files of Keras 3 it is
/// at the path that Keras gives it, unless the group there names another layer; in files of Keras 2
/// it lies in the group of the layer's name, and of a model within a model in a scope of that name.
inline const KerasGroup* find_group(const KerasConfig& config,
                                    const std::vector<KerasGroup>& groups, std::string& problem) {
  problem = "of which there are no variables that fit";
  const auto at_path = [&](const KerasGroup& group) {
    return present_path(group.path) == config.path &&
           (group.name == config.name || group.name.empty());
  };
  const auto is_layer = [&](const KerasGroup& group) { return group.layer == config.name; };
  const auto has_name = [&](const KerasGroup& group) {
    const std::string scope = group.path.substr(group.path.rfind('/') + 1);
    return group.layer.empty() ? group.name == config.name
                               : group.layer != scope && scope == config.name;
  };
  for (const auto& found :
       {only_group(groups, at_path, problem), only_group(groups, is_layer, problem)}) {
    if (found != nullptr) return found;
  }
  return only_group(groups, has_name, problem);
}

/// "_2" before "_10": digits as numbers.
inline bool natural_less(std::string_view a, std::string_view b) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto number = [&](std::string_view& text) {
    const std::size_t zeros = std::min(text.find_first_not_of('0'), text.size());
    text.remove_prefix(zeros);
    std::size_t end = 0;
    while (end < text.size() && is_digit(text[end])) ++end;
    const std::string_view digits = text.substr(0, end);
    text.remove_prefix(end);
    return digits;
  };
  while (!a.empty() && !b.empty()) {
    if (is_digit(a.front()) && is_digit(b.front())) {
      const std::string_view x = number(a);
      const std::string_view y = number(b);
      if (x.size() != y.size()) return x.size() < y.size();
      if (x != y) return x < y;
    } else {
      if (a.front() != b.front()) return a.front() < b.front();
      a.remove_prefix(1);
      b.remove_prefix(1);
    }
  }
  return a.size() < b.size();
}

}  // namespace batchnorm::detail
