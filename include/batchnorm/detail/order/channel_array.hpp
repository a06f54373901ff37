#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "memory.hpp"

namespace batchnorm::detail {

using Eigen::Index;

/// One value per channel, or what a reduction sums.
template <typename T>
class ChannelArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  ChannelArray() = default;
  explicit ChannelArray(const Source& source) : source_(source) {}
  explicit ChannelArray(Index size) { resize(size); }

  /// On the heap, whatever the other's source: an arena has no room for copies.
  ChannelArray(const ChannelArray& other) { *this = other; }
  ChannelArray& operator=(const ChannelArray& other) {
    if (this == &other) return *this;
    size_ = 0;
    reserve(other.size_);
    size_ = other.size_;
    std::copy_n(other.data_, size_, data_);
    return *this;
  }

  ChannelArray(ChannelArray&& other) noexcept { *this = std::move(other); }
  /// Takes the memory of another that is on the heap too.
  ChannelArray& operator=(ChannelArray&& other) noexcept {
    if (this == &other) return *this;
    if (source_.is_heap() && other.source_.is_heap()) {
      swap(other);
      other.size_ = 0;
    } else {
      *this = std::as_const(other);
    }
    return *this;
  }

  ~ChannelArray() {
    if (room_ > 0) source_.give_back(data_);
  }

  /// New values are 0.
  void resize(Index size) {
    if (size > room_) grow(size);
    if (size > size_) std::fill_n(data_ + size_, size - size_, T(0));
    size_ = size;
  }

  /// Room for so many values.
  void reserve(Index room) {
    if (room > room_) grow(room);
  }

  /// Begins anew in an arena that was given back.
  void forget() {
    data_ = nullptr;
    size_ = 0;
    room_ = 0;
  }

  void set_zero() { std::fill_n(data_, size_, T(0)); }

  const Source& source() const { return source_; }
  Index size() const { return size_; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T& operator[](Index c) { return data_[c]; }
  const T& operator[](Index c) const { return data_[c]; }

 private:
  void grow(Index room) {
    T* const data = static_cast<T*>(source_.take(static_cast<std::size_t>(room) * sizeof(T)));
    std::copy_n(data_, size_, data);
    if (room_ > 0) source_.give_back(data_);
    data_ = data;
    room_ = room;
  }

  void swap(ChannelArray& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(room_, other.room_);
    std::swap(source_, other.source_);
  }

  T* data_ = nullptr;
  Index size_ = 0;
  Index room_ = 0;
  Source source_;
};

}  // namespace batchnorm::detail
