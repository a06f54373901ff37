#pragma once

#include <filesystem>
#include <string_view>

namespace mlp {

/// Puts a file with these bytes in the place of `file`, in one step: whoever opens it, whenever the
/// program or the machine stops, finds the old file whole or the new one whole. Throws
/// std::runtime_error with one sentence, and leaves the old file, where that is not possible.
void replace_file(const std::filesystem::path& file, std::string_view bytes);

/// Throws as `replace_file` would, as far as that can be told without writing: for whoever would
/// learn it only after hours.
void check_replaceable(const std::filesystem::path& file);

}  // namespace mlp
