#include "problem.hpp"

#include <cmath>
#include <random>
#include <utility>

namespace benchmarks {

std::vector<Shape> shapes() {
  return {
      {"MLP", "64x256", 64, 256, 1},
      {"MLP", "256x1024", 256, 1024, 1},
      {"MLP", "1024x1024", 1024, 1024, 1},
      {"MLP", "4096x4096", 4096, 4096, 1},
      {"ResNet-50", "32x64x112x112", 32, 64, 112 * 112},
      {"ResNet-50", "32x64x56x56", 32, 64, 56 * 56},
      {"ResNet-50", "32x256x56x56", 32, 256, 56 * 56},
      {"ResNet-50", "32x128x28x28", 32, 128, 28 * 28},
      {"ResNet-50", "32x512x28x28", 32, 512, 28 * 28},
      {"ResNet-50", "32x256x14x14", 32, 256, 14 * 14},
      {"ResNet-50", "32x1024x14x14", 32, 1024, 14 * 14},
      {"ResNet-50", "32x512x7x7", 32, 512, 7 * 7},
      {"ResNet-50", "32x2048x7x7", 32, 2048, 7 * 7},
  };
}

Buffers::Buffers(Index size) : x(size), dy(size), y(size), dx(size) {
  std::mt19937 engine(1);
  std::uniform_real_distribution<float> uniform(-1.0F, 1.0F);
  for (Index i = 0; i < size; ++i) x[i] = 0.5F + uniform(engine);
  for (Index i = 0; i < size; ++i) dy[i] = uniform(engine);
  y.setZero();
  dx.setZero();
}

Problem::Problem(Shape of_shape, Layout of_layout, std::shared_ptr<Buffers> of_buffers)
    : shape(std::move(of_shape)),
      layout(of_layout),
      buffers(std::move(of_buffers)),
      gamma(Eigen::ArrayXf::LinSpaced(shape.channels, 0.5F, 1.5F)),
      beta(Eigen::ArrayXf::LinSpaced(shape.channels, -1.0F, 1.0F)),
      running_mean(Eigen::ArrayXf::LinSpaced(shape.channels, -0.5F, 1.5F)),
      running_variance(Eigen::ArrayXf::LinSpaced(shape.channels, 0.25F, 2.0F)) {}

Index Problem::at(Index sample, Index channel, Index position) const {
  return layout == Layout::planes ? (sample * shape.channels + channel) * shape.spatial + position
                                  : (sample * shape.spatial + position) * shape.channels + channel;
}

std::string to_string(Operation operation) {
  constexpr std::array<const char*, 3> names{"forward", "backward", "inference"};
  return names[static_cast<std::size_t>(operation)];
}

void run(Contender& contender, Operation operation) {
  switch (operation) {
    case Operation::forward:
      return contender.forward();
    case Operation::backward:
      return contender.backward();
    case Operation::inference:
      return contender.inference();
  }
}

namespace {

struct Largest {
  double error = 0.0;
  double expected = 0.0;

  void add(double actual, double exact) {
    const double difference = std::abs(actual - exact);
    error = std::isnan(difference) ? difference : std::max(error, difference);
    expected = std::max(expected, std::abs(exact));
  }
};

template <typename Visit>
void for_each(const Problem& problem, Index channel, const Visit& visit) {
  for (Index n = 0; n < problem.shape.samples; ++n) {
    for (Index s = 0; s < problem.shape.spatial; ++s) visit(problem.at(n, channel, s));
  }
}

struct Statistics {
  double mean = 0.0;
  double variance = 0.0;
};

Statistics batch_statistics(const Problem& problem, Index channel) {
  const auto count = static_cast<double>(problem.shape.count());
  Statistics result;
  for_each(problem, channel, [&](Index i) { result.mean += problem.buffers->x[i] / count; });
  for_each(problem, channel, [&](Index i) {
    result.variance += std::pow(problem.buffers->x[i] - result.mean, 2.0) / count;
  });
  return result;
}

void add_output_errors(const Problem& problem, Index channel, const Statistics& statistics,
                       Largest& largest) {
  const double scale =
      problem.gamma[channel] / std::sqrt(statistics.variance + double{problem.epsilon});
  for_each(problem, channel, [&](Index i) {
    const double centred = problem.buffers->x[i] - statistics.mean;
    largest.add(problem.buffers->y[i], centred * scale + problem.beta[channel]);
  });
}

void add_gradient_errors(const Problem& problem, Index channel, Largest& largest) {
  const auto [mean, variance] = batch_statistics(problem, channel);
  const double inverse = 1.0 / std::sqrt(variance + double{problem.epsilon});
  const auto count = static_cast<double>(problem.shape.count());
  double mean_dy = 0.0;
  double mean_product = 0.0;
  for_each(problem, channel, [&, mean = mean](Index i) {
    mean_dy += problem.buffers->dy[i] / count;
    mean_product += problem.buffers->dy[i] * (problem.buffers->x[i] - mean) * inverse / count;
  });
  for_each(problem, channel, [&, mean = mean](Index i) {
    const double normalized = (problem.buffers->x[i] - mean) * inverse;
    const double centred = problem.buffers->dy[i] - mean_dy - normalized * mean_product;
    largest.add(problem.buffers->dx[i], problem.gamma[channel] * inverse * centred);
  });
}

}  // namespace

double error(const Problem& problem, Operation operation) {
  Largest largest;
  for (const Index channel : {Index{0}, problem.shape.channels / 2, problem.shape.channels - 1}) {
    if (operation == Operation::forward) {
      add_output_errors(problem, channel, batch_statistics(problem, channel), largest);
    } else if (operation == Operation::inference) {
      const Statistics running{problem.running_mean[channel], problem.running_variance[channel]};
      add_output_errors(problem, channel, running, largest);
    } else {
      add_gradient_errors(problem, channel, largest);
    }
  }
  return largest.error / largest.expected;
}

}  // namespace benchmarks
