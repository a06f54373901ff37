// Without exceptions and type information: training, inference, and a refusal, which calls the hook
// if there is one. `argv[1]` asks for the refusal.

#include <batchnorm/batchnorm.hpp>
#include <cstdio>
#include <cstdlib>

#if defined(WITH_HOOK)
void batchnorm::refused(const char* message) {
  std::printf("the hook got: %s\n", message);
  std::fflush(stdout);
  std::_Exit(3);
}
#endif

int main(int argc, char**) {
  const Eigen::MatrixXf x = Eigen::MatrixXf::Random(8, 5);
  batchnorm::BatchNorm<float> norm(argc > 1 ? 4 : 5);
  const Eigen::MatrixXf y = norm.forward(x);
  const Eigen::MatrixXf dx = norm.backward(x, y);
  const batchnorm::BatchNorm<float, batchnorm::Eval> deployed(norm);
  const float sum = deployed.forward(x).sum() + dx.sum();
  return sum == sum ? 0 : 1;
}
