// The reader of data sets: what it gives for good files, and that it refuses every kind of bad one
// by its name.
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "dataset.hpp"
#include "idx.hpp"

namespace {

namespace fs = std::filesystem;
using mlp::Index;

std::string big_endian(std::uint32_t value) {
  std::string bytes;
  for (const unsigned shift : {24U, 16U, 8U, 0U})
    bytes += static_cast<char>(value >> shift & 0xffU);
  return bytes;
}

std::string idx(std::vector<std::uint32_t> sizes, const std::string& values) {
  std::string bytes = big_endian(0x800U + static_cast<std::uint32_t>(sizes.size()));
  for (const std::uint32_t size : sizes) bytes += big_endian(size);
  return bytes + values;
}

/// A folder with a small, good data set of 5 training and 3 test images of 2 x 2 pixels, and 3
/// classes.
class Data : public testing::Test {
 protected:
  Data() : folder_(fs::temp_directory_path() / ("mlp_data_test_" + std::to_string(getpid()))) {
    fs::create_directory(folder_);
    std::string pixels(20, '\0');
    std::iota(pixels.begin(), pixels.end(), '\0');
    write("train-images-idx3-ubyte", idx({5, 2, 2}, pixels));
    write("train-labels-idx1-ubyte", idx({5}, std::string("\0\1\2\1\0", 5)));
    write("t10k-images-idx3-ubyte", idx({3, 2, 2}, pixels.substr(0, 12)));
    write("t10k-labels-idx1-ubyte", idx({3}, std::string("\2\1\0", 3)));
  }
  ~Data() override { fs::remove_all(folder_); }
  Data(const Data&) = delete;
  Data& operator=(const Data&) = delete;

  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
  }

