#pragma once

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

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

/// The bytes of a file, and what keeps them where they are.
struct FileBytes {
  std::string_view view;
  std::shared_ptr<const void> owner;
};

/// Bytes in memory.
inline FileBytes owned_bytes(std::string bytes) {
  const auto owner = std::make_shared<const std::string>(std::move(bytes));
  return {*owner, owner};
}

#if __has_include(<sys/mman.h>)

/// Why the last call of the system failed.
inline std::string system_reason() {
  return std::error_code(errno, std::generic_category()).message();
}

/// Maps an open file; returns what went wrong, or nothing.
inline std::string map_file(int descriptor, FileBytes& bytes) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return "cannot be read: " + system_reason() + ".";
  if (!S_ISREG(status.st_mode)) return "is no regular file.";
  if (status.st_size == 0) return "";
  const auto size = static_cast<std::size_t>(status.st_size);
  void* const address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (address == MAP_FAILED) return "cannot be mapped: " + system_reason() + ".";
  bytes.owner = std::shared_ptr<void>(address, [size](void* mapped) { ::munmap(mapped, size); });
  bytes.view = {static_cast<const char*>(address), size};
  return "";
}

/// A file in the address space: the system reads a page of it when that is looked at.
inline FileBytes open_bytes(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) refuse_file(file.string(), "cannot be opened: " + system_reason() + ".");
  FileBytes bytes;
  const std::string failure = map_file(descriptor, bytes);
  ::close(descriptor);
  if (!failure.empty()) refuse_file(file.string(), failure);
  return bytes;
}

#else

inline FileBytes open_bytes(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in || std::filesystem::is_directory(file)) refuse_file(file.string(), "cannot be opened.");
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  if (in.bad()) refuse_file(file.string(), "cannot be read.");
  return owned_bytes(std::move(bytes));
}

#endif

}  // namespace batchnorm::detail
