#pragma once

#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <stdexcept>

#include "../../refused.hpp"
#include "message.hpp"

// Every refusal at run time passes through this room.
// In: the parts of a sentence: what came, what was expected, the likely cure.
// Out: one `std::invalid_argument`, or in a build without exceptions one call of `refused`.
namespace batchnorm::detail {

[[noreturn]] inline void stop_with(const char* message) {
#if defined(__cpp_exceptions)
  throw std::invalid_argument(message);
#else
#if defined(__GNUC__)
  if (&refused != nullptr)
    refused(message);
  else
#endif
    std::fprintf(stderr, "%s\n", message);
  std::abort();
#endif
}

[[noreturn]] inline void refuse_with(std::initializer_list<MessagePart> parts) {
  Message message;
  message.append("BatchNorm: ");
  for (const MessagePart& part : parts) part.write(message);
  stop_with(message.text());
}

/// Every refusal at run time passes here. The parts make one message: what came, what was expected,
/// the likely cure.
template <typename... Parts>
[[noreturn]] void refuse(const Parts&... parts) {
  refuse_with({MessagePart(parts)...});
}

}  // namespace batchnorm::detail
