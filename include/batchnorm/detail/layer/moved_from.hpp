#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <utility>

// What a move must not leave behind.
namespace batchnorm::detail {

/// Whether there is something; no longer where it was moved from.
class Presence {
 public:
  Presence() = default;
  Presence(const Presence&) = default;
  Presence& operator=(const Presence&) = default;
  Presence(Presence&& other) noexcept : present_(std::exchange(other.present_, false)) {}
  Presence& operator=(Presence&& other) noexcept {
    if (this != &other) present_ = std::exchange(other.present_, false);
    return *this;
  }
  Presence& operator=(bool present) {
    present_ = present;
    return *this;
  }
  ~Presence() = default;

  operator bool() const { return present_; }  // NOLINT(google-explicit-constructor)

 private:
  bool present_ = false;
};

/// Which object something is, whatever its address: it goes along with a move, and a copy is
/// another one. Without a heap it is the address: what moves is another one, too.
template <bool OnHeap>
class Identity {
 public:
  Identity() : token_(std::make_shared<char>()) {}
  Identity(const Identity& /*other*/) : Identity() {}
  Identity& operator=(const Identity& other) {
    if (this != &other) renew();
    return *this;
  }
  Identity(Identity&&) noexcept = default;
  Identity& operator=(Identity&&) noexcept = default;
  ~Identity() = default;

  void renew() { token_ = std::make_shared<char>(); }

  /// Equal for one object; held, it is never that of another.
  const std::shared_ptr<char>& token() const { return token_; }

 private:
  std::shared_ptr<char> token_;
};

template <>
class Identity<false> {
 public:
  Identity() = default;
  Identity(const Identity& /*other*/) {}
  Identity& operator=(const Identity& other) {
    if (this != &other) renew();
    return *this;
  }
  ~Identity() = default;

  void renew() { ++renewed_; }

  /// Of one of the object's bytes, which nobody owns.
  std::shared_ptr<char> token() const {
    return {std::shared_ptr<char>(), &places_[renewed_ % places_.size()]};
  }

 private:
  mutable std::array<char, 64> places_{};
  std::size_t renewed_ = 0;
};

}  // namespace batchnorm::detail
