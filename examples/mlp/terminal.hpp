#pragma once

#include <cstddef>
#include <string>

namespace mlp {

/// Columns of the terminal on stdout, or 0 if lines cannot be drawn over there.
int terminal_columns();

/// "[====>   ]": a share of 1, in `width` columns between the brackets.
std::string bar(double done, std::size_t width);

}  // namespace mlp
