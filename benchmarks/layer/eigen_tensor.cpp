#include <unsupported/Eigen/CXX11/Tensor>

#include "contender.hpp"

namespace benchmarks {
namespace {

using Tensor = Eigen::TensorMap<Eigen::Tensor<float, 3, Eigen::RowMajor>>;
using Channels = Eigen::Tensor<float, 1, Eigen::RowMajor>;
using Sizes = Eigen::array<Index, 3>;

class EigenTensor : public Contender {
  auto spread(const Channels& values) const {
    return values.reshape(as_channels_).broadcast(copies_);
  }

 public:
  explicit EigenTensor(const Problem& problem)
      : problem_(problem),
        running_mean_(channels(problem.running_mean)),
        running_variance_(channels(problem.running_variance)),
        sizes_(problem.extents()),
        others_(problem.layout == Layout::planes ? Pair{0, 2} : Pair{0, 1}) {
    as_channels_ = problem.layout == Layout::planes ? Sizes{1, problem.shape.channels, 1}
                                                    : Sizes{1, 1, problem.shape.channels};
    for (std::size_t k = 0; k < 3; ++k) copies_[k] = sizes_[k] / as_channels_[k];
  }

  void forward() override {
    mean_ = x().mean(others_);
    const Channels variance = (x() - spread(mean_)).square().mean(others_);
    const auto count = static_cast<float>(problem_.shape.count());
    move(running_mean_, mean_);
    move(running_variance_, variance * (count / (count - 1)));
    inverse_ = (variance + Problem::epsilon).rsqrt();
    normalize(mean_, inverse_);
  }

  void backward() override {
    const auto count = static_cast<float>(problem_.shape.count());
    if (problem_.relu) masked_ = (y() > 0.0F).select(dy(), dy().constant(0.0F));
    const Tensor gradient = problem_.relu ? Tensor(masked_.data(), sizes_) : dy();
    beta_gradient_ = gradient.sum(others_);
    gamma_gradient_ = (gradient * (x() - spread(mean_)) * spread(inverse_)).sum(others_);
    const Channels scale = channels(problem_.gamma) * inverse_;
    const Channels mean_dy = beta_gradient_ / count;
    const Channels slope = gamma_gradient_ * inverse_ / count;
    view(problem_.buffers->dx) =
        spread(scale) * (gradient - spread(mean_dy) - (x() - spread(mean_)) * spread(slope));
  }

  void inference() override {
    const Channels variance = channels(problem_.running_variance);
    const Channels inverse = (variance + Problem::epsilon).rsqrt();
    normalize(channels(problem_.running_mean), inverse);
  }

 private:
  using Pair = Eigen::array<Index, 2>;

  template <typename Batch>
  static void move(Channels& running, const Batch& batch) {
    running += (batch - running) * Problem::new_weight;
  }

  Tensor view(Eigen::ArrayXf& values) const { return {values.data(), sizes_}; }
  Tensor x() const { return view(problem_.buffers->x); }
  Tensor dy() const { return view(problem_.buffers->dy); }
  Tensor y() const { return view(problem_.buffers->y); }

  static Channels channels(const Eigen::ArrayXf& values) {
    return Eigen::TensorMap<const Channels>(values.data(), values.size());
  }

  void normalize(const Channels& mean, const Channels& inverse) const {
    const Channels scale = channels(problem_.gamma) * inverse;
    const Channels beta = channels(problem_.beta);
    const auto result = (x() - spread(mean)) * spread(scale) + spread(beta);
    if (problem_.relu) {
      y() = result.cwiseMax(0.0F);
    } else {
      y() = result;
    }
  }

  const Problem& problem_;
  Channels running_mean_;
  Channels running_variance_;
  Sizes sizes_;
  Pair others_;
  Sizes as_channels_{};
  Sizes copies_{};
  Channels mean_;
  Channels inverse_;
  Channels gamma_gradient_;
  Channels beta_gradient_;
  Eigen::Tensor<float, 3, Eigen::RowMajor> masked_;
};

std::unique_ptr<Contender> make(const Problem& problem) {
  return std::make_unique<EigenTensor>(problem);
}

}  // namespace

Entry eigen_tensor() {
  return {"eigen-tensor", "Eigen's Tensor module, reductions over dimensions and broadcasts",
          Role::peer, Scope::small, make};
}

}  // namespace benchmarks
