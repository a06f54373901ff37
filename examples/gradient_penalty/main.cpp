// Training with a penalty on the gradient of the loss with respect to the images (Drucker and LeCun
// 1992, double backpropagation): the network's answer changes less where an image changes a little.
// The penalty's own gradient goes through the layer's backward, by `second_backward`.

#include <cmath>
#include <cstdio>

#include "learning.hpp"

namespace {

using namespace example;
using batchnorm::BatchNorm, batchnorm::Eval, batchnorm::Train;
using Row = Eigen::RowVectorXf;

constexpr Index width = 48, classes = 10;

Matrix softmax(const Matrix& logits) {
  const Matrix shifted = logits.colwise() - logits.rowwise().maxCoeff();
  const Matrix e = shifted.array().exp();
  return e.array().colwise() / e.rowwise().sum().array();
}

/// Uniform in [-limit, limit).
float symmetric(nn::Random& random, float limit) {
  return limit * static_cast<float>(2 * random.uniform() - 1);
}

/// 64 -> width -> BatchNorm -> ReLU -> 10
struct Network {
  Matrix hidden, output;
  Row bias = Row::Zero(classes);
  BatchNorm<float> norm{width};

  explicit Network(nn::Random random) : hidden(64, width), output(width, classes) {
    const auto fill = [&](Matrix& weights, float scale) {
      for (Index k = 0; k < weights.size(); ++k) weights.data()[k] = symmetric(random, scale);
    };
    fill(hidden, std::sqrt(6.0F / 64));
    fill(output, std::sqrt(6.0F / width));
  }
};

/// What backward needs of a forward.
struct Pass {
  Matrix z, n, a, probabilities;
  BatchNorm<float>::Saved saved;
};

void forward(Network& net, const Matrix& images, Pass& pass) {
  pass.z = images * net.hidden;
  net.norm.forward(pass.saved, pass.z, pass.n);
  pass.a = pass.n.cwiseMax(0.0F);
  pass.probabilities = softmax((pass.a * net.output).rowwise() + net.bias);
}

/// The gradient of the mean loss, from the logits to the images.
struct Gradients {
  Matrix dlogits, dn, dz, dimages;
};

Matrix behind_relu(const Matrix& n, const Matrix& da) {
  return (n.array() > 0.0F).select(da, Matrix::Zero(da.rows(), da.cols()));
}

Gradients backward(Network& net, const Matrix& images, const nn::Labels& labels, Pass& pass) {
  Gradients d;
  d.dlogits = pass.probabilities;
  for (Index k = 0; k < images.rows(); ++k) d.dlogits(k, labels[k]) -= 1;
  d.dlogits /= static_cast<float>(images.rows());
  d.dn = behind_relu(pass.n, d.dlogits * net.output.transpose());
  net.norm.backward(pass.saved, pass.z, d.dn, d.dz);
  d.dimages = d.dz * net.hidden.transpose();
  return d;
}

/// One step of SGD on the loss and on penalty / 2 times the mean over the images of |d loss /
/// d image|^2.
void learn(Network& net, const Matrix& images, const nn::Labels& labels, float penalty,
           float rate) {
  Pass pass;
  forward(net, images, pass);
  const Gradients d = backward(net, images, labels, pass);

  // Of the penalty, against the order in which backward came to dimages.
  const auto count = static_cast<float>(images.rows());
  const Matrix v_images = penalty * count * d.dimages;
  const Matrix v_dz = v_images * net.hidden;
  const auto second = net.norm.second_backward(pass.saved, pass.z, d.dn, v_dz);
  const Matrix v_da = behind_relu(pass.n, second.dy);
  const Matrix v_dlogits = v_da * net.output / count;
  const Row mean = v_dlogits.cwiseProduct(pass.probabilities).rowwise().sum().transpose();
  const Matrix centred = v_dlogits.colwise() - mean.transpose();

  // Of both, as backward goes.
  const Matrix dlogits = d.dlogits + centred.cwiseProduct(pass.probabilities);
  const Matrix dn = behind_relu(pass.n, dlogits * net.output.transpose());
  const Matrix dz = net.norm.backward(pass.saved, pass.z, dn) + second.x;
  const Matrix dhidden = images.transpose() * dz + v_images.transpose() * d.dz;
  const Matrix doutput = pass.a.transpose() * dlogits + v_da.transpose() * d.dlogits;
  net.hidden -= rate * dhidden;
  net.output -= rate * doutput;
  net.bias -= rate * dlogits.colwise().sum();
  net.norm.gamma() -= rate * (net.norm.gamma_gradient() + second.gamma);
  net.norm.beta() -= rate * net.norm.beta_gradient();
}

/// The share of right answers in percent, in inference.
double right(const Network& net, const Matrix& images, const nn::Labels& labels) {
  const BatchNorm<float, Eval> norm(net.norm);
  const Matrix z = images * net.hidden;
  const Matrix logits = (norm.forward(z).cwiseMax(0.0F) * net.output).rowwise() + net.bias;
  Index count = 0;
  for (Index k = 0; k < images.rows(); ++k) {
    Index found = 0;
    logits.row(k).maxCoeff(&found);
    count += found == labels[k] ? 1 : 0;
  }
  return 100 * static_cast<double>(count) / static_cast<double>(images.rows());
}

struct Result {
  double right, right_in_noise, gradient;
};

Result trained(const mlp::Dataset& digits, float penalty) {
  Network net(nn::Random(1, 0));
  nn::Batches batches(digits.train.labels.size(), 60, nn::Random(1, 1));
  Samples batch;
  for (int epoch = 0; epoch < 30; ++epoch) {
    batches.shuffle();
    for (Index i = 0; i < batches.count(); ++i) {
      batches.copy(i, digits.train, batch);
      learn(net, batch.images, batch.labels, penalty, 0.1F);
    }
  }
  const Matrix& images = digits.test.images;
  nn::Random random(1, 2);
  const Matrix noise =
      Matrix::NullaryExpr(images.rows(), images.cols(), [&] { return symmetric(random, 0.8F); });
  const Matrix noisy = images + noise;
  Pass pass;
  forward(net, images, pass);
  const Gradients d = backward(net, images, digits.test.labels, pass);
  const double gradient = (d.dimages * static_cast<float>(images.rows())).rowwise().norm().mean();
  return {right(net, images, digits.test.labels), right(net, noisy, digits.test.labels), gradient};
}

}  // namespace

int main() {
  const mlp::Dataset digits = load_digits();
  std::printf("penalty   right   right in noise   mean |d loss / d image|, on the test images\n");
  const auto show = [&](float penalty) {
    const Result result = trained(digits, penalty);
    std::printf("%7.2f  %5.1f %%        %5.1f %%   %8.4f\n", static_cast<double>(penalty),
                result.right, result.right_in_noise, result.gradient);
    return result;
  };
  const Result without = show(0);
  const Result with = show(1.0F);
  const bool helps =
      with.gradient < 0.8 * without.gradient && with.right_in_noise > without.right_in_noise;
  return helps && with.right > 95 ? 0 : 1;
}
