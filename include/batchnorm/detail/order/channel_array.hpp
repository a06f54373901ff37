#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <new>
#include <utility>
#include <vector>

namespace batchnorm::detail {

using Eigen::Index;

/// Memory that begins at a cache line, which no vector then crosses; whatever the flags of a unit,
/// so that one may free what another has allocated.
template <typename T>
struct LineAllocator {
  using value_type = T;  // NOLINT(readability-identifier-naming): the standard asks for it

  LineAllocator() = default;
  template <typename U>
  LineAllocator(const LineAllocator<U>& /*any*/) {}  // NOLINT(google-explicit-constructor)

  T* allocate(std::size_t count) {
    return static_cast<T*>(::operator new(count * sizeof(T), line));
  }
  void deallocate(T* first, std::size_t /*count*/) noexcept { ::operator delete(first, line); }

  bool operator==(const LineAllocator&) const = default;

 private:
  static constexpr std::align_val_t line{64};
};

/// One value per channel.
template <typename T>
class ChannelArray {
 public:
  ChannelArray() = default;
  explicit ChannelArray(Index channels) { resize(channels); }
  ChannelArray(const ChannelArray&) = default;
  ChannelArray& operator=(const ChannelArray&) = default;
  ChannelArray(ChannelArray&&) noexcept = default;
  ChannelArray& operator=(ChannelArray&& other) noexcept {
    if (this != &other) values_ = std::move(other.values_);
    return *this;
  }
  ~ChannelArray() = default;

  /// New values are 0.
  void resize(Index channels) {
    if (channels != size()) values_.resize(static_cast<std::size_t>(channels));
  }
  void set_zero() { std::fill(values_.begin(), values_.end(), T(0)); }

  Index size() const { return static_cast<Index>(values_.size()); }
  T* data() { return values_.data(); }
  const T* data() const { return values_.data(); }
  T& operator[](Index c) { return values_[static_cast<std::size_t>(c)]; }
  const T& operator[](Index c) const { return values_[static_cast<std::size_t>(c)]; }

 private:
  std::vector<T, LineAllocator<T>> values_;
};

}  // namespace batchnorm::detail
