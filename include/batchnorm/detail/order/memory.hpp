#pragma once

#include <array>
#include <cstddef>
#include <new>

#include "../refusal/refusal.hpp"

// Where the arrays of a layer lie: on the heap, or within an object of fixed size.
namespace batchnorm::detail {

/// All arrays begin at a cache line, which no vector then crosses.
inline constexpr std::size_t line_bytes = 64;

/// Whole cache lines.
constexpr std::size_t whole_lines(std::size_t bytes) {
  return (bytes + line_bytes - 1) / line_bytes * line_bytes;
}

/// Memory within an object, taken from the front; what was taken is given back all at once.
class Arena {
 public:
  Arena(std::byte* first, std::size_t bytes) : first_(first), bytes_(bytes) {}

  std::size_t bytes() const { return bytes_; }
  void give_back_all() { used_ = 0; }

  void* take(std::size_t bytes) {
    if (whole_lines(bytes) > bytes_ - used_) {
      refuse("expected to need at most the ", bytes_,
             " bytes that a layer of Channels<N> has within ", "itself, got ", used_ + bytes,
             "; this is a fault of the library.");
    }
    void* const taken = first_ + used_;
    used_ += whole_lines(bytes);
    return taken;
  }

 private:
  std::byte* first_;
  std::size_t bytes_;
  std::size_t used_ = 0;
};

/// The heap, by functions that only a program with an array on the heap has.
struct Heap {
  void* (*take)(std::size_t bytes);
  void (*give_back)(void* first) noexcept;
};

inline constexpr Heap the_heap{
    [](std::size_t bytes) { return ::operator new (bytes, std::align_val_t{line_bytes}); },
    [](void* first) noexcept { ::operator delete (first, std::align_val_t{line_bytes}); }};

/// Where an array's memory comes from.
class Source {
 public:
  Source() : heap_(&the_heap) {}
  explicit Source(Arena& arena) : arena_(&arena) {}

  bool is_heap() const { return heap_ != nullptr; }
  Arena& arena() const { return *arena_; }

  void* take(std::size_t bytes) const {
    return is_heap() ? heap_->take(bytes) : arena_->take(bytes);
  }
  void give_back(void* first) const noexcept {
    if (is_heap()) heap_->give_back(first);
  }

 private:
  const Heap* heap_ = nullptr;
  Arena* arena_ = nullptr;
};

/// Memory for arrays within an object; of 0 bytes, that of the heap.
template <std::size_t Bytes>
class Room {
 public:
  Room() = default;
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
  Room(Room&&) = delete;
  Room& operator=(Room&&) = delete;
  ~Room() = default;

  Source source() { return Source(arena_); }

 private:
  alignas(line_bytes) std::array<std::byte, Bytes> bytes_;
  Arena arena_{bytes_.data(), Bytes};
};

template <>
class Room<0> {
 public:
  static Source source() { return {}; }
};

}  // namespace batchnorm::detail
