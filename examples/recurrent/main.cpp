// A recurrent network that reads the digits row by row, with and without batch normalization.

#include <cstdio>

#include "layer.hpp"

namespace {

using namespace example;
using batchnorm::Eval, batchnorm::Train;

constexpr Index rows = 8, pixels = 8, width = 32, maximum = 6;

/// Two recurrent layers, and a linear map behind the last step.
template <typename Mode>
class Reader {
 public:
  Reader(Index maximum_steps, nn::Random random)
      : first_(pixels, width, maximum_steps, random),
        second_(width, width, maximum_steps, random),
        output_(width, 10, nn::Bias::learned) {
    output_.initialize(nn::glorot_variance(width, 10), random);
  }

  template <typename Other>
  explicit Reader(const Reader<Other>& other)
      : first_(other.first_), second_(other.second_), output_(other.output_) {}

  Matrix forward(const nn::Device& device, const Matrix& x) { return run(*this, device, x, pass_); }
  Matrix forward(const nn::Device& device, const Matrix& x) const {
    Pass pass;
    return run(*this, device, x, pass);
  }

  void backward(const nn::Device& device, const Matrix& x, const Matrix& dlogits) {
    const Steps steps{x.rows(), rows};
    Matrix dlast;
    output_.backward(device, pass_.last, dlogits, dlast);
    Matrix dh = Matrix::Zero(steps.rows(), width);
    steps.of(dh, rows - 1) = dlast;
    dh = second_.backward(device, steps, pass_.first.h, pass_.second, dh);
    first_.backward(device, steps, pass_.x, pass_.first, dh);
  }

  template <typename F>
  void for_each_parameter(const F& f) {
    first_.for_each_parameter(f);
    second_.for_each_parameter(f);
    nn::visit_parameters(output_, f);
  }

 private:
  template <typename>
  friend class Reader;

  struct Pass {
    Matrix x, last;
    typename Recurrent<Mode>::Pass first, second;
  };

  template <typename Self>
  static Matrix run(Self& self, const nn::Device& device, const Matrix& images, Pass& pass) {
    const Steps steps{images.rows(), rows};
    pass.x.resize(steps.rows(), pixels);
    for (Index step = 0; step < rows; ++step)
      steps.of(pass.x, step) = images.middleCols(step * pixels, pixels);
    self.first_.forward(device, steps, pass.x, pass.first);
    self.second_.forward(device, steps, pass.first.h, pass.second);
    pass.last = steps.of(pass.second.h, rows - 1);
    Matrix logits;
    self.output_.forward(device, pass.last, logits);
    return logits;
  }

  Recurrent<Mode> first_, second_;
  nn::Linear<float> output_;
  Pass pass_;
};

/// Test accuracy, in percent, of a network with so many time steps of statistics.
double trained(const nn::Device& device, const mlp::Dataset& digits, Index steps, double rate) {
  Reader<Train> network(steps, nn::Random(1, 0));
  train(device, network, digits.train, {.epochs = 10, .learning_rate = rate});
  return accuracy(device, Reader<Eval>(network), digits.test);
}

/// Prints a row per learning rate; returns whether batch normalization was ahead in all of them.
bool compare(const nn::Device& device, const mlp::Dataset& digits, const char* title) {
  std::printf("%s\nlearning rate   without   with BatchNorm\n", title);
  bool ahead = true;
  for (const double rate : {0.03, 0.1, 0.3, 1.0}) {
    const double without = trained(device, digits, 0, rate);
    const double with = trained(device, digits, maximum, rate);
    std::printf("%-13g %7.1f %% %9.1f %%\n", rate, without, with);
    ahead = ahead && with > without;
  }
  std::printf("\n");
  return ahead;
}

}  // namespace

int main() {
  Eigen::ThreadPool pool(1);
  const nn::Device device(&pool, 1);
  mlp::Dataset digits = load_digits();
  std::printf(
      "Digits read row by row; test accuracy after 10 epochs. Statistics per time step for\n"
      "%td of %td steps; the last ones serve the steps that follow.\n\n",
      maximum, rows);
  compare(device, digits, "Pixels with mean 0 and variance 1");
  for (auto* samples : {&digits.train, &digits.test})
    samples->images = (6.0F * samples->images.array() + 5.0F).matrix();
  return compare(device, digits, "Pixels from 0 to 16, about as they were scanned") ? 0 : 1;
}
