#include <omp.h>

#include <unordered_map>

#include "onednn_version.hpp"
#include "typed.hpp"

namespace benchmarks {
namespace {

using dnnl::memory;
using dnnl::normalization_flags;
using dnnl::prop_kind;

dnnl::engine& engine() {
  static dnnl::engine result(dnnl::engine::kind::cpu, 0);
  return result;
}

/// Values of bfloat16, statistics and parameters of float.
class OneDnn : public TypedContender {
 public:
  explicit OneDnn(const Images& images)
      : shape_(images.shape),
        format_(
            {shape_.samples, shape_.channels, shape_.spatial, 1}, memory::data_type::bf16,
            images.layout == Layout::planes ? memory::format_tag::nchw : memory::format_tag::nhwc),
        stream_(engine()),
        x_(filled(images.x)),
        dy_(filled(images.dy)),
        y_(filled(0 * images.x)),
        dx_(filled(0 * images.x)) {
    omp_set_num_threads(1);
    make_primitives();
  }

  void forward() override {
    execute(forward_, forward_arguments_);
    // oneDNN leaves the running statistics to its caller.
    const auto count = static_cast<float>(shape_.count());
    constexpr float weight = Images::new_weight;
    running_mean_ += weight * (mean_ - running_mean_);
    running_variance_ += weight * (count / (count - 1.0F) * variance_ - running_variance_);
  }
  void backward() override { execute(backward_, backward_arguments_); }
  void inference() override { execute(inference_, inference_arguments_); }

  Eigen::ArrayXf y() override {
    Eigen::ArrayXf values(shape_.size());
    memory wide(line(memory::data_type::f32), engine(), values.data());
    memory narrow(line(memory::data_type::bf16), engine(), y_.get_data_handle());
    dnnl::reorder(narrow, wide).execute(stream_, narrow, wide);
    stream_.wait();
    return values;
  }

 private:
  using Arguments = std::unordered_map<int, memory>;

  /// All values in the order of memory.
  memory::desc line(memory::data_type type) const {
    return {{shape_.size()}, type, memory::format_tag::a};
  }

  memory filled(Eigen::ArrayXf values) {
    memory result(format_, engine());
    memory narrow(line(memory::data_type::bf16), engine(), result.get_data_handle());
    memory wide(line(memory::data_type::f32), engine(), values.data());
    dnnl::reorder(wide, narrow).execute(stream_, wide, narrow);
    stream_.wait();
    return result;
  }

  static memory per_channel(Eigen::ArrayXf& values) {
    return {
        {{values.size()}, memory::data_type::f32, memory::format_tag::a}, engine(), values.data()};
  }

  void make_primitives() {
    using Forward = dnnl::batch_normalization_forward;
    using Backward = dnnl::batch_normalization_backward;
    const auto affine = normalization_flags::use_scale | normalization_flags::use_shift;
    const Forward::primitive_desc forward(
        {prop_kind::forward_training, format_, Images::epsilon, affine}, engine());
    const Backward::primitive_desc backward(
        {prop_kind::backward, format_, format_, Images::epsilon, affine}, engine(), forward);
    const Forward::primitive_desc inference({prop_kind::forward_inference, format_, Images::epsilon,
                                             affine | normalization_flags::use_global_stats},
                                            engine());
    forward_ = Forward(forward);
    backward_ = Backward(backward);
    inference_ = Forward(inference);
    const Arguments common{{DNNL_ARG_SRC, x_},
                           {DNNL_ARG_SCALE, per_channel(gamma_)},
                           {DNNL_ARG_SHIFT, per_channel(beta_)}};
    forward_arguments_ = inference_arguments_ = backward_arguments_ = common;
    forward_arguments_.insert({{DNNL_ARG_DST, y_},
                               {DNNL_ARG_MEAN, per_channel(mean_)},
                               {DNNL_ARG_VARIANCE, per_channel(variance_)}});
    inference_arguments_.insert({{DNNL_ARG_DST, y_},
                                 {DNNL_ARG_MEAN, per_channel(running_mean_)},
                                 {DNNL_ARG_VARIANCE, per_channel(running_variance_)}});
    backward_arguments_.insert({{DNNL_ARG_DIFF_DST, dy_},
                                {DNNL_ARG_DIFF_SRC, dx_},
                                {DNNL_ARG_MEAN, per_channel(mean_)},
                                {DNNL_ARG_VARIANCE, per_channel(variance_)},
                                {DNNL_ARG_DIFF_SCALE, per_channel(gamma_gradient_)},
                                {DNNL_ARG_DIFF_SHIFT, per_channel(beta_gradient_)}});
  }

  void execute(const dnnl::primitive& primitive, const Arguments& arguments) {
    primitive.execute(stream_, arguments);
    stream_.wait();
  }

  Eigen::ArrayXf channels(float value) const {
    return Eigen::ArrayXf::Constant(shape_.channels, value);
  }

  Shape shape_;
  memory::desc format_;
  dnnl::stream stream_;
  memory x_, dy_, y_, dx_;
  Eigen::ArrayXf gamma_ = channels(1), beta_ = channels(0), mean_ = channels(0);
  Eigen::ArrayXf variance_ = channels(1), running_mean_ = channels(0);
  Eigen::ArrayXf running_variance_ = channels(1), gamma_gradient_ = channels(0);
  Eigen::ArrayXf beta_gradient_ = channels(0);
  dnnl::primitive forward_, backward_, inference_;
  Arguments forward_arguments_, backward_arguments_, inference_arguments_;
};

std::unique_ptr<TypedContender> make(const Images& images) {
  try {
    return std::make_unique<OneDnn>(images);
  } catch (const dnnl::error& error) {
    if (error.status == dnnl_unimplemented) return nullptr;
    throw;
  }
}

}  // namespace

std::vector<TypedEntry> onednn() { return {{"oneDNN", onednn_version(), make}}; }

}  // namespace benchmarks
