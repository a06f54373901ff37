// A siamese network learns which digits are the same: both images of a pair go through one layer,
// each pass with a `Saved` of its own, and their backwards add their gradients.

#include <cstdio>
#include <vector>

#include "perceptron.hpp"

namespace {

using namespace example;
using batchnorm::accumulate, batchnorm::Eval, batchnorm::Train;

/// From an image to its code.
using Encoder = Perceptron<Train>;

/// Pairs of images, half of them of one class.
struct Pairs {
  Samples first, second;

  bool same(Index pair) const { return first.labels[pair] == second.labels[pair]; }
};

Pairs some_pairs(const Samples& from, Index count, nn::Random& random) {
  std::vector<Index> first, second;
  const auto any = [&] {
    return static_cast<Index>(random.below(static_cast<std::uint64_t>(from.labels.size())));
  };
  while (static_cast<Index>(first.size()) < count) {
    const Index a = any();
    const bool wants_same = first.size() % 2 == 0;
    Index b = any();
    while ((from.labels[a] == from.labels[b]) != wants_same) b = any();
    first.push_back(a);
    second.push_back(b);
  }
  return {nn::pick(from, first), nn::pick(from, second)};
}

/// The pass of one twin.
struct Twin {
  Encoder::Norm::Saved saved{};
  Matrix z{}, a{}, code{}, da{};

  void forward(const nn::Device& device, Encoder& encoder, const Matrix& images) {
    encoder.hidden.forward(device, images, z);
    encoder.norm.forward(device, saved, z, a);
    encoder.output.forward(device, a, code);
  }

  /// Adds the gradients of the weights.
  void backward(const nn::Device& device, Encoder& encoder, const Matrix& images,
                const Matrix& dcode, batchnorm::GradientUpdate update, Matrix& dhidden,
                Matrix& doutput) {
    encoder.output.backward(device, a, dcode, da);
    encoder.norm.backward(device, saved, z, da, da, update);
    encoder.hidden.backward(device, images, da);
    doutput += encoder.output.weights_gradient();
    dhidden += encoder.hidden.weights_gradient();
  }
};

constexpr float margin = 2;
constexpr auto assign = batchnorm::GradientUpdate::assign;

/// The gradient with respect to the first code of a pair, of d^2 for one class and of max(0, margin
/// - d)^2 for two, d the distance (Hadsell, Chopra and LeCun 2006, equation 4).
Matrix contrast(const Matrix& a, const Matrix& b, const Pairs& pairs) {
  Matrix gradient = a - b;
  for (Index pair = 0; pair < gradient.rows(); ++pair) {
    const float distance = gradient.row(pair).norm();
    if (pairs.same(pair)) continue;
    gradient.row(pair) *= distance < margin ? (distance - margin) / (distance + 1e-6F) : 0.0F;
  }
  return gradient * (2 / static_cast<float>(gradient.rows()));
}

void learn(const nn::Device& device, Encoder& encoder, const Pairs& pairs, float rate) {
  Twin first, second;
  first.forward(device, encoder, pairs.first.images);
  second.forward(device, encoder, pairs.second.images);
  const Matrix dcode = contrast(first.code, second.code, pairs);
  Matrix dhidden = Matrix::Zero(64, 64), doutput = Matrix::Zero(64, 8);
  first.backward(device, encoder, pairs.first.images, dcode, assign, dhidden, doutput);
  second.backward(device, encoder, pairs.second.images, -dcode, accumulate, dhidden, doutput);
  encoder.hidden.weights() -= rate * dhidden;
  encoder.output.weights() -= rate * doutput;
  encoder.norm.for_each_parameter(
      [&](auto parameter, auto gradient) { parameter -= rate * gradient; });
}

/// The share of pairs that are told right by their distance, in percent.
double told_right(const nn::Device& device, const Perceptron<Eval>& encoder, const Pairs& pairs) {
  const Matrix apart =
      encoder.forward(device, pairs.first.images) - encoder.forward(device, pairs.second.images);
  Index right = 0;
  for (Index pair = 0; pair < apart.rows(); ++pair)
    right += (apart.row(pair).norm() < margin / 2) == pairs.same(pair) ? 1 : 0;
  return 100 * static_cast<double>(right) / static_cast<double>(apart.rows());
}

}  // namespace

int main() {
  Eigen::ThreadPool pool(1);
  const nn::Device device(&pool, 1);
  const mlp::Dataset digits = load_digits();
  nn::Random random(1, 2);
  const Pairs test = some_pairs(digits.test, 2000, random);
  Encoder encoder(64, 8, nn::Bias::none, nn::Random(1, 0));

  std::printf("pairs seen   told right, of 2,000 pairs of digits that were not trained on\n");
  double right = 0;
  for (int steps = 0; steps <= 1500; steps += 500) {
    if (steps > 0) {
      for (int step = 0; step < 500; ++step)
        learn(device, encoder, some_pairs(digits.train, 64, random), 0.05F);
    }
    right = told_right(device, Perceptron<Eval>(encoder), test);
    std::printf("%10d   %6.1f %%\n", 64 * steps, right);
  }
  return right > 90 ? 0 : 1;
}
