#include "reference.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "statistics.hpp"

namespace benchmarks {
namespace {

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

/// One channel's map, and its gradient.
struct Channel {
  Channel(const Problem& of_problem, Index index, const Statistics& statistics)
      : problem(of_problem),
        mean(statistics.mean),
        inverse(1.0 / std::sqrt(statistics.variance + double{Problem::epsilon})),
        gamma(problem.gamma[index]),
        beta(problem.beta[index]) {}

  double normalized(Index i) const { return (problem.buffers->x[i] - mean) * inverse; }
  double affine(Index i) const { return normalized(i) * gamma + beta; }
  double output(Index i) const { return problem.relu ? std::max(affine(i), 0.0) : affine(i); }
  double gradient(Index i) const {
    return problem.relu && affine(i) <= 0.0 ? 0.0 : double{problem.buffers->dy[i]};
  }

  const Problem& problem;
  double mean, inverse, gamma, beta;
};

}  // namespace

Reference::Reference(const Problem& problem, Operation operation)
    : problem_(problem), operation_(operation) {
  const Index last = problem.shape.channels - 1;
  for (const Index channel : std::set<Index>{0, last / 3, last - last / 3, last}) {
    add_channel(channel);
  }
}

void Reference::add(Index at, double expected, double magnitude) {
  elements_.push_back({at, expected});
  magnitude_ = std::max(magnitude_, std::abs(magnitude));
}

void Reference::add_channel(Index index) {
  const Statistics statistics =
      operation_ == Operation::inference
          ? Statistics{problem_.running_mean[index], problem_.running_variance[index]}
          : batch_statistics(problem_, index);
  const Channel channel(problem_, index, statistics);
  if (operation_ != Operation::backward) {
    for_each(problem_, index, [&](Index i) { add(i, channel.output(i), channel.output(i)); });
    return;
  }
  const auto count = static_cast<double>(problem_.shape.count());
  double mean_gradient = 0.0;
  double mean_product = 0.0;
  for_each(problem_, index, [&](Index i) {
    mean_gradient += channel.gradient(i) / count;
    mean_product += channel.gradient(i) * channel.normalized(i) / count;
  });
  constexpr double undecided = 1e-2;
  for_each(problem_, index, [&](Index i) {
    if (problem_.relu && std::abs(channel.affine(i)) < undecided) return;
    const double centred =
        channel.gradient(i) - mean_gradient - channel.normalized(i) * mean_product;
    // Of two values per channel next to nothing is left of the gradient.
    const double scale = channel.gamma * channel.inverse;
    add(i, scale * centred, scale * channel.gradient(i));
  });
}

Reference::Error Reference::error() const {
  const Eigen::ArrayXf& values = problem_.buffers->answer(operation_);
  Error result;
  for (const auto& [at, expected] : elements_) {
    const double difference = std::abs(values[at] - expected);
    result.largest = larger(result.largest, difference);
  }
  result.relative = result.largest / magnitude_;
  return result;
}

}  // namespace benchmarks
