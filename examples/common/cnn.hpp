// A small convolutional network for the digits, as a template over the mode of its BatchNorm layers
// and over the layout of its images.
#pragma once

#include "convolution.hpp"

namespace example {

using batchnorm::BatchNorm1d, batchnorm::BatchNorm2d, batchnorm::ReLU, batchnorm::Train;

/// 1x8x8 -> 8x8x8 -> 16x4x4 -> 32 -> 10 values per image; BatchNorm and ReLU behind all but the
/// last. `Cnn<Train>` learns; `Cnn<Eval>`, made from it, is constant.
template <typename Mode, typename Axis = batchnorm::ChannelsFirst>
struct Cnn {
  Convolution<Axis> conv1, conv2;
  nn::Linear<float> hidden, output;
  BatchNorm2d<float, Mode, Axis, ReLU> norm1, norm2;
  BatchNorm1d<float, Mode, ReLU> norm3;

  Cnn(nn::Bias bias, nn::Random random)
      : conv1(1, 8, 1, bias, random),
        conv2(8, 16, 2, bias, random),
        hidden(16 * 4 * 4, 32, bias),
        output(32, 10, nn::Bias::learned),
        norm1(8),
        norm2(16),
        norm3(32) {
    hidden.initialize(nn::he_variance(16 * 4 * 4), random);
    output.initialize(nn::glorot_variance(32, 10), random);
  }

  template <typename Other>
  explicit Cnn(const Cnn<Other, Axis>& other)
      : conv1(other.conv1),
        conv2(other.conv2),
        hidden(other.hidden),
        output(other.output),
        norm1(other.norm1),
        norm2(other.norm2),
        norm3(other.norm3) {}

  /// Logits of images that are rows of 64 pixels.
  Matrix forward(const nn::Device& device, const Matrix& x) { return run(*this, device, x, pass_); }
  Matrix forward(const nn::Device& device, const Matrix& x) const {
    Pass pass;
    return run(*this, device, x, pass);
  }

  void backward(const nn::Device& device, const Matrix& x, const Matrix& dlogits) {
    Matrix da3, dfeatures;
    output.backward(device, pass_.a3, dlogits, da3);
    norm3.backward(device, pass_.z3, da3, da3);
    hidden.backward(device, pass_.features, da3, dfeatures);
    Images da2 = L::from_rows(dfeatures.reshaped<Eigen::RowMajor>(16 * x.rows(), 16), 4, 4);
    norm2.backward(device, pass_.z2, da2, da2);
    Images da1 = conv2.backward(device, pass_.a1, da2);
    norm1.backward(device, pass_.z1, da1, da1);
    conv1.backward(device, pass_.images, da1);
  }

  template <typename F>
  void for_each_parameter(const F& f) {
    for (auto* layer : {&conv1.product(), &conv2.product(), &hidden, &output})
      nn::visit_parameters(*layer, f);
    nn::visit_parameters(norm1, f);
    nn::visit_parameters(norm2, f);
    nn::visit_parameters(norm3, f);
  }

 private:
  using L = Layout<Axis>;

  /// What backward needs of forward.
  struct Pass {
    Images images, z1, a1, z2, a2;
    Matrix features, z3, a3;
  };

  template <typename Self>
  static Matrix run(Self& self, const nn::Device& device, const Matrix& x, Pass& pass) {
    pass.images = L::from_rows(x.reshaped<Eigen::RowMajor>(64 * x.rows(), 1), 8, 8);
    pass.z1 = self.conv1.forward(device, pass.images);
    self.norm1.forward(device, pass.z1, pass.a1);
    pass.z2 = self.conv2.forward(device, pass.a1);
    self.norm2.forward(device, pass.z2, pass.a2);
    pass.features = L::to_rows(pass.a2).template reshaped<Eigen::RowMajor>(x.rows(), 256);
    self.hidden.forward(device, pass.features, pass.z3);
    self.norm3.forward(device, pass.z3, pass.a3);
    Matrix logits;
    self.output.forward(device, pass.a3, logits);
    return logits;
  }

  Pass pass_;
};

}  // namespace example
