#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include "text.hpp"

// On POSIX: the new file is on the disk before it takes the old one's name, and the name lasts.
namespace batchnorm::detail {

/// Refuses a file, with the reason of the last call of the system.
[[noreturn]] inline void refuse_unwritable(const std::filesystem::path& file) {
  const std::string reason = std::error_code(errno, std::generic_category()).message();
  refuse_file(file.string(), "cannot be written: " + reason + ".");
}

inline void check_writable_folder(const std::filesystem::path& file,
                                  const std::filesystem::path& folder) {
  if (::access(folder.c_str(), W_OK) != 0) refuse_unwritable(file);
}

/// An open file beside its target, which is removed again unless it took the target's name.
class FreshFile {
 public:
  explicit FreshFile(const std::filesystem::path& target)
      : target_(target),
        path_(target.string() + ".new-" + std::to_string(::getpid())),
        descriptor_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
    if (descriptor_ < 0) refuse_unwritable(target_);
  }
  FreshFile(FreshFile&&) = delete;
  FreshFile& operator=(FreshFile&&) = delete;
  ~FreshFile() {
    ::close(descriptor_);
    if (!renamed_) ::unlink(path_.c_str());
  }

  void write(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) refuse_unwritable(target_);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  /// The bytes must be on the disk before the name is: otherwise a power cut can leave an empty
  /// file under it.
  void take_name() {
    if (::fsync(descriptor_) != 0) refuse_unwritable(target_);
    if (std::rename(path_.c_str(), target_.c_str()) != 0) refuse_unwritable(target_);
    renamed_ = true;
  }

 private:
  std::filesystem::path target_, path_;
  int descriptor_;
  bool renamed_ = false;
};

/// Makes the new name last. A file system that cannot do that for a folder is no reason to fail.
inline void sync_folder(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

inline void replace_by_rename(const std::filesystem::path& target, std::string_view bytes) {
  FreshFile fresh(target);
  fresh.write(bytes);
  fresh.take_name();
  sync_folder(target.has_parent_path() ? target.parent_path() : std::filesystem::path("."));
}

}  // namespace batchnorm::detail
