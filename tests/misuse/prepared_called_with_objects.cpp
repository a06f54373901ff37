#include "misuse.hpp"

// error: batchnorm: what is prepared is called without arguments, or with addresses
void misuse(const PreparedForward<float>& step, const Eigen::MatrixXf& x, Eigen::MatrixXf& y) {
  step(x, y);  // here
}
