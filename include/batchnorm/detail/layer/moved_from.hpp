#pragma once

#include <cstdint>
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

/// By which an object is known.
struct Token {
  std::shared_ptr<char> held;
  const void* at = nullptr;
  std::uint64_t renewed = 0;

  bool is_none() const { return held == nullptr && at == nullptr; }
  bool operator==(const Token&) const = default;
};

/// Which object something is, whatever its address: it goes along with a move, and a copy is
/// another one. The token of one is held, and never that of another. Without a heap it is the
/// address: what moves is another one, too, and one at the place of one that is gone is the same.
template <bool OnHeap>
class Identity {
 public:
  Identity() : held_(std::make_shared<char>()) {}
  Identity(const Identity& /*other*/) : Identity() {}
  Identity& operator=(const Identity& other) {
    if (this != &other) renew();
    return *this;
  }
  Identity(Identity&&) noexcept = default;
  Identity& operator=(Identity&&) noexcept = default;
  ~Identity() = default;

  void renew() { held_ = std::make_shared<char>(); }
  Token token() const { return {held_}; }

 private:
  std::shared_ptr<char> held_;
};

template <>
class Identity<false> {
 public:
  Identity() = default;
  Identity(const Identity& /*other*/) {}
  Identity(Identity&& /*other*/) noexcept {}
  Identity& operator=(const Identity& other) {
    if (this != &other) renew();
    return *this;
  }
  Identity& operator=(Identity&& other) noexcept {
    *this = std::as_const(other);
    return *this;
  }
  ~Identity() = default;

  void renew() { ++renewed_; }
  Token token() const { return {nullptr, this, renewed_}; }

 private:
  std::uint64_t renewed_ = 0;
};

}  // namespace batchnorm::detail
