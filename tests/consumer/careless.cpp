#include <batchnorm/batchnorm.hpp>

// Draws a warning from each of -Wunused-parameter, -Wsign-conversion, -Wconversion and -Wshadow: it
// compiles as long as the library brings no warning that is an error.
unsigned careless(int unused, long value) {
  unsigned result = value;
  { int result = 1.5; }
  return result;
}

int main() { return careless(0, 0); }
