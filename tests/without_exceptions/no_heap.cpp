// A layer of a fixed number of channels trains and infers, in a program that must name no heap, no
// exceptions, no threads and no streams.

#include <batchnorm/batchnorm.hpp>
#include <cstdlib>

using namespace batchnorm;

void batchnorm::refused(const char* /*message*/) { std::_Exit(3); }

namespace {

using Batch = Eigen::Matrix<float, 8, 16, Eigen::RowMajor>;

// Memory of the program, as small machines have it.
BatchNorm<float, Train, Channels<16, 512>, ReLU> norm;
Batch x, dy, y, dx, z;

}  // namespace

int main() {
  for (Eigen::Index k = 0; k < x.size(); ++k) {
    x.data()[k] = static_cast<float>(k * k % 17);
    dy.data()[k] = static_cast<float>(k % 5);
  }
  norm.forward(x, residual(dy), y);
  norm.backward(x, residual(dy), dy, dx, z);
  const BatchNorm<float, Frozen, Channels<16, 512>, ReLU> frozen(norm);
  const BatchNorm<float, Eval, Channels<16, 512>, ReLU> deployed(frozen);
  deployed.forward(x, z);
  const auto step = deployed.prepared(x, y);
  step();
  norm.set_state(deployed.state());
  return y == z && dx.allFinite() ? 0 : 1;
}
