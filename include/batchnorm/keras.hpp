#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "detail/files/files.hpp"
#include "detail/files/hdf5_file.hpp"
#include "detail/files/keras_config.hpp"
#include "detail/files/keras_groups.hpp"
#include "detail/files/zip_member.hpp"
#include "keras_layer.hpp"
#include "policies.hpp"
#include "state.hpp"

// The BatchNormalizations of Keras models: .keras, .weights.h5 and the older .h5. Needs HDF5,
// libzip and nlohmann/json (Debian: libhdf5-dev libzip-dev nlohmann-json3-dev). Opt-in:
// batchnorm.hpp does not include this header.
namespace batchnorm {

/// A model or the weights of one. What cannot be read is refused with `std::invalid_argument`.
/// Files of others must be trusted as far as the HDF5 library is. A copy is the same file.
///
///     const auto model = KerasModel::open("model.keras");
///     const KerasLayer& layer = model.layer("batch_normalization");
///     const BatchNorm<float, Eval> norm(model.state(layer.name), layer.options());
class KerasModel {
 public:
  /// A .keras file, which is a zip, or a file of HDF5.
  [[nodiscard]] static KerasModel open(const std::filesystem::path& file) {
    std::error_code none;
    if (!std::filesystem::exists(file, none)) {
      detail::refuse_file(file.string(), "cannot be opened: there is no such file.");
    }
    if (!std::filesystem::is_regular_file(file, none)) {
      detail::refuse_file(file.string(), "is no regular file.");
    }
    char magic[2] = {};
    std::ifstream(file, std::ios::binary).read(magic, 2);
    if (magic[0] != 'P' || magic[1] != 'K') {
      const auto weights = detail::Hdf5File::open(file);
      return {weights, weights->attribute("/", "model_config")};
    }
    const detail::ZipFile zip(file);
    return {detail::Hdf5File::read(file.string(), zip.read("model.weights.h5")),
            zip.read("config.json", most_config_bytes)};
  }

  /// With a configuration its BatchNormalizations, in its order. Without one what may be such a
  /// layer, in the natural order of the groups, "_2" before "_10": a LayerNormalization of the same
  /// size looks alike.
  [[nodiscard]] std::vector<KerasLayer> layers() const { return layers_; }

  /// What else the file shows, each in a sentence: a layer of the configuration without variables.
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

  /// The layer of this name, or at this path; refuses one that is not there, with the nearest that
  /// is, and a name that several have.
  [[nodiscard]] const KerasLayer& layer(const std::string& name) const {
    return layers_[place_of(name)];
  }

  /// The state of a layer. Keras counts no batches: `batches` is 0. Throws
  /// `std::invalid_argument` where variables have no names and the file does not say which they
  /// are.
  template <typename Scalar = float>
  [[nodiscard]] State<Scalar> state(const std::string& name) const {
    const std::size_t place = place_of(name);
    const KerasLayer& layer = layers_[place];
    if (!layer.has_config && !layer.is_named) {
      detail::refuse_file(weights_->name(),
                          "has no configuration, which tells what the " +
                              std::to_string(groups_[place].numbered.size()) + " variables of " +
                              detail::in_quotes(name) +
                              " are: read a .keras file whose configuration lists its layers, or "
                              "say it: state(name, ScaleAndShift{}), ScaleOnly{} "
                              "(center=False), ShiftOnly{} (scale=False) or NoAffine{}.");
    }
    return read<Scalar>(place, layer.scale, layer.center);
  }

  /// The same of a layer of which the caller says which parameters it has.
  template <typename Scalar = float, AffinePolicy Affine>
  [[nodiscard]] State<Scalar> state(const std::string& name, Affine /*policy*/) const {
    const std::size_t place = place_of(name);
    const KerasLayer& layer = layers_[place];
    const bool is_known = layer.has_config || layer.is_named;
    if (is_known && (layer.scale != Affine::has_gamma || layer.center != Affine::has_beta)) {
      detail::refuse_file(weights_->name(), detail::in_quotes(name) +
                                                " has scale=" + (layer.scale ? "True" : "False") +
                                                " and center=" + (layer.center ? "True" : "False") +
                                                ".");
    }
    return read<Scalar>(place, Affine::has_gamma, Affine::has_beta);
  }

 private:
  /// Configurations of large models have a few megabytes.
  static constexpr std::size_t most_config_bytes = std::size_t{1} << 26U;

  KerasModel(std::shared_ptr<const detail::Hdf5File> weights, const std::string& config)
      : weights_(std::move(weights)) {
    std::vector<detail::KerasGroup> groups = detail::KerasGroupReader(*weights_).groups;
    const auto configured = detail::read_keras_config(weights_->name(), config);
    if (configured.empty()) {
      add_groups(std::move(groups));
    } else {
      for (const detail::KerasConfig& one : configured) add(one, groups);
      note_unclaimed(groups);
    }
  }

