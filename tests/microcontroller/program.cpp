// A training step and inference as a microcontroller runs them, with all memory in the program.
// Prints a line of what every bit of the results is hashed to.

#include <batchnorm/batchnorm.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace batchnorm;

void batchnorm::refused(const char* message) {
  std::printf("%s\n", message);
  std::exit(3);
}

namespace {

using Batch = Eigen::Matrix<float, 8, 16, Eigen::RowMajor>;

BatchNorm<float, Train, Channels<16, 512>, ReLU> norm;
Batch x, dy, y, dx, z;

/// FNV-1a.
std::uint32_t hash(const Batch& values) {
  std::uint32_t sum = 2166136261U;
  for (Eigen::Index k = 0; k < values.size(); ++k) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, values.data() + k, sizeof bits);
    sum = (sum ^ bits) * 16777619U;
  }
  return sum;
}

}  // namespace

int main() {
  for (Eigen::Index k = 0; k < x.size(); ++k) {
    x.data()[k] = static_cast<float>(k * k % 17) * 0.37F;
    dy.data()[k] = static_cast<float>(k % 5) * 0.11F;
  }
  norm.forward(x, y);
  norm.backward(x, dy, dx);
  const BatchNorm<float, Eval, Channels<16, 512>, ReLU> deployed(norm);
  const auto step = deployed.prepared(x, z);
  step();
  std::printf("y %08lx dx %08lx inference %08lx\n", static_cast<unsigned long>(hash(y)),
              static_cast<unsigned long>(hash(dx)), static_cast<unsigned long>(hash(z)));
  return 0;
}
