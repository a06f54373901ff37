// Eigen's own watch over its allocations, which reports through its assertion; that one must speak
// in every build type.
#define EIGEN_RUNTIME_NO_MALLOC
#define eigen_assert(condition) ((condition) ? void() : ::allocations::forbidden())

namespace allocations {
void forbidden();
}

#include <gtest/gtest.h>

#include <atomic>
#include <batchnorm/thread_group.hpp>
#include <cstdlib>
#include <functional>
#include <limits>
#include <memory>
#include <new>
#include <stdexcept>
#include <thread>

#include "layouts.hpp"

// The writing forms allocate nothing once they have seen their largest shape. Eigen's watch does
// not see what the standard library allocates, and a count of operator new does not see what Eigen
// does: both are on.

namespace allocations {

std::atomic<long> count{0};

void forbidden() { throw std::logic_error("Eigen allocates, or an assertion of Eigen's failed"); }

void* counted(void* memory) {
  ++count;
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void* allocate(std::size_t size) { return counted(std::malloc(size == 0 ? 1 : size)); }

void* allocate(std::size_t size, std::align_val_t alignment) {
  const auto bytes = static_cast<std::size_t>(alignment);
  return counted(std::aligned_alloc(bytes, (size / bytes + 1) * bytes));
}

}  // namespace allocations

void* operator new(std::size_t size) { return allocations::allocate(size); }
void* operator new[](std::size_t size) { return allocations::allocate(size); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocations::allocate(size, alignment);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace {

using namespace fixtures;
using batchnorm::BatchNorm, batchnorm::Eval, batchnorm::Frozen, batchnorm::Train;

/// Forbids Eigen to allocate while it lives.
class NoEigenAllocation {
 public:
  NoEigenAllocation() { Eigen::internal::set_is_malloc_allowed(false); }
  ~NoEigenAllocation() { Eigen::internal::set_is_malloc_allowed(true); }
  NoEigenAllocation(const NoEigenAllocation&) = delete;
  NoEigenAllocation& operator=(const NoEigenAllocation&) = delete;
};

template <typename Call>
void expect_no_allocation(const Call& call) {
  const long before = allocations::count;
  {
    const NoEigenAllocation watch;
    EXPECT_NO_THROW(call());
  }
  EXPECT_EQ(allocations::count, before);
}

TEST(AllocationWatch, OfEigenSees) {
  const NoEigenAllocation watch;
  EXPECT_THROW(Eigen::VectorXf(1000), std::logic_error);
}

TEST(AllocationWatch, OfOperatorNewSees) {
  const long before = allocations::count;
  const auto memory = std::make_unique<int>(1);
  EXPECT_EQ(allocations::count, before + 1);
  const auto several = std::make_unique<int[]>(5);
  EXPECT_EQ(allocations::count, before + 2);
  const batchnorm::detail::ChannelArray<double> aligned(3);
  EXPECT_EQ(allocations::count, before + 3);
}

template <typename L>
class Allocation : public ::testing::Test {
 protected:
  template <typename Mode>
  using Layer = BatchNorm<float, Mode, batchnorm::ReLU, typename L::Axis>;

  /// The arguments of one step.
  struct Arguments {
    explicit Arguments(const typename L::Dims& dimensions)
        : x(L::filled(dimensions, pattern<float>(L::shape(dimensions), 161))),
          r(L::filled(dimensions, pattern<float>(L::shape(dimensions), 162))),
          dy(L::filled(dimensions, pattern<float>(L::shape(dimensions), 163))),
          y(dimensions),
          dx(dimensions),
          dr(dimensions) {}
    typename L::Kind x, r, dy, y, dx, dr;
  };

  template <typename Mode>
  static void step(Layer<Mode>& layer, Arguments& on) {
    layer.forward(on.x.get(), on.y.get());
    layer.backward(on.x.get(), on.dy.get(), on.dx.get());
    layer.forward(on.x.get(), batchnorm::residual(on.r.get()), on.y.get());
    layer.backward(on.x.get(), batchnorm::residual(on.r.get()), on.dy.get(), on.dx.get(),
                   on.dr.get());
    if constexpr (!std::is_same_v<Mode, Eval>) {
      layer.backward(on.x.get(), batchnorm::residual(on.r.get()), on.dy.get(), on.dx.get(),
                     on.dr.get(), batchnorm::accumulate);
    }
  }

  /// After one step on the largest shape, neither it nor a smaller one allocates, be its runs long,
  /// short or so short that rows of them are joined.
  template <typename Mode>
  static void expect_steady() {
    for (const Index channels : {37, 9}) {
      Arguments large(L::dimensions(400, channels, 21)), small(L::dimensions(150, channels, 7)),
          least(L::dimensions(40, channels, 3));
      Layer<Mode> layer(some_state<float>(channels));
      step<Mode>(layer, large);
      for (Arguments* on : {&large, &small, &least, &large})
        expect_no_allocation([&] { step<Mode>(layer, *on); });
    }
  }
};
TYPED_TEST_SUITE(Allocation, Layouts, LayoutName);

/// Of what does not look at the layout itself.
template <typename L>
class AllocationOfFew : public Allocation<L> {};
using FewLayouts = ::testing::Types<LayoutsOf<float>::RowMajorMatrix, LayoutsOf<float>::NCHW>;
TYPED_TEST_SUITE(AllocationOfFew, FewLayouts, LayoutName);

TYPED_TEST(Allocation, IsNotNeededByTraining) { TestFixture::template expect_steady<Train>(); }
TYPED_TEST(Allocation, IsNotNeededByFrozen) { TestFixture::template expect_steady<Frozen>(); }
TYPED_TEST(Allocation, IsNotNeededByEval) { TestFixture::template expect_steady<Eval>(); }

TYPED_TEST(Allocation, IsNotNeededByWhatIsPrepared) {
  typename TestFixture::Arguments on(TypeParam::dimensions(13, 37, 21));
  const typename TestFixture::template Layer<Eval> layer(some_state<float>(37));
  const auto call = layer.prepared(on.x.get(), batchnorm::residual(on.r.get()), on.y.get());
  expect_no_allocation(call);
}

/// From the first call on.
TYPED_TEST(AllocationOfFew, IsNotNeededByChannelsOfAType) {
  using Axis = typename TypeParam::Axis;
  using Within = batchnorm::Channels<37>;
  const auto dimensions = TypeParam::dimensions(13, 37, 21);
  typename TestFixture::Arguments on(dimensions), small(TypeParam::dimensions(3, 37, 2));
  const auto state = some_state<float>(37);
  expect_no_allocation([&] {
    BatchNorm<float, Train, batchnorm::ReLU, Axis, Within> norm(state);
    for (auto* each : {&on, &small, &on}) {
      norm.forward(each->x.get(), batchnorm::residual(each->r.get()), each->y.get());
      norm.backward(each->x.get(), batchnorm::residual(each->r.get()), each->dy.get(),
                    each->dx.get(), each->dr.get());
    }
    const BatchNorm<float, Eval, batchnorm::ReLU, Axis, Within> deployed(norm);
    deployed.forward(on.x.get(), on.y.get());
    const auto copy = norm;
    norm.set_state(copy.state());
  });
}

TYPED_TEST(Allocation, IsNotNeededByPhases) {
  using Shared = typename TestFixture::template Layer<Train>;
  for (const Index channels : {37, 9}) {
    typename TestFixture::Arguments large(TypeParam::dimensions(400, channels, 21)),
        small(TypeParam::dimensions(150, channels, 7));
    Shared layer(some_state<float>(channels));
    const Shared& constant = layer;
    typename Shared::Saved saved;
    batchnorm::Moments moments;
    batchnorm::GradientSums sums;
    const auto step = [&](auto& on) {
      constant.moments(saved, on.x.get(), moments);
      constant.forward(saved, on.x.get(), batchnorm::residual(on.r.get()), moments, on.y.get());
      layer.observe(moments);
      constant.gradient_sums(saved, on.x.get(), batchnorm::residual(on.r.get()), on.dy.get(), sums);
      constant.backward(saved, on.x.get(), batchnorm::residual(on.r.get()), on.dy.get(), sums,
                        on.dx.get(), on.dr.get());
      layer.learn(saved, sums, batchnorm::accumulate);
    };
    step(large);
    for (auto* on : {&large, &small, &large}) expect_no_allocation([&] { step(*on); });
  }
}

TYPED_TEST(Allocation, IsNotNeededByWeights) {
  const auto dimensions = TypeParam::dimensions(13, 37, 21);
  typename TestFixture::Arguments on(dimensions);
  typename TestFixture::template Layer<Train> layer(37);
  const auto samples = static_cast<Index>(dimensions[TypeParam::axis == 0 ? 1 : 0]);
  Eigen::VectorXf w = Eigen::VectorXf::LinSpaced(samples, 0, static_cast<float>(samples - 1));
  const auto step = [&] {
    layer.forward(on.x.get(), batchnorm::sample_weights(w), on.y.get());
    layer.backward(on.x.get(), batchnorm::sample_weights(w), on.dy.get(), on.dx.get());
  };
  step();
  expect_no_allocation(step);
}

TYPED_TEST(Allocation, IsNotNeededByAnAffineFromOutside) {
  const auto dimensions = TypeParam::dimensions(13, 37, 21);
  typename TestFixture::Arguments on(dimensions);
  BatchNorm<float, Train, batchnorm::NoAffine, typename TypeParam::Axis> layer(37);
  const auto samples = static_cast<Index>(dimensions[TypeParam::axis == 0 ? 1 : 0]);
  const Eigen::MatrixXf gamma = Eigen::MatrixXf::Random(samples, 37);
  Eigen::MatrixXf dgamma;
  Eigen::VectorXf beta = Eigen::VectorXf::Random(37), dbeta;
  const auto step = [&] {
    layer.forward(on.x.get(), batchnorm::affine(gamma, beta), on.y.get());
    layer.backward(on.x.get(), batchnorm::affine(gamma, beta), on.dy.get(), on.dx.get(), dgamma,
                   dbeta);
  };
  step();
  expect_no_allocation(step);
}

TYPED_TEST(AllocationOfFew, IsNotNeededBySecondGradients) {
  typename TestFixture::Arguments on(TypeParam::dimensions(13, 37, 21));
  BatchNorm<float, Train, typename TypeParam::Axis> layer(37);
  const Eigen::VectorXf of_gamma = Eigen::VectorXf::Random(37), of_beta = of_gamma;
  const auto &x = on.x.get(), &dy = on.dy.get(), &v = on.r.get();
  layer.forward(x, on.y.get());
  auto gradients = layer.second_backward(x, dy, v);
  const auto step = [&] {
    layer.second_backward(x, dy, v, of_gamma, of_beta, gradients);
    layer.second_backward(x, dy, v, gradients);
  };
  step();
  expect_no_allocation(step);
}

/// Both members are watched: after two steps none of them is in its first.
TYPED_TEST(AllocationOfFew, IsNotNeededByAGroup) {
  using Grouped = typename TestFixture::template Layer<Train>;
  batchnorm::ThreadGroup group(2);
  const auto work = [&group](int worker, const auto& last) {
    typename TestFixture::Arguments on(TypeParam::dimensions(13 + worker, 37, 21));
    Grouped layer(some_state<float>(37));
    batchnorm::ThreadGroup::Member member(group, worker);
    const auto step = [&] {
      layer.forward(member, on.x.get(), on.y.get());
      layer.backward(member, on.x.get(), on.dy.get(), on.dx.get());
    };
    step();
    step();
    last(step);
  };
  std::thread other([&] { EXPECT_NO_THROW(work(1, [](const auto& step) { step(); })); });
  work(0, [](const auto& step) { expect_no_allocation(step); });
  other.join();
}

TEST(AllocationOfMoments, IsNotNeededToMerge) {
  const Eigen::MatrixXf x = Eigen::MatrixXf::Random(40, 5);
  batchnorm::Moments all = batchnorm::moments(x), parts = all, rounded = all;
  rounded.mean_low.resize(0);
  expect_no_allocation([&] {
    all.merge(parts);
    all.merge(rounded);
    all = parts;
  });
}

TYPED_TEST(Allocation, IsNotNeededByAPool) {
  typename TestFixture::Arguments on(TypeParam::dimensions(13, 37, 21));
  typename TestFixture::template Layer<Train> layer(37, {.momentum = batchnorm::pooled()});
  TestFixture::template step<Train>(layer, on);
  expect_no_allocation([&] { TestFixture::template step<Train>(layer, on); });
}

TYPED_TEST(Allocation, IsNotNeededByARejectedBatch) {
  const auto dimensions = TypeParam::dimensions(13, 37, 211);
  typename TestFixture::Arguments on(dimensions);
  typename TestFixture::template Layer<Train> layer(some_state<float>(37));
  TestFixture::template step<Train>(layer, on);
  Values spoilt = pattern<float>(TypeParam::shape(dimensions), 161);
  spoilt(0, 2, 0) = std::numeric_limits<double>::quiet_NaN();
  write(on.x.get(), dimensions, TypeParam::axis, spoilt);
  expect_no_allocation([&] { TestFixture::template step<Train>(layer, on); });
  EXPECT_EQ(layer.rejected()(2), 2);
}

/// A device of three threads that are all the calling one.
struct OneByOne {
  int numThreads() const { return 3; }
  void parallelFor(Index n, const Eigen::TensorOpCost& /*cost*/,
                   const std::function<void(Index, Index)>& work) const {
    for (Index k = n - 1; k >= 0; --k) work(k, k + 1);
  }
};

TYPED_TEST(Allocation, IsNotNeededByThreadsThatEachTakeSomeChannels) {
  typename TestFixture::Arguments on(TypeParam::dimensions(5, 37, 1501));
  typename TestFixture::template Layer<Train> layer(some_state<float>(37));
  const auto step = [&] {
    layer.forward(OneByOne{}, on.x.get(), on.y.get());
    layer.backward(OneByOne{}, on.x.get(), on.dy.get(), on.dx.get());
  };
  step();
  expect_no_allocation(step);
}

}  // namespace
