#include "contender.hpp"

namespace benchmarks {
namespace {

using ConstSegment = Eigen::Map<const Eigen::ArrayXf>;
using Segment = Eigen::Map<Eigen::ArrayXf>;

/// What both layouts keep between forward and backward.
class EigenMap : public Contender {
 public:
  explicit EigenMap(const Problem& problem)
      : problem_(problem),
        mean_(problem.shape.channels),
        inverse_(problem.shape.channels),
        gamma_gradient_(problem.shape.channels),
        beta_gradient_(problem.shape.channels),
        running_mean_(problem.running_mean),
        running_variance_(problem.running_variance) {}

 protected:
  void finish_statistics(const Eigen::ArrayXf& variance) {
    const auto count = static_cast<float>(problem_.shape.count());
    inverse_ = (variance + Problem::epsilon).rsqrt();
    constexpr float weight = Problem::new_weight;
    running_mean_ += weight * (mean_ - running_mean_);
    running_variance_ += weight * (count / (count - 1.0F) * variance - running_variance_);
  }

  const float* x() const { return problem_.buffers->x.data(); }
  const float* dy() const { return problem_.buffers->dy.data(); }
  float* y() const { return problem_.buffers->y.data(); }
  float* dx() const { return problem_.buffers->dx.data(); }

  const Problem& problem_;
  Eigen::ArrayXf mean_;
  Eigen::ArrayXf inverse_;
  Eigen::ArrayXf gamma_gradient_;
  Eigen::ArrayXf beta_gradient_;
  Eigen::ArrayXf running_mean_;
  Eigen::ArrayXf running_variance_;
};

template <bool relu>
class EigenMapPlanes : public EigenMap {
 public:
  using EigenMap::EigenMap;

  void forward() override {
    const auto count = static_cast<float>(problem_.shape.count());
    Eigen::ArrayXf variance(problem_.shape.channels);
    for (Index c = 0; c < problem_.shape.channels; ++c) {
      float sum = 0.0F;
      for_each_segment(c, [&](Index at) { sum += segment(x(), at).sum(); });
      mean_[c] = sum / count;
      float squares = 0.0F;
      for_each_segment(c,
                       [&](Index at) { squares += (segment(x(), at) - mean_[c]).square().sum(); });
      variance[c] = squares / count;
    }
    finish_statistics(variance);
    normalize(mean_, inverse_);
  }

  void backward() override {
    const auto count = static_cast<float>(problem_.shape.count());
    for (Index c = 0; c < problem_.shape.channels; ++c) {
      float sum = 0.0F;
      float product = 0.0F;
      for_each_segment(c, [&](Index at) {
        sum += gradient(at).sum();
        product += (gradient(at) * (segment(x(), at) - mean_[c])).sum();
      });
      beta_gradient_[c] = sum;
      gamma_gradient_[c] = product * inverse_[c];
      const float scale = problem_.gamma[c] * inverse_[c];
      const float slope = gamma_gradient_[c] / count * inverse_[c];
      for_each_segment(c, [&](Index at) {
        Segment(dx() + at, problem_.shape.spatial) =
            scale * (gradient(at) - sum / count - (segment(x(), at) - mean_[c]) * slope);
      });
    }
  }

  void inference() override {
    normalize(problem_.running_mean, (problem_.running_variance + Problem::epsilon).rsqrt());
  }

 private:
  ConstSegment segment(const float* values, Index at) const {
    return {values + at, problem_.shape.spatial};
  }

  /// The gradient of what ReLU was given.
  auto gradient(Index at) const {
    if constexpr (relu) {
      return (segment(y(), at) > 0.0F).select(segment(dy(), at), 0.0F);
    } else {
      return segment(dy(), at);
    }
  }

  template <typename Visit>
  void for_each_segment(Index channel, const Visit& visit) const {
    for (Index n = 0; n < problem_.shape.samples; ++n) visit(problem_.at(n, channel, 0));
  }

