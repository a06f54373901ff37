// Any tree of groups and any configuration are read or refused by one sentence: what stands above
// the HDF5 library.
#include <algorithm>
#include <batchnorm/detail/files/keras_groups.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace batchnorm::detail;

/// A file in place of one of HDF5, with groups, datasets and attributes as the bytes of an input
/// say.
class MadeUpFile {
 public:
  explicit MadeUpFile(std::string_view& bytes) {
    std::string path;
    while (!bytes.empty() && bytes.front() != '{') {
      const auto byte = static_cast<unsigned char>(bytes.front());
      bytes.remove_prefix(1);
      step(byte, path);
    }
  }

  [[nodiscard]] const std::string& name() const { return name_; }

  [[nodiscard]] std::vector<GroupChild> children(const std::string& path) const {
    const auto found = groups_.find(path == "/" ? "" : path);
    return found == groups_.end() ? std::vector<GroupChild>() : found->second;
  }

  [[nodiscard]] std::string attribute(const std::string& path, const char*) const {
    const auto found = names_.find(path);
    return found == names_.end() ? "" : found->second;
  }

  [[nodiscard]] bool has_attribute(const std::string& path, const char*) const {
    return names_.contains(path);
  }

  [[nodiscard]] Eigen::Index length(const std::string& path) const {
    const auto found = lengths_.find(path);
    return found == lengths_.end() ? -1 : found->second;
  }

 private:
  static const std::vector<std::string>& words() {
    static const std::vector<std::string> all{"layers",
                                              "batch_normalization",
                                              "batch_normalization_1",
                                              "vars",
                                              "0",
                                              "1",
                                              "2",
                                              "3",
                                              "gamma",
                                              "beta:0",
                                              "gamma:1",
                                              "moving_mean",
                                              "moving_variance",
                                              "sequential",
                                              "bn",
                                              ""};
    return all;
  }

  /// A name stands once in a group.
  void add(const std::string& path, const std::string& word, bool is_group) {
    std::vector<GroupChild>& children = groups_[path];
    const bool is_new = std::none_of(children.begin(), children.end(),
                                     [&](const GroupChild& child) { return child.name == word; });
    if (is_new) children.push_back({word, is_group});
  }

  /// Down into a group, back up, a dataset, or a name.
  void step(unsigned char byte, std::string& path) {
    const std::string& word = words()[byte % 16U];
    const std::string child = path + '/' + word;
    switch (byte / 16U % 4U) {
      case 0:
        add(path, word, true);
        path = child;
        break;
      case 1:
        path = path.substr(0, std::min(path.rfind('/'), path.size()));
        break;
      case 2:
        add(path, word, false);
        lengths_[child] = byte / 64U;
        break;
      default:
        names_[path] = word;
    }
  }

  std::string name_ = "made up";
  std::map<std::string, std::vector<GroupChild>> groups_;
  std::map<std::string, Eigen::Index> lengths_;
  std::map<std::string, std::string> names_;
};

void check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const MadeUpFile file(bytes);
    std::vector<KerasGroup> groups = KerasGroupReader(file).groups;
    for (const KerasGroup& group : groups) {
      check(group.channels > 0 && (group.named.size() >= 2 || group.numbered.size() >= 2));
    }
    for (const KerasConfig& config : read_keras_config(file.name(), std::string(bytes))) {
      std::string problem;
      const KerasGroup* const found = find_group(config, groups, problem);
      check(found != nullptr || !problem.empty());
    }
    std::stable_sort(groups.begin(), groups.end(),
                     [](const auto& a, const auto& b) { return natural_less(a.path, b.path); });
    for (std::size_t i = 1; i < groups.size(); ++i) {
      check(!natural_less(groups[i].path, groups[i - 1].path));
    }
  } catch (const std::invalid_argument&) {
  }
  return 0;
}
