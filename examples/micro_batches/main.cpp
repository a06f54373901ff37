// A batch that is too large for memory, in micro-batches that are normalised as one. Nothing of a
// micro-batch outlives it: what backward needs is computed again. The step is that of the whole
// batch; micro-batches that are each normalised by themselves take another.

#include <algorithm>
#include <cstdio>
#include <vector>

#include "perceptron.hpp"

namespace {

using namespace example;
using batchnorm::Eval, batchnorm::Moments, batchnorm::Train;

using Net = Perceptron<Train>;

/// A step of SGD over a batch in micro-batches of at most so many samples.
class Step {
 public:
  Step(const nn::Device& device, Net& net, Index most) : device_(device), net_(net), most_(most) {}

  /// All micro-batches with the statistics of the batch.
  void together(const Samples& batch, float rate) {
    begin(batch);
    Moments moments;
    for_each_part(batch, [&] { moments.merge(net_.norm.moments(device_, z_)); });

    batchnorm::GradientSums sums;
    for_each_part(batch, [&] {
      net_.norm.forward(device_, saved_, z_, moments, a_);
      output_backward();
      sums.merge(net_.norm.gradient_sums(device_, saved_, z_, da_));
    });
    net_.norm.observe(moments);
    dhidden_.setZero(), doutput_.setZero();
    for_each_part(batch, [&] {
      net_.norm.forward(device_, saved_, z_, moments, a_);
      output_backward();
      net_.norm.backward(device_, saved_, z_, da_, sums, da_);
      hidden_backward();
    });
    net_.norm.learn(saved_, sums);
    update(rate);
  }

  /// Each micro-batch by itself, gradients added.
  void apart(const Samples& batch, float rate) {
    begin(batch);
    batchnorm::GradientUpdate update_of_norm = batchnorm::GradientUpdate::assign;
    for_each_part(batch, [&] {
      net_.norm.forward(device_, z_, a_);
      output_backward();
      net_.norm.backward(device_, z_, da_, da_, update_of_norm);
      update_of_norm = batchnorm::accumulate;
      hidden_backward();
    });
    update(rate);
  }

 private:
  void begin(const Samples& batch) {
    batch_size_ = batch.labels.size();
    dhidden_.setZero(64, 128);
    doutput_.setZero(128, 10);
  }

  /// Calls `visit` for every micro-batch, with what enters the layer in z.
  template <typename Visit>
  void for_each_part(const Samples& batch, const Visit& visit) {
    for (Index first = 0; first < batch_size_; first += most_) {
      const Index count = std::min(most_, batch_size_ - first);
      part_ = {batch.images.middleRows(first, count), batch.labels.segment(first, count)};
      net_.hidden.forward(device_, part_.images, z_);
      visit();
    }
  }

  /// The mean over the batch is a sum over its parts, each with its share.
  void output_backward() {
    Matrix logits, dlogits;
    net_.output.forward(device_, a_, logits);
    nn::cross_entropy(logits, part_.labels, dlogits);
    dlogits *= static_cast<float>(part_.labels.size()) / static_cast<float>(batch_size_);
    net_.output.backward(device_, a_, dlogits, da_);
    doutput_ += net_.output.weights_gradient();
  }

  void hidden_backward() {
    net_.hidden.backward(device_, part_.images, da_);
    dhidden_ += net_.hidden.weights_gradient();
  }

  void update(float rate) {
    net_.hidden.weights() -= rate * dhidden_;
    net_.output.weights() -= rate * doutput_;
    net_.norm.for_each_parameter(
        [&](auto parameter, auto gradient) { parameter -= rate * gradient; });
  }

  const nn::Device& device_;
  Net& net_;
  Index most_;
  Index batch_size_ = 0;
  Samples part_;
  Matrix z_, a_, da_, dhidden_, doutput_;
  Net::Norm::Saved saved_;
};

float distance(const Net& a, const Net& b) {
  return std::max((a.hidden.weights() - b.hidden.weights()).cwiseAbs().maxCoeff(),
                  (a.output.weights() - b.output.weights()).cwiseAbs().maxCoeff());
}

}  // namespace

int main() {
  Eigen::ThreadPool pool(1);
  const nn::Device device(&pool, 1);
  const mlp::Dataset digits = load_digits();
  constexpr Index batch = 432;
  constexpr int epochs = 20;
  // So many that no micro-batch has a single sample, which could not be normalised by itself.
  const Samples train{digits.train.images.topRows(3 * batch), digits.train.labels.head(3 * batch)};

  const auto trained = [&](Index most, auto step) {
    Net net(128, 10, nn::Bias::none, nn::Random(1, 0));
    Step steps(device, net, most);
    nn::Batches batches(train.labels.size(), batch, nn::Random(1, 1));
    Samples samples;
    for (int epoch = 0; epoch < epochs; ++epoch) {
      batches.shuffle();
      for (Index i = 0; i < batches.count(); ++i) {
        batches.copy(i, train, samples);
        (steps.*step)(samples, 0.1F);
      }
    }
    return net;
  };
  const Net whole = trained(batch, &Step::apart);
  std::printf("Digits, %d epochs in batches of %td\n\n", epochs, batch);
  std::printf("micro-batches       statistics of    test accuracy   batches seen   distance\n");
  const auto row = [&](Index most, const char* of, const Net& net) {
    std::printf("%2td of %3td samples   %-15s %9.1f %% %12td   %10.1e\n", batch / most, most, of,
                accuracy(device, Perceptron<Eval>(net), digits.test), Index{net.norm.batches()},
                static_cast<double>(distance(net, whole)));
  };
  row(batch, "all of them", whole);
  bool same = true;
  for (const Index most : {144, 8}) {
    const Net together = trained(most, &Step::together);
    row(most, "all of them", together);
    row(most, "each by itself", trained(most, &Step::apart));
    same = same && distance(together, whole) < 1e-3F &&
           together.norm.batches() == whole.norm.batches();
  }
  return same ? 0 : 1;
}
