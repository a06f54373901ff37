#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

#include "detail/files/text.hpp"

#if __has_include(<unistd.h>) && __has_include(<fcntl.h>)
#include "detail/files/replace_by_rename.hpp"
#endif

// A file that is never seen half written. Opt-in: batchnorm.hpp does not include this header.
namespace batchnorm {

namespace detail {

/// What a link leads to, whether that is there or not; a file that is no link is itself.
inline std::filesystem::path link_target(std::filesystem::path file) {
  namespace fs = std::filesystem;
  constexpr int most_links = 40;
  std::error_code none;
  for (int links = 0; fs::is_symlink(file, none); ++links) {
    if (links == most_links) refuse_file(file.string(), "is a link that leads to itself.");
    const fs::path next = fs::read_symlink(file, none);
    file = next.is_absolute() ? next : file.parent_path() / next;
  }
  return file;
}

}  // namespace detail

/// Throws `std::invalid_argument` as `replace_file` would, as far as that can be told without
/// writing: for whoever would learn it only after hours of training.
inline void check_replaceable(const std::filesystem::path& file) {
  namespace fs = std::filesystem;
  std::error_code none;
  // A device, a pipe or a folder would be lost by a rename over it.
  if (fs::exists(file, none) && !fs::is_regular_file(file, none)) {
    detail::refuse_file(file.string(), "is no file to be replaced.");
  }
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  if (!fs::is_directory(folder, none)) {
    detail::refuse_file(file.string(), "cannot be written: there is no folder for it.");
  }
#if __has_include(<unistd.h>) && __has_include(<fcntl.h>)
  detail::check_writable_folder(file, folder);
#endif
}

/// Puts a file with these bytes in the place of `file`, in one step: whoever opens it, whenever the
/// program or the machine stops, finds the old file whole or the new one whole, as far as the
/// system keeps what fsync promises. A symbolic link stays one: the file that it leads to is
/// replaced; the new file has the permissions of the old. Several may replace one file at once: the
/// last one stays. Throws `std::invalid_argument`, and leaves the old file, where that is not
/// possible. Without POSIX the step is `std::filesystem::rename`, and nothing is said of power
/// cuts.
inline void replace_file(const std::filesystem::path& file, std::string_view bytes) {
  const std::filesystem::path target = detail::link_target(file);
  check_replaceable(target);
#if __has_include(<unistd.h>) && __has_include(<fcntl.h>)
  detail::replace_by_rename(target, bytes);
#else
  namespace fs = std::filesystem;
  const fs::path fresh = target.string() + ".new";
  std::ofstream out(fresh, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) detail::refuse_file(file.string(), "cannot be written.");
  fs::rename(fresh, target);
#endif
}

}  // namespace batchnorm