  std::string read(const std::string& name) const {
    std::ifstream file(folder_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  void gzip(const std::string& name) const {
    const std::string bytes = read(name);
    gzFile const file = gzopen((folder_ / (name + ".gz")).c_str(), "wb");
    gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(file);
    fs::remove(folder_ / name);
  }

  /// That loading fails with a message of one line that contains both words.
  void expect_refused(const std::string& file, const std::string& word) const {
    try {
      mlp::load_dataset(folder_);
      ADD_FAILURE() << "accepted; expected a message with " << file << " and " << word;
    } catch (const std::runtime_error& error) {
      const std::string message = error.what();
      EXPECT_NE(message.find(file), std::string::npos) << message;
      EXPECT_NE(message.find(word), std::string::npos) << message;
      EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    }
  }

  fs::path folder_;
};

TEST_F(Data, PixelsAreStandardisedByTheTrainingImages) {
  const mlp::Dataset data = mlp::load_dataset(folder_);
  EXPECT_EQ(data.classes, 3);
  ASSERT_EQ(data.train.images.rows(), 5);
  ASSERT_EQ(data.train.images.cols(), 4);
  ASSERT_EQ(data.test.images.rows(), 3);
  EXPECT_EQ(data.train.labels, (nn::Labels{{0, 1, 2, 1, 0}}));
  EXPECT_NEAR(data.train.images.mean(), 0, 1e-6);
  EXPECT_NEAR(data.train.images.squaredNorm() / 20, 1, 1e-6);
  EXPECT_EQ(data.test.images, data.train.images.topRows(3));
  EXPECT_LT(data.train.images(0, 1), data.train.images(1, 0)) << "images are rows";
}

TEST_F(Data, GzippedFilesGiveTheSame) {
  const mlp::Dataset plain = mlp::load_dataset(folder_);
  gzip("train-images-idx3-ubyte");
  gzip("t10k-labels-idx1-ubyte");
  const mlp::Dataset gzipped = mlp::load_dataset(folder_);
  EXPECT_EQ(gzipped.train.images, plain.train.images);
  EXPECT_EQ(gzipped.test.labels, plain.test.labels);
}

TEST_F(Data, ConstantImagesAreNoDivisionByZero) {
  write("train-images-idx3-ubyte", idx({5, 2, 2}, std::string(20, '\7')));
  EXPECT_TRUE(mlp::load_dataset(folder_).train.images.isZero());
}

TEST_F(Data, RefusesAMissingFolderAndMissingFiles) {
  EXPECT_THROW(mlp::load_dataset(folder_ / "none"), std::runtime_error);
  fs::remove(folder_ / "t10k-labels-idx1-ubyte");
  expect_refused("t10k-labels-idx1-ubyte", "neither");
}

TEST_F(Data, RefusesAnotherFormat) {
  write("train-images-idx3-ubyte", "P5 2 2 255 and so on");
  expect_refused("train-images-idx3-ubyte", "no IDX file");
}

TEST_F(Data, RefusesAnotherTypeOfValues) {
  std::string bytes = read("train-labels-idx1-ubyte");
  bytes[2] = 0x0D;
  write("train-labels-idx1-ubyte", bytes);
  expect_refused("train-labels-idx1-ubyte", "no IDX file");
}

TEST_F(Data, RefusesAnEmptyFile) {
  write("train-images-idx3-ubyte", "");
  expect_refused("train-images-idx3-ubyte", "no IDX file");
}

TEST_F(Data, RefusesEveryTruncation) {
  const std::string whole = read("train-images-idx3-ubyte");
  for (std::size_t length = 4; length < whole.size(); ++length) {
    write("train-images-idx3-ubyte", whole.substr(0, length));
    expect_refused("train-images-idx3-ubyte", "truncated");
  }
}

TEST_F(Data, RefusesEveryTruncationOfAGzippedFile) {
  gzip("train-images-idx3-ubyte");
  const std::string whole = read("train-images-idx3-ubyte.gz");
  for (std::size_t length = 1; length < whole.size(); ++length) {
    write("train-images-idx3-ubyte.gz", whole.substr(0, length));
    expect_refused("train-images-idx3-ubyte.gz", "");
  }
}

TEST_F(Data, RefusesADamagedGzippedFile) {
  gzip("train-images-idx3-ubyte");
  std::string bytes = read("train-images-idx3-ubyte.gz");
  bytes[bytes.size() - 6] = static_cast<char>(bytes[bytes.size() - 6] ^ 1);
  write("train-images-idx3-ubyte.gz", bytes);
  expect_refused("train-images-idx3-ubyte.gz", "cannot be read");
}

TEST_F(Data, RefusesWhatFollowsTheValues) {
  write("t10k-labels-idx1-ubyte", read("t10k-labels-idx1-ubyte") + "x");
  expect_refused("t10k-labels-idx1-ubyte", "too long");
}

TEST_F(Data, RefusesSizesWhoseProductOverflows) {
  write("train-images-idx3-ubyte", idx({0xffffffffU, 0xffffffffU, 0xffffffffU}, "abcd"));
  expect_refused("train-images-idx3-ubyte", "large");
}

TEST_F(Data, RefusesMoreLabelsThanImages) {
  write("train-labels-idx1-ubyte", idx({6}, std::string("\0\1\2\1\0\0", 6)));
  expect_refused("train-images-idx3-ubyte", "6 labels");
}

TEST_F(Data, RefusesImagesInPlaceOfLabels) {
  write("t10k-labels-idx1-ubyte", read("t10k-images-idx3-ubyte"));
  expect_refused("t10k-labels-idx1-ubyte", "axis");
}

TEST_F(Data, RefusesLabelsOutOfRange) {
  write("t10k-labels-idx1-ubyte", idx({3}, std::string("\2\3\0", 3)));
  expect_refused("t10k-labels-idx1-ubyte", "label 3");
  write("train-labels-idx1-ubyte", idx({5}, std::string("\0\1\2\1\x63", 5)));
  expect_refused("train-labels-idx1-ubyte", "label 99");
}

TEST_F(Data, RefusesTestImagesOfAnotherSize) {
  write("t10k-images-idx3-ubyte", idx({3, 2, 3}, std::string(18, '\1')));
  expect_refused("t10k-images-idx3-ubyte", "6 pixels");
}

TEST_F(Data, RefusesASetWithoutImages) {
  write("t10k-images-idx3-ubyte", idx({0, 2, 2}, ""));
  write("t10k-labels-idx1-ubyte", idx({0}, ""));
  expect_refused("t10k-images-idx3-ubyte", "too few");
}

}  // namespace
