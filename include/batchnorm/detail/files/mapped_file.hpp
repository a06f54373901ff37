#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#if __has_include(<sys/mman.h>)
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

#include "text.hpp"

// The bytes of a file, of which only those are read that are looked at, where the system can do
// that.
namespace batchnorm::detail {

/// What keeps the bytes of a file where they are.
class FileBytes {
 public:
  FileBytes() = default;
  FileBytes(const FileBytes&) = delete;
  FileBytes(FileBytes&&) = delete;
  FileBytes& operator=(const FileBytes&) = delete;
  FileBytes& operator=(FileBytes&&) = delete;
  virtual ~FileBytes() = default;

  [[nodiscard]] virtual std::string_view bytes() const = 0;
};

/// Bytes in memory.
class OwnedBytes final : public FileBytes {
 public:
  explicit OwnedBytes(std::string bytes) : bytes_(std::move(bytes)) {}
  [[nodiscard]] std::string_view bytes() const override { return bytes_; }

 private:
  std::string bytes_;
};

#if __has_include(<sys/mman.h>)

/// Why the last call of the system failed.
inline std::string system_reason() {
  return std::error_code(errno, std::generic_category()).message();
}

/// A file in the address space: the system reads a page of it when that is looked at.
class MappedBytes final : public FileBytes {
 public:
  explicit MappedBytes(const std::filesystem::path& file) {
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) refuse_file(file.string(), "cannot be opened: " + system_reason() + ".");
    const std::string failure = map(descriptor);
    ::close(descriptor);
    if (!failure.empty()) refuse_file(file.string(), failure);
  }
  MappedBytes(const MappedBytes&) = delete;
  MappedBytes(MappedBytes&&) = delete;
  MappedBytes& operator=(const MappedBytes&) = delete;
  MappedBytes& operator=(MappedBytes&&) = delete;
  ~MappedBytes() override {
    if (size_ > 0) ::munmap(address_, size_);
  }

  [[nodiscard]] std::string_view bytes() const override {
    return {static_cast<const char*>(address_), size_};
  }

 private:
  /// Returns what went wrong, or nothing.
  std::string map(int descriptor) {
    struct stat status {};
    if (::fstat(descriptor, &status) != 0) return "cannot be read: " + system_reason() + ".";
    if (!S_ISREG(status.st_mode)) return "is no regular file.";
    if (status.st_size == 0) return "";
    const auto size = static_cast<std::size_t>(status.st_size);
    void* const address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (address == MAP_FAILED) return "cannot be mapped: " + system_reason() + ".";
    address_ = address;
    size_ = size;
    return "";
  }

  void* address_ = nullptr;
  std::size_t size_ = 0;
};

inline std::shared_ptr<const FileBytes> open_bytes(const std::filesystem::path& file) {
  return std::make_shared<MappedBytes>(file);
}

#else

inline std::shared_ptr<const FileBytes> open_bytes(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in || std::filesystem::is_directory(file)) refuse_file(file.string(), "cannot be opened.");
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  if (in.bad()) refuse_file(file.string(), "cannot be read.");
  return std::make_shared<OwnedBytes>(std::move(bytes));
}

#endif

}  // namespace batchnorm::detail
