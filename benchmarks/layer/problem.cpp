#include "problem.hpp"

#include <array>
#include <random>
#include <utility>

namespace benchmarks {

std::string layout_name(const Shape& shape, Layout layout) {
  if (shape.spatial == 1) return "NC";
  return layout == Layout::planes ? "NCHW" : "NHWC";
}

std::string to_string(Operation operation) {
  constexpr std::array<const char*, 3> names{"forward", "backward", "inference"};
  return names[static_cast<std::size_t>(operation)];
}

Buffers::Buffers(Index size) : x(size), dy(size), y(size), dx(size) {
  std::mt19937 engine(1);
  std::normal_distribution<float> normal;
  for (float& value : x) value = normal(engine);
  for (float& value : dy) value = normal(engine);
  y.setZero();
  dx.setZero();
}

Eigen::ArrayXf& Buffers::answer(Operation operation) {
  return operation == Operation::backward ? dx : y;
}

Problem::Problem(Shape of_shape, Layout of_layout, bool with_relu,
                 std::shared_ptr<Buffers> of_buffers, int most_threads)
    : shape(std::move(of_shape)),
      layout(of_layout),
      relu(with_relu),
      buffers(std::move(of_buffers)),
      threads(most_threads),
      gamma(Eigen::ArrayXf::LinSpaced(shape.channels, 0.5F, 1.5F)),
      beta(Eigen::ArrayXf::LinSpaced(shape.channels, -1.0F, 1.0F)),
      running_mean(Eigen::ArrayXf::LinSpaced(shape.channels, -0.5F, 0.5F)),
      running_variance(Eigen::ArrayXf::LinSpaced(shape.channels, 0.5F, 2.0F)) {}

std::array<Index, 3> Problem::extents() const {
  if (layout == Layout::planes) return {shape.samples, shape.channels, shape.spatial};
  return {shape.samples, shape.spatial, shape.channels};
}

Index Problem::at(Index sample, Index channel, Index position) const {
  return layout == Layout::planes ? (sample * shape.channels + channel) * shape.spatial + position
                                  : (sample * shape.spatial + position) * shape.channels + channel;
}

std::size_t Problem::bytes(Operation operation) const {
  const std::size_t arrays = operation == Operation::backward ? 3 : 2;
  return arrays * sizeof(float) * static_cast<std::size_t>(shape.size());
}

}  // namespace benchmarks
