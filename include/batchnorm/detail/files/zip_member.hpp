#pragma once

#include <zip.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>

#include "text.hpp"

// Members of a zip file.
namespace batchnorm::detail {

/// A zip file that is open for reading.
class ZipFile {
 public:
  explicit ZipFile(const std::filesystem::path& path) : name_(path.string()) {
    int error = 0;
    archive_.reset(zip_open(path.c_str(), ZIP_RDONLY, &error));
    if (archive_ == nullptr) refuse_file(name_, "cannot be opened, or is no zip file.");
  }

  /// The content of a member; refuses one that is not there, or is damaged. Room is made as its
  /// bytes come, whatever size it claims.
  [[nodiscard]] std::string read(const char* member,
                                 std::size_t most = std::numeric_limits<std::size_t>::max()) const {
    const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> file(
        zip_fopen(archive_.get(), member, 0), zip_fclose);
    if (file == nullptr) refuse_file(name_, std::string("has no ") + member + " within.");
    constexpr std::size_t step = 1U << 20U;
    std::string bytes;
    for (;;) {
      const std::size_t before = bytes.size();
      bytes.resize(before + step);
      const zip_int64_t count = zip_fread(file.get(), bytes.data() + before, step);
      if (count < 0) refuse_file(name_, std::string("its ") + member + " is damaged.");
      bytes.resize(before + static_cast<std::size_t>(count));
      if (count == 0) return bytes;
      if (bytes.size() > most) {
        refuse_file(name_, std::string("its ") + member + " has more than " + std::to_string(most) +
                               " bytes.");
      }
    }
  }

 private:
  std::string name_;
  std::unique_ptr<zip_t, decltype(&zip_discard)> archive_{nullptr, zip_discard};
};

}  // namespace batchnorm::detail
