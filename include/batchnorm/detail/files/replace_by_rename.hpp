#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <random>
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

/// The folder that a file is in: a rename within it stays on one file system.
inline std::filesystem::path folder_of(const std::filesystem::path& file) {
  return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
}

inline void check_writable_folder(const std::filesystem::path& file,
                                  const std::filesystem::path& folder) {
  if (::access(folder.c_str(), W_OK) != 0) refuse_unwritable(file);
}

/// An open file beside its target, of a name that nobody else has, which is removed again unless it
/// took the target's.
class FreshFile {
 public:
  explicit FreshFile(const std::filesystem::path& target) : target_(target) {
    std::random_device random;
    for (int attempt = 0; attempt < 100 && descriptor_ < 0; ++attempt) {
      path_ =
          folder_of(target) / (".batchnorm-" + std::to_string(random()) + std::to_string(random()));
      descriptor_ =
          ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
      if (descriptor_ < 0 && errno != EEXIST) break;
    }
    if (descriptor_ < 0) refuse_unwritable(target_);
    keep_mode();
  }
  FreshFile(const FreshFile&) = delete;
  FreshFile(FreshFile&&) = delete;
  FreshFile& operator=(const FreshFile&) = delete;
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
  /// Who may read the old file may read the new one, and nobody else.
  void keep_mode() const {
    struct stat status {};
    if (::stat(target_.c_str(), &status) == 0) ::fchmod(descriptor_, status.st_mode & 07777U);
  }

  std::filesystem::path target_, path_;
  int descriptor_ = -1;
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
  sync_folder(folder_of(target));
}

}  // namespace batchnorm::detail
