#include "dataset.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <stdexcept>
#include <string>

#include "idx.hpp"

namespace mlp {
namespace {

namespace fs = std::filesystem;

struct Part {
  fs::path images_file, labels_file;
  IdxArray images{}, labels{};

  Index count() const { return images.sizes.front(); }
  Index pixels() const {
    return images.sizes.front() == 0 ? 0 : static_cast<Index>(images.values.size()) / count();
  }
};

fs::path find_file(const fs::path& folder, const std::string& name) {
  for (const char* const ending : {"", ".gz"}) {
    fs::path file = folder / (name + ending);
    if (fs::exists(file)) return file;
  }
  throw std::runtime_error(folder.string() + ": has neither " + name + " nor " + name + ".gz");
}

Part read_part(const fs::path& folder, const std::string& name) {
  Part part{.images_file = find_file(folder, name + "-images-idx3-ubyte"),
            .labels_file = find_file(folder, name + "-labels-idx1-ubyte")};
  part.images = read_idx(part.images_file);
  part.labels = read_idx(part.labels_file);
  return part;
}

void check_part(const Part& part, Index at_least) {
  if (part.images.sizes.size() < 2) {
    throw std::runtime_error(part.images_file.string() +
                             ": has one axis, where images have two or more");
  }
  if (part.labels.sizes.size() != 1) {
    throw std::runtime_error(part.labels_file.string() +
                             ": has more than one axis, where labels have one");
  }
  if (part.count() != part.labels.sizes.front()) {
    throw std::runtime_error(part.images_file.string() + ": has " + std::to_string(part.count()) +
                             " images, but " + part.labels_file.filename().string() + " has " +
                             std::to_string(part.labels.sizes.front()) + " labels");
  }
  if (part.count() < at_least || part.pixels() == 0) {
    throw std::runtime_error(part.images_file.string() + ": has " + std::to_string(part.count()) +
                             " images of " + std::to_string(part.pixels()) + " pixels, too few");
  }
}

/// One more than the largest label of the training images; of the classes below it only 0 may have
/// no image, for data sets that count from 1.
Index count_classes(const Part& train) {
  const std::set<int> seen(train.labels.values.begin(), train.labels.values.end());
  const int largest = *seen.rbegin();
  for (int label = 1; label <= largest; ++label) {
    if (!seen.contains(label)) {
      throw std::runtime_error(train.labels_file.string() + ": has a label " +
                               std::to_string(largest) + ", but no image of class " +
                               std::to_string(label));
    }
  }
  return largest + 1;
}

void check_labels(const Part& test, Index classes) {
  const auto largest = *std::max_element(test.labels.values.begin(), test.labels.values.end());
  if (largest >= classes) {
    throw std::runtime_error(test.labels_file.string() + ": has a label " +
                             std::to_string(largest) + ", but the training labels end at " +
                             std::to_string(classes - 1));
  }
}

/// Exact sums of integers, so that the order of the images has no say.
Scaling scaling_of(const IdxArray& images) {
  std::uint64_t sum = 0;
  std::uint64_t squares = 0;
  for (const std::uint8_t value : images.values) {
    sum += value;
    squares += static_cast<std::uint64_t>(value) * value;
  }
  const auto count = static_cast<double>(images.values.size());
  const double mean = static_cast<double>(sum) / count;
  const double variance = static_cast<double>(squares) / count - mean * mean;
  return {mean, variance > 0 ? 1 / std::sqrt(variance) : 1};
}

nn::Samples<float> to_samples(const Part& part, const Scaling& scaling) {
  using Bytes = nn::Matrix<std::uint8_t>;
  const Eigen::Map<const Bytes> pixels(part.images.values.data(), part.count(), part.pixels());
  const Eigen::Map<const Eigen::Vector<std::uint8_t, Eigen::Dynamic>> labels(
      part.labels.values.data(), part.count());
  return {.images = ((pixels.cast<float>().array() - static_cast<float>(scaling.mean)) *
                     static_cast<float>(scaling.inverse_deviation))
                        .matrix(),
          .labels = labels.cast<int>()};
}

}  // namespace

Dataset load_dataset(const fs::path& folder, const std::optional<Scaling>& given) {
  if (!fs::is_directory(folder)) throw std::runtime_error(folder.string() + ": is no folder");
  const Part train = read_part(folder, "train");
  const Part test = read_part(folder, "t10k");
  check_part(train, 2);
  check_part(test, 1);
  if (train.pixels() != test.pixels()) {
    throw std::runtime_error(
        test.images_file.string() + ": has images of " + std::to_string(test.pixels()) +
        " pixels, but those for training have " + std::to_string(train.pixels()));
  }
  const Index classes = count_classes(train);
  check_labels(test, classes);
  const Scaling scaling = given ? *given : scaling_of(train.images);
  return {.train = to_samples(train, scaling),
          .test = to_samples(test, scaling),
          .classes = classes,
          .scaling = scaling};
}

}  // namespace mlp