  void normalize(const Eigen::ArrayXf& mean, const Eigen::ArrayXf& inverse) const {
    for (Index n = 0; n < problem_.shape.samples; ++n) {
      for (Index c = 0; c < problem_.shape.channels; ++c) {
        const Index at = problem_.at(n, c, 0);
        const float scale = problem_.gamma[c] * inverse[c];
        const auto result = (segment(x(), at) - mean[c]) * scale + problem_.beta[c];
        Segment to(y() + at, problem_.shape.spatial);
        if constexpr (relu) {
          to = result.max(0.0F);
        } else {
          to = result;
        }
      }
    }
  }
};

template <bool relu>
class EigenMapRows : public EigenMap {
 public:
  using EigenMap::EigenMap;

  void forward() override {
    const auto count = static_cast<float>(problem_.shape.count());
    mean_.setZero();
    for_each_row([&](Index at) { mean_ += row(x(), at); });
    mean_ /= count;
    Eigen::ArrayXf variance = Eigen::ArrayXf::Zero(problem_.shape.channels);
    for_each_row([&](Index at) { variance += (row(x(), at) - mean_).square(); });
    variance /= count;
    finish_statistics(variance);
    normalize(mean_, inverse_);
  }

  void backward() override {
    const auto count = static_cast<float>(problem_.shape.count());
    beta_gradient_.setZero();
    gamma_gradient_.setZero();
    for_each_row([&](Index at) {
      beta_gradient_ += gradient(at);
      gamma_gradient_ += gradient(at) * (row(x(), at) - mean_);
    });
    gamma_gradient_ *= inverse_;
    const Eigen::ArrayXf scale = problem_.gamma * inverse_;
    const Eigen::ArrayXf mean_dy = beta_gradient_ / count;
    const Eigen::ArrayXf slope = gamma_gradient_ / count * inverse_;
    for_each_row([&](Index at) {
      Segment(dx() + at, problem_.shape.channels) =
          scale * (gradient(at) - mean_dy - (row(x(), at) - mean_) * slope);
    });
  }

  void inference() override {
    normalize(problem_.running_mean, (problem_.running_variance + Problem::epsilon).rsqrt());
  }

 private:
  ConstSegment row(const float* values, Index at) const {
    return {values + at, problem_.shape.channels};
  }

  /// The gradient of what ReLU was given.
  auto gradient(Index at) const {
    if constexpr (relu) {
      return (row(y(), at) > 0.0F).select(row(dy(), at), 0.0F);
    } else {
      return row(dy(), at);
    }
  }

  template <typename Visit>
  void for_each_row(const Visit& visit) const {
    for (Index r = 0; r < problem_.shape.count(); ++r) visit(r * problem_.shape.channels);
  }

  void normalize(const Eigen::ArrayXf& mean, const Eigen::ArrayXf& inverse) const {
    const Eigen::ArrayXf scale = problem_.gamma * inverse;
    for_each_row([&](Index at) {
      const auto result = (row(x(), at) - mean) * scale + problem_.beta;
      Segment to(y() + at, problem_.shape.channels);
      if constexpr (relu) {
        to = result.max(0.0F);
      } else {
        to = result;
      }
    });
  }
};

template <template <bool> class Which>
std::unique_ptr<Contender> with_relu(const Problem& problem) {
  if (problem.relu) return std::make_unique<Which<true>>(problem);
  return std::make_unique<Which<false>>(problem);
}

std::unique_ptr<Contender> make(const Problem& problem) {
  return problem.layout == Layout::planes ? with_relu<EigenMapPlanes>(problem)
                                          : with_relu<EigenMapRows>(problem);
}

}  // namespace

Entry eigen_map() {
  return {"eigen-map", "Eigen, two passes of Map<ArrayXf> expressions per row or segment",
          Role::peer, Scope::everywhere, make};
}

}  // namespace benchmarks
