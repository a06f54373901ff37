#include "idx.hpp"

#include <zlib.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>

namespace mlp {
namespace {

using Bytes = std::vector<std::uint8_t>;

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& reason) {
  throw std::runtime_error(file.string() + ": " + reason);
}

struct Close {
  void operator()(gzFile file) const { gzclose_r(file); }
};
using GzipFile = std::unique_ptr<gzFile_s, Close>;

/// The whole file; zlib passes through what is not gzipped.
Bytes read_bytes(const std::filesystem::path& path) {
  GzipFile file(gzopen(path.c_str(), "rb"));
  if (!file) fail(path, std::string("cannot be opened: ") + std::strerror(errno));
  Bytes bytes;
  std::array<std::uint8_t, 1U << 16U> chunk{};
  int got = 0;
  while ((got = gzread(file.get(), chunk.data(), chunk.size())) > 0) {
    bytes.insert(bytes.end(), chunk.begin(), chunk.begin() + got);
  }
  if (got < 0) {
    int code = Z_OK;
    const char* const reason = gzerror(file.get(), &code);
    fail(path, std::string("cannot be read: ") + (code == Z_ERRNO ? std::strerror(errno) : reason));
  }
  if (gzclose_r(file.release()) != Z_OK) fail(path, "is truncated: its gzip stream has no end");
  return bytes;
}

/// The big-endian number in the four bytes at `at`, which must be there.
std::uint32_t number(const Bytes& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8U | bytes[at + i];
  return value;
}

/// Checks the first four bytes, 0 0 type rank, and returns the rank. Type 8 stands for unsigned
/// bytes.
std::size_t rank_of(const std::filesystem::path& file, const Bytes& bytes) {
  constexpr std::uint8_t kUnsignedByte = 8;
  if (bytes.size() < 4 || bytes[0] != 0 || bytes[1] != 0 || bytes[2] != kUnsignedByte ||
      bytes[3] == 0) {
    fail(file,
         "is no IDX file of unsigned bytes: those start with the bytes 0, 0, 8 and the number of "
         "axes");
  }
  return bytes[3];
}

Index product_of(const std::filesystem::path& file, const std::vector<Index>& sizes) {
  Index product = 1;
  for (const Index size : sizes) {
    if (size > 0 && product > std::numeric_limits<Index>::max() / size) {
      fail(file, "has a header whose sizes are impossibly large");
    }
    product *= size;
  }
  return product;
}

}  // namespace

IdxArray read_idx(const std::filesystem::path& file) {
  Bytes bytes = read_bytes(file);
  const std::size_t rank = rank_of(file, bytes);
  const std::size_t header = 4 + 4 * rank;
  if (bytes.size() < header) fail(file, "is truncated: it ends within its header");

  IdxArray array;
  for (std::size_t axis = 0; axis < rank; ++axis)
    array.sizes.push_back(number(bytes, 4 + 4 * axis));
  const Index expected = product_of(file, array.sizes);
  const auto found = static_cast<Index>(bytes.size() - header);
  if (found != expected) {
    fail(file, std::string(found < expected ? "is truncated" : "is too long") +
                   ": its header announces " + std::to_string(expected) + " values, and " +
                   std::to_string(found) + " follow");
  }
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(header));
  array.values = std::move(bytes);
  return array;
}

}  // namespace mlp
