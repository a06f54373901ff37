#pragma once

#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <unordered_map>

#include "contender.hpp"
#include "onednn_version.hpp"

namespace benchmarks {

/// oneDNN's batch normalization over data in a given format. ReLU is fused; in training it keeps a
/// mask in a workspace.
class OneDnn : public Contender {
 public:
  void forward() override;
  void backward() override { execute(backward_, backward_arguments_); }
  void inference() override { execute(inference_, inference_arguments_); }

 protected:
  using Tag = dnnl::memory::format_tag;

  /// x, dy, y and dx have the format `tag`.
  OneDnn(const Problem& problem, Tag tag, const dnnl::memory& x, const dnnl::memory& dy,
         const dnnl::memory& y, const dnnl::memory& dx);

  static dnnl::engine& engine();
  static dnnl::memory::desc describe(const Problem& problem, Tag tag);
  static dnnl::memory wrap(const dnnl::memory::desc& format, Eigen::ArrayXf& values);

  void reorder(dnnl::memory& from, dnnl::memory& to);

  const Problem& problem_;
  dnnl::memory x_, dy_, y_, dx_;

 private:
  using Arguments = std::unordered_map<int, dnnl::memory>;

  void make_training(const dnnl::memory::desc& format);
  void make_inference(const dnnl::memory::desc& format);
  void execute(const dnnl::primitive& primitive, const Arguments& arguments);

  dnnl::stream stream_;
  Eigen::ArrayXf gamma_, beta_, mean_, variance_, running_mean_, running_variance_;
  Eigen::ArrayXf moved_mean_, moved_variance_;  // the running statistics that training moves
  Eigen::ArrayXf gamma_gradient_, beta_gradient_;
  dnnl::primitive forward_, backward_, inference_;
  Arguments forward_arguments_, backward_arguments_, inference_arguments_;
};

}  // namespace benchmarks
