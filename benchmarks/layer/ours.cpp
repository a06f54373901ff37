#include "ours.hpp"

namespace benchmarks {
namespace {

using Tensor = Eigen::TensorMap<Eigen::Tensor<float, 3, Eigen::RowMajor>>;

template <typename Tensors, typename Axis, typename Activation>
class Ours : public Contender {
 public:
  explicit Ours(const Problem& problem)
      : x_(view(problem, problem.buffers->x)),
        dy_(view(problem, problem.buffers->dy)),
        y_(view(problem, problem.buffers->y)),
        dx_(view(problem, problem.buffers->dx)),
        layers_(problem) {}

  void forward() override { layers_.trained.forward(x_, y_); }
  void backward() override { layers_.trained.backward(x_, dy_, dx_); }
  void inference() override { layers_.deployed.forward(x_, y_); }

 protected:
  static Tensors view(const Problem& problem, Eigen::ArrayXf& values) {
    const Shape& shape = problem.shape;
    if constexpr (std::is_same_v<Axis, batchnorm::ChannelsFirst>) {
      return {values.data(), shape.samples, shape.channels, shape.spatial};
    } else {
      return {values.data(), shape.samples, shape.spatial, shape.channels};
    }
  }

  Tensors x_;
  Tensors dy_;
  Tensors y_;
  Tensors dx_;
  Layers<Axis, Activation> layers_;
};

template <typename Tensors, typename Axis, typename Activation>
class OursThreaded : public Ours<Tensors, Axis, Activation> {
 public:
  explicit OursThreaded(const Problem& problem)
      : Ours<Tensors, Axis, Activation>(problem),
        pool_(problem.threads),
        device_(&pool_, problem.threads) {}

  void forward() override { this->layers_.trained.forward(device_, this->x_, this->y_); }
  void backward() override {
    this->layers_.trained.backward(device_, this->x_, this->dy_, this->dx_);
  }
  void inference() override { this->layers_.deployed.forward(device_, this->x_, this->y_); }

 private:
  Eigen::ThreadPool pool_;
  Eigen::ThreadPoolDevice device_;
};

template <template <typename, typename, typename> class Which>
std::unique_ptr<Contender> make(const Problem& problem) {
  if (problem.layout == Layout::planes)
    return with_activation<Which, Tensor, batchnorm::ChannelsFirst>(problem);
  return with_activation<Which, Tensor, batchnorm::ChannelsLast>(problem);
}

std::unique_ptr<Contender> make_threaded(const Problem& problem) {
  return problem.threads > 1 ? make<OursThreaded>(problem) : nullptr;
}

}  // namespace

Entry ours() { return {"ours", "this library", Role::ours, Scope::everywhere, make<Ours>}; }

Entry ours_threads() {
  return {"ours-threads", "this library on an Eigen::ThreadPoolDevice", Role::threaded,
          Scope::everywhere, make_threaded};
}

}  // namespace benchmarks
