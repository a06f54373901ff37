#pragma once

#include <array>
#include <cstddef>

#include "arguments.hpp"

/// The shapes that the typed suites run through, chosen by family: the sizes at which loops that
/// are unrolled, blocked or split between threads go wrong.
namespace fixtures {

struct Family {
  const char* name;
  Index samples, channels;
  std::array<Index, 3> spatial;  // as many of them as the rank leaves room for
};

/// No two sizes of a shape are equal, or exchanging two axes would go unseen.
inline constexpr std::array<Family, 10> families{{
    {"one sample", 1, 4, {5, 3, 2}},
    {"one channel", 6, 1, {4, 3, 2}},
    {"one position", 6, 5, {1, 1, 1}},
    {"small", 3, 2, {5, 4, 7}},
    {"power of two", 16, 8, {4, 2, 32}},
    {"one below", 15, 7, {31, 3, 2}},
    {"one above", 17, 9, {33, 5, 2}},
    {"deep", 3, 131, {5, 4, 2}},
    {"shallow", 259, 3, {4, 7, 2}},
    {"prime", 13, 11, {7, 3, 2}},
}};

/// The dimensions of an argument of rank R whose channel axis is `axis`.
template <std::size_t R>
Dimensions<R> dimensions_of(const Family& family, Index axis) {
  Dimensions<R> dimensions;
  std::size_t others = 0;
  for (std::size_t k = 0; k < R; ++k) {
    if (static_cast<Index>(k) == axis) {
      dimensions[k] = family.channels;
    } else {
      dimensions[k] = others == 0 ? family.samples : family.spatial[others - 1];
      ++others;
    }
  }
  return dimensions;
}

/// Calls f(dimensions, name) for every family; once for a kind whose dimensions are its type's.
template <typename Kind, typename Function>
void for_each_shape(Index axis, const Function& f) {
  if constexpr (requires { Kind::fixed; }) {
    f(Kind::fixed, "fixed size");
  } else {
    for (const Family& family : families) f(dimensions_of<Kind::rank>(family, axis), family.name);
  }
}

}  // namespace fixtures
