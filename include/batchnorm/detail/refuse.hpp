#pragma once

#include <sstream>
#include <stdexcept>

namespace batchnorm::detail {

/// Every refusal at run time passes here. The parts make one message: what came, what was expected,
/// the likely cure.
template <typename... Parts>
[[noreturn]] void refuse(const Parts&... parts) {
  std::ostringstream message;
  message << "BatchNorm: ";
  (message << ... << parts);
  throw std::invalid_argument(message.str());
}

}  // namespace batchnorm::detail
