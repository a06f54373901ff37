// h_t = tanh(W_ih BN_t(x_t) + W_hh h_{t-1} + b): batch normalization on the way from the input,
// with statistics of its own for every time step up to a maximum (Cooijmans et al. 2016, arXiv
// 1603.09025). gamma and beta are left out: shared by all steps, W_ih and b would absorb them.
#pragma once

#include <vector>

#include "learning.hpp"

namespace example {

/// Sequences as one matrix (steps * samples, features): all samples' first step, then their second.
struct Steps {
  Index samples, count;

  Index rows() const { return samples * count; }
  auto of(auto& x, Index step) const { return x.middleRows(step * samples, samples); }
};

template <typename Mode>
class Recurrent {
 public:
  using Norm = batchnorm::BatchNorm<float, Mode, batchnorm::NoAffine>;

  /// `maximum` time steps have statistics of their own, and all that follow share the last ones; 0
  /// is the network without batch normalization.
  Recurrent(Index inputs, Index width, Index maximum, nn::Random& random)
      : input_(inputs, width, nn::Bias::learned), hidden_(width, width, nn::Bias::none) {
    input_.initialize(nn::glorot_variance(inputs, width), random);
    hidden_.initialize(nn::glorot_variance(width, width), random);
    for (Index step = 0; step < maximum; ++step) norms_.emplace_back(inputs);
  }

  template <typename Other>
  explicit Recurrent(const Recurrent<Other>& other)
      : input_(other.input_),
        hidden_(other.hidden_),
        norms_(other.norms_.begin(), other.norms_.end()) {}

  /// What backward needs of forward.
  struct Pass {
    Matrix normalized, h;
  };

  void forward(const nn::Device& device, const Steps& steps, const Matrix& x, Pass& pass) {
    run(*this, device, steps, x, pass);
  }
  void forward(const nn::Device& device, const Steps& steps, const Matrix& x, Pass& pass) const {
    run(*this, device, steps, x, pass);
  }

  /// `dh` is the gradient with respect to every step's h but for what comes back from the step
  /// after it. Assigns the gradients of the weights; returns that of x.
  Matrix backward(const nn::Device& device, const Steps& steps, const Matrix& x, const Pass& pass,
                  Matrix dh) {
    Matrix earlier(steps.rows(), dh.cols()), from_later;
    earlier.topRows(steps.samples).setZero();
    earlier.bottomRows(steps.rows() - steps.samples) = pass.h.topRows(steps.rows() - steps.samples);
    for (Index step = steps.count - 1; step >= 0; --step) {
      auto dz = steps.of(dh, step);
      if (step + 1 < steps.count) dz += from_later;
      dz.array() *= 1.0F - steps.of(pass.h, step).array().square();
      nn::product(device, dz, hidden_.weights().transpose(), from_later);
    }
    hidden_.backward(device, earlier, dh);
    Matrix dx;
    input_.backward(device, pass.normalized, dh, dx);
    for (std::size_t step = 0; step < norms_.size(); ++step)
      norms_[step].backward(device, part(steps, x, step), part(steps, dx, step),
                            part(steps, dx, step));
    return dx;
  }

  template <typename F>
  void for_each_parameter(const F& f) {
    nn::visit_parameters(input_, f);
    nn::visit_parameters(hidden_, f);
  }

 private:
  template <typename>
  friend class Recurrent;

  /// The rows that a step's layer normalises; the last layer takes all that follow as well.
  auto part(const Steps& steps, auto& x, std::size_t step) const {
    const Index first = static_cast<Index>(step) * steps.samples;
    return x.middleRows(first, step + 1 < norms_.size() ? steps.samples : steps.rows() - first);
  }

  template <typename Self>
  static void run(Self& self, const nn::Device& device, const Steps& steps, const Matrix& x,
                  Pass& pass) {
    pass.normalized = x;
    for (std::size_t step = 0; step < self.norms_.size(); ++step)
      self.norms_[step].forward(device, self.part(steps, x, step),
                                self.part(steps, pass.normalized, step));
    self.input_.forward(device, pass.normalized, pass.h);
    Matrix from_earlier;
    for (Index step = 0; step < steps.count; ++step) {
      auto h = steps.of(pass.h, step);
      if (step > 0) h += from_earlier;
      h = h.array().tanh();
      nn::product(device, h, self.hidden_.weights(), from_earlier);
    }
  }

  nn::Linear<float> input_, hidden_;
  std::vector<Norm> norms_;
};

}  // namespace example
