/// Writes what PyTorch computes for every case: generate FOLDER. See README.md.

#include <torch/torch.h>
#include <torch/version.h>

#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "cases.hpp"
#include "inputs.hpp"

namespace batchnorm_tests::pytorch {
namespace {

torch::ScalarType type_of(const Case& which) {
  return which.precision == Precision::single ? torch::kFloat32 : torch::kFloat64;
}

torch::Tensor tensor(const Case& which, const std::vector<double>& values,
                     const std::vector<std::int64_t>& shape) {
  return torch::tensor(values, torch::kFloat64).to(type_of(which)).reshape(shape);
}

/// One line: name, number of values, the values with as many digits as their type needs.
void write(std::ostream& out, const std::string& name, const torch::Tensor& values) {
  const bool single = values.scalar_type() == torch::kFloat32;
  out.precision(single ? std::numeric_limits<float>::max_digits10
                       : std::numeric_limits<double>::max_digits10);
  const torch::Tensor flat = values.detach().to(torch::kFloat64).contiguous().reshape({-1});
  out << name << ' ' << flat.numel();
  for (std::int64_t i = 0; i < flat.numel(); ++i) {
    out << ' ' << flat[i].item<double>();
  }
  out << '\n';
}

void write_if_defined(std::ostream& out, const std::string& name, const torch::Tensor& values) {
  if (values.defined()) {
    write(out, name, values);
  }
}

/// A rectifier's gradient jumps at 0, where no tolerance can compare it.
void refuse_near_zero(const torch::Tensor& before_relu) {
  if (before_relu.abs().min().item<double>() < 1e-4) {
    throw std::runtime_error("a value before the rectifier is too close to 0");
  }
}

template <typename Layer>
void write_pass(std::ostream& out, const std::string& prefix, const Case& which, std::size_t step,
                Layer& layer) {
  const Batch input = batch(which, step);
  const torch::Tensor x = tensor(which, input.x, input.shape).requires_grad_();
  torch::Tensor y = layer->forward(x);
  torch::Tensor residual;
  if (which.residual) {
    residual = tensor(which, input.residual, input.shape).requires_grad_();
    y = y + residual;
  }
  if (which.relu) {
    refuse_near_zero(y);
    y = torch::relu(y);
  }
  layer->zero_grad();
  y.backward(tensor(which, input.dy, input.shape));
  write(out, prefix + "y", y);
  write(out, prefix + "dx", x.grad());
  if (which.residual) {
    write(out, prefix + "dresidual", residual.grad());
  }
  if (layer->weight.defined()) {
    write(out, prefix + "dgamma", layer->weight.grad());
  }
  if (layer->bias.defined()) {
    write(out, prefix + "dbeta", layer->bias.grad());
  }
  write_if_defined(out, prefix + "running_mean", layer->running_mean);
  write_if_defined(out, prefix + "running_variance", layer->running_var);
  write_if_defined(out, prefix + "batches", layer->num_batches_tracked);
}

void assign(const Case& which, torch::Tensor& parameter, const std::vector<double>& values) {
  if (values.empty()) {
    parameter = torch::Tensor();
    return;
  }
  const torch::NoGradGuard no_gradient;
  parameter.copy_(tensor(which, values, {which.channels()}));
}

template <typename Layer>
void write_case(std::ostream& out, const Case& which) {
  torch::nn::BatchNormOptions options(which.channels());
  options.eps(which.epsilon).affine(which.affine != Affine::none);
  options.track_running_stats(which.tracked);
  options.momentum(which.momentum ? c10::optional<double>(*which.momentum) : c10::nullopt);
  Layer layer(options);
  layer->to(type_of(which));
  assign(which, layer->weight, gamma(which));
  assign(which, layer->bias, beta(which));
  for (std::size_t step = 0; step < which.samples.size(); ++step) {
    write_pass(out, "train" + std::to_string(step) + '.', which, step, layer);
  }
  layer->eval();
  write_pass(out, "eval.", which, which.samples.size(), layer);
}

void write_case_of_any_rank(std::ostream& out, const Case& which) {
  switch (which.features.size()) {
    case 1:
    case 2:
      return write_case<torch::nn::BatchNorm1d>(out, which);
    case 3:
      return write_case<torch::nn::BatchNorm2d>(out, which);
    default:
      return write_case<torch::nn::BatchNorm3d>(out, which);
  }
}

void write_all(const std::string& folder) {
  for (const Case& which : cases()) {
    std::cout << which.name << '\n';
    std::ofstream out(folder + '/' + which.name + ".txt");
    write_case_of_any_rank(out, which);
    if (!out.flush()) {
      throw std::runtime_error("cannot write into " + folder);
    }
  }
}

}  // namespace
}  // namespace batchnorm_tests::pytorch

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: generate FOLDER\n";
    return EXIT_FAILURE;
  }
  try {
    std::cout << "libtorch " << TORCH_VERSION << '\n';
    torch::set_num_threads(1);
    batchnorm_tests::pytorch::write_all(arguments[1]);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
