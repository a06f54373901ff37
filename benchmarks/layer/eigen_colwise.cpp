#include "contender.hpp"

namespace benchmarks {
namespace {

using Matrix = Eigen::Array<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Row = Eigen::Array<float, 1, Eigen::Dynamic>;

class EigenColwise : public Contender {
 public:
  explicit EigenColwise(const Problem& problem)
      : problem_(problem),
        running_mean_(problem.running_mean),
        running_variance_(problem.running_variance) {}

  void forward() override {
    mean_ = x().colwise().mean();
    const Row variance = (x().rowwise() - mean_).square().colwise().mean();
    const auto count = static_cast<float>(problem_.shape.count());
    running_mean_ += Problem::new_weight * (mean_ - running_mean_);
    running_variance_ +=
        Problem::new_weight * (variance * (count / (count - 1)) - running_variance_);
    inverse_ = (variance + Problem::epsilon).rsqrt();
    normalize(mean_, inverse_);
  }

  void backward() override {
    const auto count = static_cast<float>(problem_.shape.count());
    if (problem_.relu) masked_ = (view(problem_.buffers->y) > 0.0F).select(dy(), 0.0F);
    const Eigen::Map<const Matrix> gradient(
        problem_.relu ? masked_.data() : problem_.buffers->dy.data(), x().rows(), x().cols());
    beta_gradient_ = gradient.colwise().sum();
    gamma_gradient_ = (gradient * (x().rowwise() - mean_)).colwise().sum() * inverse_;
    const Row mean_dy = beta_gradient_ / count;
    const Row scale = problem_.gamma.transpose() * inverse_;
    const Row slope = gamma_gradient_ * inverse_ / count;
    view(problem_.buffers->dx) =
        ((gradient.rowwise() - mean_dy) - (x().rowwise() - mean_).rowwise() * slope).rowwise() *
        scale;
  }

  void inference() override {
    normalize(problem_.running_mean.transpose(),
              (problem_.running_variance + Problem::epsilon).rsqrt().transpose());
  }

 private:
  Eigen::Map<Matrix> view(Eigen::ArrayXf& values) const {
    return {values.data(), problem_.shape.count(), problem_.shape.channels};
  }

  Eigen::Map<Matrix> x() const { return view(problem_.buffers->x); }
  Eigen::Map<Matrix> dy() const { return view(problem_.buffers->dy); }

  void normalize(const Row& mean, const Row& inverse) const {
    const Row scale = problem_.gamma.transpose() * inverse;
    const Row beta = problem_.beta.transpose();
    auto y = view(problem_.buffers->y);
    y = ((x().rowwise() - mean).rowwise() * scale).rowwise() + beta;
    if (problem_.relu) y = y.max(0.0F);
  }

  const Problem& problem_;
  Row mean_;
  Row inverse_;
  Row running_mean_;
  Row running_variance_;
  Row gamma_gradient_;
  Row beta_gradient_;
  Matrix masked_;
};

std::unique_ptr<Contender> make(const Problem& problem) {
  if (problem.layout == Layout::planes) return nullptr;
  return std::make_unique<EigenColwise>(problem);
}

}  // namespace

Entry eigen_colwise() {
  return {"eigen-colwise", "Eigen, colwise() reductions and rowwise() broadcasts", Role::peer,
          Scope::small, make};
}

}  // namespace benchmarks
