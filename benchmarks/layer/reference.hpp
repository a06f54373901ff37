#pragma once

#include <vector>

#include "problem.hpp"

namespace benchmarks {

/// What is right, computed in double, at the elements of a few channels. Elements whose gradient
/// hangs on a rounding, because what ReLU is given is near 0, are left out.
class Reference {
 public:
  Reference(const Problem& problem, Operation operation);

  struct Error {
    double largest = 0.0;   ///< of all absolute differences; NaN where one is
    double relative = 0.0;  ///< the same over the largest magnitude of y, or of what dx is a sum of
  };

  /// Of y, or of dx, as it stands in the buffers.
  Error error() const;

 private:
  struct Element {
    Index at;
    double expected;
  };

  void add(Index at, double expected, double magnitude);
  void add_channel(Index channel);

  const Problem& problem_;
  Operation operation_;
  std::vector<Element> elements_;
  double magnitude_ = 0.0;
};

}  // namespace benchmarks
