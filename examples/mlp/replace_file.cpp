#include "replace_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>

namespace mlp {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& file, const std::string& reason) {
  throw std::runtime_error(file.string() + ": " + reason);
}

/// The folder that holds the file: a rename within it stays on one file system.
fs::path folder_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

/// An open file that is removed again unless it was renamed.
class Temporary {
 public:
  explicit Temporary(const fs::path& target)
      : target_(target),
        path_(target.string() + ".new-" + std::to_string(getpid())),
        descriptor_(open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
    if (descriptor_ < 0) fail_with_errno();
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    if (descriptor_ >= 0) close(descriptor_);
    if (!renamed_) unlink(path_.c_str());
  }

  void write_all(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t written = write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail_with_errno();
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  /// The bytes must be on the disk before the name is: otherwise a power cut can leave an empty
  /// file under it.
  void rename_to_target() {
    if (fsync(descriptor_) != 0) fail_with_errno();
    if (std::rename(path_.c_str(), target_.c_str()) != 0) fail_with_errno();
    renamed_ = true;
  }

 private:
  [[noreturn]] void fail_with_errno() const {
    fail(target_, std::string("cannot be written: ") + std::strerror(errno));
  }

  fs::path target_, path_;
  int descriptor_;
  bool renamed_ = false;
};

/// Makes the new name last. A file system that cannot do that for a folder is no reason to fail.
void sync_folder(const fs::path& folder) {
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  fsync(descriptor);
  close(descriptor);
}

}  // namespace

void check_replaceable(const fs::path& file) {
  // A device, a pipe or a folder would be lost by a rename over it.
  if (fs::exists(file) && !fs::is_regular_file(file)) fail(file, "is no file to be replaced");
  const fs::path folder = folder_of(file);
  if (!fs::is_directory(folder)) fail(file, "cannot be written: there is no folder for it");
  if (access(folder.c_str(), W_OK) != 0) {
    fail(file, std::string("cannot be written: ") + std::strerror(errno));
  }
}

void replace_file(const fs::path& file, std::string_view bytes) {
  const fs::path target = fs::is_symlink(file) ? fs::weakly_canonical(file) : file;
  check_replaceable(target);
  Temporary temporary(target);
  temporary.write_all(bytes);
  temporary.rename_to_target();
  sync_folder(folder_of(target));
}

}  // namespace mlp
