#pragma once

#include <initializer_list>
#include <ostream>
#include <sstream>
#include <stdexcept>

// Every refusal at run time passes through this room.
// In: the parts of a sentence: what came, what was expected, the likely cure.
// Out: one `std::invalid_argument`.
namespace batchnorm::detail {

/// A part of a message, which is written when the message is made: one function writes them all, so
/// that a refusal costs its caller next to nothing to compile.
class MessagePart {
 public:
  explicit MessagePart(const char* text)
      : value_(text), write_([](std::ostream& out, const void* value) {
          out << static_cast<const char*>(value);
        }) {}

  template <typename T>
  explicit MessagePart(const T& value)
      : value_(&value),
        write_([](std::ostream& out, const void* what) { out << *static_cast<const T*>(what); }) {}

  void write(std::ostream& out) const { write_(out, value_); }

 private:
  const void* value_;
  void (*write_)(std::ostream& out, const void* value);
};

[[noreturn]] inline void refuse_with(std::initializer_list<MessagePart> parts) {
  std::ostringstream message;
  message << "BatchNorm: ";
  for (const MessagePart& part : parts) part.write(message);
  throw std::invalid_argument(message.str());
}

/// Every refusal at run time passes here. The parts make one message: what came, what was expected,
/// the likely cure.
template <typename... Parts>
[[noreturn]] void refuse(const Parts&... parts) {
  refuse_with({MessagePart(parts)...});
}

}  // namespace batchnorm::detail
