#pragma once

#include <algorithm>
#include <memory>
#include <utility>

#include "../kernels/formulas/coefficients.hpp"
#include "../kernels/reduce/loops.hpp"
#include "../kernels/reduce/workspace.hpp"
#include "renormalizer.hpp"

namespace batchnorm::detail {

/// Gamma and beta of a sample, what they make of its channels, and the sums of all samples.
template <typename Scalar>
struct AffineWorkspace {
  ChannelArray<Scalar> gamma;
  ChannelArray<Scalar> beta;
  ChannelCoefficients<Scalar> k;
  ChannelArray<double> sum;      ///< of gamma * g
  ChannelArray<double> product;  ///< of gamma * g * x_hat
  ChannelArray<double> gamma_sum;
  ChannelArray<double> beta_sum;

  explicit AffineWorkspace(const Source& source)
      : gamma(source),
        beta(source),
        k(source),
        sum(source),
        product(source),
        gamma_sum(source),
        beta_sum(source) {}

  void resize(Index channels) {
    for (auto* values : {&gamma, &beta}) values->resize(channels);
    k.resize(channels);
  }

  void begin_sums(Index channels) {
    for (auto* values : {&sum, &product, &gamma_sum, &beta_sum}) {
      values->resize(channels);
      values->set_zero();
    }
  }
};

/// The sums that a second backward needs, per channel, of v, the gradient with respect to dx.
struct SecondSums {
  ChannelArray<double> g;        ///< sum of g
  ChannelArray<double> g_x_hat;  ///< sum of g * x_hat
  ChannelArray<double> v;        ///< sum of v
  ChannelArray<double> v_x_hat;  ///< sum of v * x_hat
  ChannelArray<double> v_g;      ///< sum of v * g

  explicit SecondSums(const Source& source)
      : g(source), g_x_hat(source), v(source), v_x_hat(source), v_g(source) {}
};

/// What a second backward is given per channel, what it sums, and what it maps with.
template <typename Scalar>
struct SecondWorkspace {
  ChannelArray<Scalar> of_gamma;  ///< the gradient with respect to gamma's
  ChannelArray<Scalar> of_beta;   ///< the gradient with respect to beta's
  SecondSums sums;
  ChannelCoefficients<Scalar> identity;  ///< with which x_hat is x itself
  SecondCoefficients<Scalar> factors;

  explicit SecondWorkspace(const Source& source)
      : of_gamma(source), of_beta(source), sums(source), identity(source), factors(source) {}

  void resize(Index channels) {
    factors.resize(channels);
    identity.resize(channels);
    std::fill_n(identity.inverse_deviation.data(), channels, 1.0);
    std::fill_n(identity.scale.data(), channels, Scalar(1));
  }
};

/// Memory for parts of a call that are summed at the same time; none in a copy.
class PartSums {
 public:
  explicit PartSums(const Source& source) : source_(source) {}
  PartSums(const PartSums& /*other*/) {}
  PartSums(PartSums&& other) noexcept
      : source_(other.source_),
        first_(std::exchange(other.first_, nullptr)),
        count_(std::exchange(other.count_, 0)) {}
  // NOLINTNEXTLINE(bugprone-unhandled-self-assignment): nothing is assigned
  PartSums& operator=(const PartSums& /*other*/) { return *this; }
  PartSums& operator=(PartSums&& other) noexcept {
    std::swap(first_, other.first_);
    std::swap(count_, other.count_);
    return *this;
  }
  ~PartSums() { clear(); }

  void resize(Index count) {
    if (count <= count_) return;
    clear();
    const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(SumsWorkspace);
    first_ = static_cast<SumsWorkspace*>(source_.take(bytes));
    for (; count_ < count; ++count_) new (first_ + count_) SumsWorkspace(source_);
  }

  SumsWorkspace& operator[](Index part) { return first_[part]; }

 private:
  void clear() {
    if (count_ == 0) return;
    std::destroy_n(first_, count_);
    source_.give_back(first_);
    count_ = 0;
  }

  Source source_;
  SumsWorkspace* first_ = nullptr;
  Index count_ = 0;
};

/// Memory that calls need and keep, so that a layer that has seen its largest shape allocates
/// nothing.
template <typename Scalar>
struct Workspace {
  SumsWorkspace sums;
  PartSums parts;
  ChannelArray<double> weights;  ///< of the chunks of a call whose samples weigh
  ChannelArray<double> mean;
  ChannelArray<double> low;  ///< what mean leaves out, or nothing
  ChannelArray<double> m2;
  Renormalizer renormalizer;
  GradientCoefficients<Scalar> gradient;
  AffineWorkspace<Scalar> affine;
  SecondWorkspace<Scalar> second;

  Workspace() : Workspace(Source{}, Source{}) {}
  /// What is summed has an arena of its own.
  Workspace(const Source& source, const Source& of_sums)
      : sums(of_sums),
        parts(source),
        weights(source),
        mean(source),
        low(source),
        m2(source),
        renormalizer(source),
        gradient(source),
        affine(source),
        second(source) {}

  void resize(Index channels) {
    for (auto* values : {&mean, &m2}) values->resize(channels);
    low.resize(keeps_low<Scalar> ? channels : 0);
  }

  /// Room for the sums of all channels of x at once, of which parts need less: a smaller x may be
  /// one part.
  template <typename Data>
  void make_room(const Executor& executor, const View<const Data>& x) {
    make_room(sums, executor, x);
  }

  /// Room for the sums of `count` parts, each of them no larger than `part`, so that no thread
  /// needs to allocate.
  template <typename Data>
  void make_room(Index count, const View<const Data>& part) {
    parts.resize(count);
    for (Index k = 0; k < count; ++k) make_room(parts[k], Executor{}, part);
  }

  ChannelMoments moments() {
    return {mean.data(), keeps_low<Scalar> ? low.data() : nullptr, m2.data()};
  }

 private:
  static constexpr Index most_sums{moments_sums<Scalar>};

  template <typename Data>
  static void make_room(SumsWorkspace& sums, const Executor& executor, View<const Data> x) {
    const LoopOrder order = arrange(x);
    if (order != LoopOrder::planes || !sums.is_on_heap()) return;
    sums.make_room(executor, x, order, most_sums, lanes_of_any_packet);
    sums.chunks.reserve(places_of(Chunks(x, order), executor) * x.channels * most_sums);
  }
};

}  // namespace batchnorm::detail
