#include "misuse.hpp"

// error: batchnorm: the state of a layer of 16 bits is State<float>.
void misuse() {
  const State<Eigen::bfloat16> state;  // here
  static_cast<void>(state);
}
