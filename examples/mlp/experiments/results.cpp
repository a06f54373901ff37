#include "experiments/results.hpp"

#include <zlib.h>

#include <algorithm>
#include <batchnorm/replace_file.hpp>
#include <cstdlib>
#include <iterator>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "experiments/material.hpp"
#include "format.hpp"

namespace mlp {
namespace {

constexpr std::string_view kOrigin = "program,data,";

std::string header() { return std::string(kOrigin) + recipe_header() + ",seed,figure,at,value\n"; }

/// The last line of a trial: what has none was broken off.
constexpr const char* kEnd = "end";

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Of the running program: another one computes other figures, and takes other times.
std::uint32_t program_checksum() {
  const std::string bytes = read_file("/proc/self/exe");
  return static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

/// The part of a line before its last `fields` fields, and these.
std::pair<std::string_view, std::string_view> split_last(std::string_view line, int fields) {
  std::size_t comma = line.size();
  for (int i = 0; i < fields; ++i) {
    comma = line.rfind(',', comma == 0 ? 0 : comma - 1);
    if (comma == std::string_view::npos) return {line, {}};
  }
  return {line.substr(0, comma), line.substr(comma + 1)};
}

std::string rows(const std::string& key, const Figures& figures) {
  std::string text;
  for (const auto& [figure, readings] : figures) {
    for (const Reading& reading : readings) {
      text += format("%s,%s,%.9g,%.9g\n", key.c_str(), figure.c_str(), reading.at, reading.value);
    }
  }
  return text + format("%s,%s,0,0\n", key.c_str(), kEnd);
}

}  // namespace

Results::Results(std::string file, const Material& material)
    : path_(std::move(file)), origin_(format("%08x,%08x,", program_checksum(), material.checksum)) {
  read();
  // Rewriting drops what is broken off, so that lines can be added behind it.
  std::string text = header();
  for (const auto& [key, figures] : trials_) text += rows(key, figures);
  batchnorm::replace_file(path_, text);
  file_.open(path_, std::ios::app);
  check();
}

void Results::read() {
  const std::string text = read_file(path_);
  if (text.empty()) return;
  if (text.compare(0, header().size(), header()) != 0) {
    // Of a program whose recipes had other fields, and so other figures.
    if (text.compare(0, kOrigin.size(), kOrigin) == 0) return;
    throw std::runtime_error(path_ + ": is no file of figures, and would be overwritten");
  }
  std::string_view rest(text);
  rest.remove_prefix(header().size());
  std::string current;
  Figures figures;
  for (std::size_t end = 0; (end = rest.find('\n')) != std::string_view::npos;
       rest.remove_prefix(end + 1)) {
    const auto [key, fields] = split_last(rest.substr(0, end), 3);
    if (key.substr(0, 9) != std::string_view(origin_).substr(0, 9)) return trials_.clear();
    if (key != current) figures.clear();
    current = key;
    const std::string_view figure = fields.substr(0, fields.find(','));
    if (figure == kEnd) {
      trials_[current] = std::move(figures);
      figures.clear();
      continue;
    }
    const std::string values(fields.substr(std::min(figure.size() + 1, fields.size())));
    const std::size_t comma = values.find(',');
    if (comma == std::string::npos) continue;
    figures[std::string(figure)].push_back(
        {std::strtod(values.c_str(), nullptr), std::strtod(values.c_str() + comma + 1, nullptr)});
  }
}

const Figures* Results::find(const Recipe& recipe, std::int64_t seed) const {
  const auto found = trials_.find(key(recipe, seed));
  return found == trials_.end() ? nullptr : &found->second;
}

void Results::add(const Recipe& recipe, std::int64_t seed, Figures figures) {
  const std::string own = key(recipe, seed);
  file_ << rows(own, figures) << std::flush;
  check();
  trials_[own] = std::move(figures);
}

std::string Results::key(const Recipe& recipe, std::int64_t seed) const {
  return origin_ + text_of(recipe) + ',' + std::to_string(seed);
}

void Results::check() {
  if (!file_) throw std::runtime_error(path_ + ": cannot be written");
}

}  // namespace mlp
