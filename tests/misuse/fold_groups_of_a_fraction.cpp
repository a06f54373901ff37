#include "misuse.hpp"

// error: batchnorm: a number of groups is an integer.
void misuse() {
  (void)groups<ChannelAxis<0>>(2.0);  // here
}