  /// Without a configuration.
  void add_groups(std::vector<detail::KerasGroup> groups) {
    std::stable_sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) {
      return detail::natural_less(a.path, b.path);
    });
    for (detail::KerasGroup& group : groups) {
      KerasLayer layer{.name = group.name.empty() ? group.path : group.name,
                       .path = group.path,
                       .channels = group.channels};
      layer.is_named = !group.named.empty();
      if (!layer.is_named) {
        layer.notes.emplace_back("It has variables without names, and the file no configuration.");
      } else {
        layer.scale = group.named.contains("gamma");
        layer.center = group.named.contains("beta");
      }
      layers_.push_back(std::move(layer));
      groups_.push_back(std::move(group));
    }
  }

  /// What may be a BatchNormalization, as within a layer of the user's own, and is none of the
  /// configuration's.
  void note_unclaimed(const std::vector<detail::KerasGroup>& groups) {
    for (const detail::KerasGroup& group : groups) {
      const bool is_claimed = std::any_of(groups_.begin(), groups_.end(), [&](const auto& claimed) {
        return claimed.path == group.path;
      });
      const bool may_be_one = !group.named.empty() || group.numbered.size() > 2 ||
                              group.path.find("batch_normalization") != std::string::npos;
      if (is_claimed || !may_be_one) continue;
      notes_.push_back(
          "It has variables at " + detail::in_quotes(group.path) +
          " that may be a BatchNormalization's, of which the configuration says nothing.");
    }
  }

  /// A layer of the configuration.
  void add(const detail::KerasConfig& config, const std::vector<detail::KerasGroup>& groups) {
    std::string problem;
    const detail::KerasGroup* const found = find_group(config, groups, problem);
    if (found == nullptr) {
      notes_.push_back("The configuration has " + detail::in_quotes(config.name) + ", " + problem +
                       ".");
      return;
    }
    KerasLayer layer{.name = config.name,
                     .path = found->path,
                     .channels = found->channels,
                     .has_config = true,
                     .is_named = !found->named.empty(),
                     .epsilon = config.epsilon,
                     .momentum = config.momentum,
                     .scale = config.scale,
                     .center = config.center,
                     .axis = config.axis};
    if (config.renorm) {
      layer.notes.emplace_back("It has renorm=True, whose own running values are not read.");
    }
    if (config.axis != -1) {
      layer.notes.push_back("It has its channels on axis " + std::to_string(config.axis) + ".");
    }
    layers_.push_back(std::move(layer));
    groups_.push_back(*found);
  }

  [[nodiscard]] std::size_t place_of(const std::string& name) const {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      if (layers_[i].path == name || layers_[i].path == '/' + name) return i;
      if (layers_[i].name == name) places.push_back(i);
    }
    if (places.size() == 1) return places.front();
    if (places.empty()) {
      std::vector<std::string> names;
      for (const KerasLayer& layer : layers_) names.push_back(layer.name);
      for (const KerasLayer& layer : layers_) {
        names.push_back(layer.path.substr(std::min<std::size_t>(1, layer.path.size())));
      }
      detail::refuse_file(weights_->name(), detail::not_found("BatchNormalization", name, names));
    }
    detail::refuse_file(weights_->name(), "has several layers named " + detail::in_quotes(name) +
                                              ": take one by its path, as " +
                                              detail::in_quotes(layers_[places.front()].path) +
                                              ".");
  }

  /// Gamma, beta, mean and variance are numbered in this order, those that exist.
  template <typename Scalar>
  [[nodiscard]] State<Scalar> read(std::size_t place, bool has_gamma, bool has_beta) const {
    const detail::KerasGroup& group = groups_[place];
    const std::size_t wanted = 2U + (has_gamma ? 1U : 0U) + (has_beta ? 1U : 0U);
    const std::size_t there = group.named.empty() ? group.numbered.size() : group.named.size();
    const bool fits = group.named.empty() || (group.named.contains("gamma") == has_gamma &&
                                              group.named.contains("beta") == has_beta);
    if (there != wanted || !fits) {
      detail::refuse_file(weights_->name(), detail::in_quotes(layers_[place].name) + " has " +
                                                std::to_string(there) + " variables, where " +
                                                std::to_string(wanted) + " are expected" +
                                                (fits ? "." : ", others than these."));
    }
    std::size_t next = 0;
    const auto vector = [&](const char* name) {
      return weights_->values(group.named.empty() ? group.numbered[next++] : group.named.at(name));
    };
    State<Scalar> state;
    if (has_gamma) state.gamma = vector("gamma").template cast<Scalar>();
    if (has_beta) state.beta = vector("beta").template cast<Scalar>();
    state.running_mean = vector("moving_mean");
    state.running_variance = vector("moving_variance");
    return state;
  }

  std::shared_ptr<const detail::Hdf5File> weights_;
  std::vector<std::string> notes_;
  std::vector<KerasLayer> layers_;
  std::vector<detail::KerasGroup> groups_;  ///< of the layer in the same place
};

}  // namespace batchnorm
