#include <batchnorm/batchnorm.hpp>

#include "calls.hpp"

namespace benchmarks {
namespace {

using namespace batchnorm;
using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <typename Layer>
struct Batch {
  Layer layer;
  Matrix x, dy, y, dx;

  Batch(Index rows, Index channels)
      : layer(channels),
        x(Matrix::Random(rows, channels)),
        dy(Matrix::Random(rows, channels)),
        y(x),
        dx(x) {
    layer.forward(x, y);
  }
};

template <typename Layer>
void add(std::vector<CallCase>& cases, Index rows, Index channels, const std::string& behind) {
  const std::string row = std::to_string(rows) + "x" + std::to_string(channels);
  const auto made = [=] { return std::make_shared<Batch<Layer>>(rows, channels); };
  cases.push_back({row, "forward" + behind, [=] {
                     return std::make_unique<TimedCall>(
                         [of = made()] { of->layer.forward(of->x, of->y); });
                   }});
  cases.push_back({row, "backward" + behind, [=] {
                     return std::make_unique<TimedCall>(
                         [of = made()] { of->layer.backward(of->x, of->dy, of->dx); });
                   }});
}

template <int channels>
void add_both(std::vector<CallCase>& cases, Index rows) {
  add<BatchNorm<float>>(cases, rows, channels, "");
  add<BatchNorm<float, Train, Channels<channels>>>(cases, rows, channels, ", Channels<N>");
}

}  // namespace

std::vector<CallCase> steps() {
  std::vector<CallCase> cases;
  add_both<16>(cases, 8);
  add_both<32>(cases, 16);
  add_both<64>(cases, 32);
  return cases;
}

}  // namespace benchmarks
