#pragma once

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
/// another one.
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

}  // namespace batchnorm::detail
