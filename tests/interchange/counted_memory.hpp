#pragma once

#include <cstddef>

namespace counted_memory {

/// How many bytes were asked of operator new since the program began.
std::size_t bytes();

}  // namespace counted_memory
