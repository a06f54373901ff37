#include "onednn.hpp"

#include <omp.h>

namespace benchmarks {
namespace {

using dnnl::memory;
using dnnl::normalization_flags;
using dnnl::prop_kind;

normalization_flags flags(const Problem& problem) {
  const auto affine = normalization_flags::use_scale | normalization_flags::use_shift;
  return problem.relu ? affine | normalization_flags::fuse_norm_relu : affine;
}

memory per_channel(Eigen::ArrayXf& values, const dnnl::engine& engine) {
  return {{{values.size()}, memory::data_type::f32, memory::format_tag::a}, engine, values.data()};
}

}  // namespace

dnnl::engine& OneDnn::engine() {
  static dnnl::engine result(dnnl::engine::kind::cpu, 0);
  return result;
}

memory::desc OneDnn::describe(const Problem& problem, Tag tag) {
  const Shape& shape = problem.shape;
  return {{shape.samples, shape.channels, shape.spatial, 1}, memory::data_type::f32, tag};
}

memory OneDnn::wrap(const memory::desc& format, Eigen::ArrayXf& values) {
  return {format, engine(), values.data()};
}

OneDnn::OneDnn(const Problem& problem, Tag tag, const memory& x, const memory& dy, const memory& y,
               const memory& dx)
    : problem_(problem),
      x_(x),
      dy_(dy),
      y_(y),
      dx_(dx),
      stream_(engine()),
      gamma_(problem.gamma),
      beta_(problem.beta),
      mean_(problem.shape.channels),
      variance_(problem.shape.channels),
      running_mean_(problem.running_mean),
      running_variance_(problem.running_variance),
      moved_mean_(problem.running_mean),
      moved_variance_(problem.running_variance),
      gamma_gradient_(problem.shape.channels),
      beta_gradient_(problem.shape.channels) {
  omp_set_num_threads(1);
  make_training(describe(problem, tag));
  make_inference(describe(problem, tag));
}

void OneDnn::make_training(const memory::desc& format) {
  using Forward = dnnl::batch_normalization_forward;
  using Backward = dnnl::batch_normalization_backward;
  const Forward::primitive_desc forward(
      {prop_kind::forward_training, format, Problem::epsilon, flags(problem_)}, engine());
  const Backward::primitive_desc backward(
      {prop_kind::backward, format, format, Problem::epsilon, flags(problem_)}, engine(), forward);
  forward_ = Forward(forward);
  backward_ = Backward(backward);
  forward_arguments_ = {{DNNL_ARG_SRC, x_},
                        {DNNL_ARG_DST, y_},
                        {DNNL_ARG_MEAN, per_channel(mean_, engine())},
                        {DNNL_ARG_VARIANCE, per_channel(variance_, engine())},
                        {DNNL_ARG_SCALE, per_channel(gamma_, engine())},
                        {DNNL_ARG_SHIFT, per_channel(beta_, engine())}};
  backward_arguments_ = {{DNNL_ARG_SRC, x_},
                         {DNNL_ARG_DIFF_DST, dy_},
                         {DNNL_ARG_DIFF_SRC, dx_},
                         {DNNL_ARG_MEAN, per_channel(mean_, engine())},
                         {DNNL_ARG_VARIANCE, per_channel(variance_, engine())},
                         {DNNL_ARG_SCALE, per_channel(gamma_, engine())},
                         {DNNL_ARG_SHIFT, per_channel(beta_, engine())},
                         {DNNL_ARG_DIFF_SCALE, per_channel(gamma_gradient_, engine())},
                         {DNNL_ARG_DIFF_SHIFT, per_channel(beta_gradient_, engine())}};
  if (problem_.relu) {
    const memory workspace(forward.workspace_desc(), engine());
    forward_arguments_.insert({DNNL_ARG_WORKSPACE, workspace});
    backward_arguments_.insert({DNNL_ARG_WORKSPACE, workspace});
  }
}

void OneDnn::make_inference(const memory::desc& format) {
  using Forward = dnnl::batch_normalization_forward;
  const Forward::primitive_desc inference({prop_kind::forward_inference, format, Problem::epsilon,
                                           flags(problem_) | normalization_flags::use_global_stats},
                                          engine());
  inference_ = Forward(inference);
  inference_arguments_ = {{DNNL_ARG_SRC, x_},
                          {DNNL_ARG_DST, y_},
                          {DNNL_ARG_MEAN, per_channel(running_mean_, engine())},
                          {DNNL_ARG_VARIANCE, per_channel(running_variance_, engine())},
                          {DNNL_ARG_SCALE, per_channel(gamma_, engine())},
                          {DNNL_ARG_SHIFT, per_channel(beta_, engine())}};
}

void OneDnn::forward() {
  execute(forward_, forward_arguments_);
  // oneDNN leaves the running statistics to its caller.
  const auto count = static_cast<float>(problem_.shape.count());
  constexpr float weight = Problem::new_weight;
  moved_mean_ += weight * (mean_ - moved_mean_);
  moved_variance_ += weight * (count / (count - 1.0F) * variance_ - moved_variance_);
}

void OneDnn::execute(const dnnl::primitive& primitive, const Arguments& arguments) {
  primitive.execute(stream_, arguments);
  stream_.wait();
}

void OneDnn::reorder(memory& from, memory& to) {
  dnnl::reorder(from, to).execute(stream_, from, to);
  stream_.wait();
}

}  // namespace benchmarks
