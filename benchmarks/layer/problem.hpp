#pragma once

#include <Eigen/Core>
#include <array>
#include <memory>
#include <string>
#include <vector>

namespace benchmarks {

using Eigen::Index;

/// Where the channels are: (N, C, S) or (N, S, C), row-major. (N, C) matrices are rows with S = 1.
enum class Layout { planes, rows };

struct Shape {
  std::string network;  ///< where such a layer stands
  std::string name;     ///< as the network's users write it
  Index samples;        ///< N
  Index channels;       ///< C
  Index spatial;        ///< S, product of the spatial sizes

  Index size() const { return samples * channels * spatial; }
  Index count() const { return samples * spatial; }
};

/// The shapes of a small MLP and of ResNet-50 at batch 32.
std::vector<Shape> shapes();

/// Memory that all contenders of a shape share; random values, the same at every run.
struct Buffers {
  explicit Buffers(Index size);

  Eigen::ArrayXf x;
  Eigen::ArrayXf dy;
  Eigen::ArrayXf y;
  Eigen::ArrayXf dx;
};

/// One layer's work: what every contender reads and writes.
struct Problem {
  Shape shape;
  Layout layout;
  std::shared_ptr<Buffers> buffers;
  Eigen::ArrayXf gamma;
  Eigen::ArrayXf beta;
  Eigen::ArrayXf running_mean;
  Eigen::ArrayXf running_variance;

  Problem(Shape of_shape, Layout of_layout, std::shared_ptr<Buffers> of_buffers);

  static constexpr float epsilon = 1e-5F;

  /// Position of an element in the buffers.
  Index at(Index sample, Index channel, Index position) const;
};

enum class Operation { forward, backward, inference };

std::string to_string(Operation operation);

/// Somebody's batch normalization, prepared for one problem. `backward` may rely on an earlier
/// `forward`.
class Contender {
 public:
  Contender() = default;
  Contender(const Contender&) = delete;
  Contender& operator=(const Contender&) = delete;
  virtual ~Contender() = default;

  virtual void forward() = 0;    ///< batch statistics and y
  virtual void backward() = 0;   ///< dx and both parameters' gradients
  virtual void inference() = 0;  ///< y from running statistics
};

void run(Contender& contender, Operation operation);

/// Largest error of the result against double in a few channels, relative to the largest magnitude
/// that is expected there. Reads y or dx.
double error(const Problem& problem, Operation operation);

}  // namespace benchmarks
