#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "layouts.hpp"

// Built with EIGEN_USE_THREADS. Any number of threads gives the bits of the serial call, and an
// Eval layer may be used by many threads at once.

namespace {

using namespace fixtures;
using batchnorm::BatchNorm, batchnorm::Eval, batchnorm::Frozen, batchnorm::Train;

/// A pool and the device on it.
class Workers {
 public:
  explicit Workers(int threads) : pool_(threads), device_(&pool_, threads) {}
  const Eigen::ThreadPoolDevice& device() const { return device_; }

 private:
  Eigen::ThreadPool pool_;
  Eigen::ThreadPoolDevice device_;
};

/// Sizes that no number of threads divides: small ones that stay in the calling thread, and ones
/// that are shared out, with one channel, one sample, more channels than a thread sums at once,
/// rows that are joined, runs of less than a packet, and several chunks.
struct Extent {
  Index samples, channels, spatial;
};
const std::vector<Extent> extents{{2, 3, 1},      {7, 1, 13},    {1, 67, 503},  {1, 1, 400021},
                                  {61, 1, 5977},  {13, 37, 701}, {3, 513, 217}, {100003, 3, 1},
                                  {331, 1030, 1}, {409, 181, 9}, {30011, 5, 3}};

template <typename L>
class Threads : public ::testing::Test {
 protected:
  using Dims = typename L::Dims;
  template <typename Mode>
  using Layer = BatchNorm<float, Mode, batchnorm::ReLU, typename L::Axis>;

  /// All that one step of one layer gives.
  struct Step {
    Values y, dx, dr;
    Eigen::VectorXf dgamma, dbeta;
    batchnorm::State<float> state;
  };

  struct Arguments {
    explicit Arguments(const Dims& d)
        : dimensions(d),
          x(L::filled(d, pattern<float>(L::shape(d), 151))),
          r(L::filled(d, pattern<float>(L::shape(d), 152))),
          dy(L::filled(d, pattern<float>(L::shape(d), 153))) {}
    Dims dimensions;
    typename L::Kind x, r, dy;
  };

  template <typename Mode, typename... Device>
  static Step step(Arguments& on, const Device&... device) {
    Layer<Mode> layer(some_state<float>(L::shape(on.dimensions).channels));
    return step_of(layer, on, device...);
  }

  template <typename Mode, typename... Device>
  static Step step_of(Layer<Mode>& layer, Arguments& on, const Device&... device) {
    typename L::Kind y(on.dimensions), dx(on.dimensions), dr(on.dimensions);
    layer.forward(device..., on.x.get(), batchnorm::residual(on.r.get()), y.get());
    layer.backward(device..., on.x.get(), batchnorm::residual(on.r.get()), on.dy.get(), dx.get(),
                   dr.get());
    const auto values = [&](typename L::Kind& kind) { return L::values(kind, on.dimensions); };
    Step result{values(y), values(dx), values(dr), {}, {}, layer.state()};
    if constexpr (!std::is_same_v<Mode, Eval>) {
      result.dgamma = layer.gamma_gradient();
      result.dbeta = layer.beta_gradient();
    }
    return result;
  }

  static void expect_same(const Step& a, const Step& b) {
    EXPECT_TRUE(same_bits(a.y, b.y));
    EXPECT_TRUE(same_bits(a.dx, b.dx));
    EXPECT_TRUE(same_bits(a.dr, b.dr));
    EXPECT_TRUE(same_bits(a.dgamma, b.dgamma));
    EXPECT_TRUE(same_bits(a.dbeta, b.dbeta));
    EXPECT_TRUE(same_bits(a.state, b.state));
  }

  template <typename Mode>
  static void expect_bits_of_serial() {
    for (const Extent& extent : extents) {
      Arguments on(L::dimensions(extent.samples, extent.channels, extent.spatial));
      const Step serial = step<Mode>(on);
      expect_same(step<Mode>(on, Eigen::DefaultDevice()), serial);
      for (const int threads : {1, 2, 3, 8, 16}) {
        SCOPED_TRACE(std::to_string(extent.samples) + " x " + std::to_string(extent.channels) +
                     " x " + std::to_string(extent.spatial) + " on " + std::to_string(threads));
        expect_same(step<Mode>(on, Workers(threads).device()), serial);
      }
    }
  }
};
TYPED_TEST_SUITE(Threads, Layouts, LayoutName);

TYPED_TEST(Threads, GiveTheBitsOfSerialTraining) {
  TestFixture::template expect_bits_of_serial<Train>();
}
TYPED_TEST(Threads, GiveTheBitsOfSerialFrozen) {
  TestFixture::template expect_bits_of_serial<Frozen>();
}
TYPED_TEST(Threads, GiveTheBitsOfSerialEval) {
  TestFixture::template expect_bits_of_serial<Eval>();
}

// What a step is taken apart to, on threads, is the serial step.
TYPED_TEST(Threads, GiveTheBitsOfSerialInPhases) {
  using Kind = typename TypeParam::Kind;
  for (const Extent& extent : extents) {
    typename TestFixture::Arguments on(
        TypeParam::dimensions(extent.samples, extent.channels, extent.spatial));
    const auto serial = TestFixture::template step<Train>(on);
    typename TestFixture::template Layer<Train> layer(some_state<float>(extent.channels));
    typename TestFixture::template Layer<Train>::Saved saved;
    const Workers workers(3);
    const auto& device = workers.device();
    Kind y(on.dimensions), dx(on.dimensions), dr(on.dimensions);
    const auto moments = layer.moments(device, saved, on.x.get());
    layer.forward(device, saved, on.x.get(), batchnorm::residual(on.r.get()), moments, y.get());
    layer.observe(moments);
    const auto sums = layer.gradient_sums(device, saved, on.x.get(),
                                          batchnorm::residual(on.r.get()), on.dy.get());
    layer.backward(device, saved, on.x.get(), batchnorm::residual(on.r.get()), on.dy.get(), sums,
                   dx.get(), dr.get());
    layer.learn(saved, sums);
    TestFixture::expect_same(
        {TypeParam::values(y, on.dimensions), TypeParam::values(dx, on.dimensions),
         TypeParam::values(dr, on.dimensions), layer.gamma_gradient(), layer.beta_gradient(),
         layer.state()},
        serial);
  }
}

// Passes of their own through one layer, which none of them changes.
TYPED_TEST(Threads, ShareALayerThatNoPassMoves) {
  using Shared = typename TestFixture::template Layer<Train>;
  const auto dimensions = TypeParam::dimensions(9, 37, 101);
  typename TestFixture::Arguments on(dimensions);
  const Shared layer(some_state<float>(37));
  const batchnorm::Moments moments = layer.moments(on.x.get());
  std::vector<Values> dxs(4, Values(TypeParam::shape(dimensions)));
  std::vector<std::thread> threads;
  for (Values& values : dxs) {
    threads.emplace_back([&] {
      typename Shared::Saved saved;
      typename TypeParam::Kind y(dimensions), dx(dimensions);
      layer.forward(saved, on.x.get(), moments, y.get());
      const auto sums = layer.gradient_sums(saved, on.x.get(), on.dy.get());
      layer.backward(saved, on.x.get(), on.dy.get(), sums, dx.get());
      values = TypeParam::values(dx, dimensions);
    });
  }
  for (std::thread& thread : threads) thread.join();
  Shared serial = layer;
  serial.forward(on.x.get());
  auto dx = serial.backward(on.x.get(), on.dy.get());
  const Values expected = read(dx, dimensions, TypeParam::axis);
  for (const Values& values : dxs) EXPECT_TRUE(same_bits(values, expected));
}

// Several parts for each thread, one for each, and both passes shared out.
TYPED_TEST(Threads, GiveTheBitsOfSerialWhateverFitsTheirCaches) {
  using Trained = typename TestFixture::template Layer<Train>;
  for (const Extent& extent : {Extent{13, 37, 701}, {2, 96, 1409}, {1, 64, 5003}}) {
    typename TestFixture::Arguments on(
        TypeParam::dimensions(extent.samples, extent.channels, extent.spatial));
    const auto state = some_state<float>(extent.channels);
    Trained serial(state);
    const auto first = TestFixture::template step_of<Train>(serial, on);
    const auto second = TestFixture::template step_of<Train>(serial, on);
    for (const std::int64_t l2_bytes : {1, 1 << 18, 1 << 20}) {
      for (const int threads : {2, 3, 8}) {
        SCOPED_TRACE(std::to_string(extent.channels) + " channels on " + std::to_string(threads) +
                     " with " + std::to_string(l2_bytes));
        Trained threaded(state, {.l2_bytes = l2_bytes});
        const Workers workers(threads);
        for (const auto* expected : {&first, &second})
          this->expect_same(TestFixture::template step_of<Train>(threaded, on, workers.device()),
                            *expected);
      }
    }
  }
}

TYPED_TEST(Threads, GiveTheBitsOfSerialMoments) {
  for (const Extent& extent : extents) {
    const auto dimensions = TypeParam::dimensions(extent.samples, extent.channels, extent.spatial);
    auto x = TypeParam::filled(dimensions, pattern<float>(TypeParam::shape(dimensions), 154));
    const auto serial = batchnorm::moments<typename TypeParam::Axis>(x.get());
    for (const int threads : {1, 2, 3, 8, 16}) {
      const Workers workers(threads);
      const auto found = batchnorm::moments<typename TypeParam::Axis>(workers.device(), x.get());
      EXPECT_EQ(found.count, serial.count);
      EXPECT_TRUE(same_bits(found.mean, serial.mean));
      EXPECT_TRUE(same_bits(found.m2, serial.m2));
    }
  }
}

/// A step of double data, some of it not finite, some channels of which are equal.
template <typename... Device>
std::pair<MatrixOf<double, Eigen::RowMajor>, batchnorm::State<double>> double_step(
    const MatrixOf<double, Eigen::RowMajor>& x, const Device&... device) {
  BatchNorm<double> layer(x.cols(), {.non_finite = batchnorm::NonFinite::propagate});
  MatrixOf<double, Eigen::RowMajor> y = layer.forward(device..., x);
  y += layer.backward(device..., x, x);
  return {y, layer.state()};
}

TEST(ThreadsOfDouble, GiveTheBitsOfSerialWithInfinitiesToo) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  for (const Index columns : {3, 40, 513}) {
    MatrixOf<double, Eigen::RowMajor> x =
        MatrixOf<double, Eigen::RowMajor>::Random(200003 / columns, columns).array() + 1e8;
    x.col(1) = x.col(0);
    x(x.rows() / 2, 2) = infinity;
    const auto [y, state] = double_step(x);
    EXPECT_EQ(state.running_mean(0), state.running_mean(1));
    EXPECT_EQ(state.running_mean(2), infinity);
    EXPECT_TRUE(std::isnan(state.running_variance(2)));
    for (const int threads : {1, 2, 3, 8}) {
      const auto [threaded_y, threaded_state] = double_step(x, Workers(threads).device());
      EXPECT_TRUE(same_bits(threaded_y, y)) << columns << " on " << threads;
      EXPECT_TRUE(same_bits(threaded_state, state)) << columns << " on " << threads;
    }
  }
}

TEST(ThreadsForms, OfEveryCallTakeADevice) {
  const Workers workers(3);
  const auto& device = workers.device();
  MatrixOf<float, Eigen::RowMajor> x = MatrixOf<float, Eigen::RowMajor>::Random(20011, 17), y;
  const MatrixOf<float, Eigen::RowMajor> r = x.array().square(), dy = x.array().sin();
  using Layer = BatchNorm<float>;
  Layer serial(some_state<float>(17)), threaded = serial;
  EXPECT_TRUE(same_bits(threaded.forward(device, x), serial.forward(x)));
  threaded.forward(device, x, y);
  EXPECT_TRUE(same_bits(y, serial.forward(x)));
  EXPECT_TRUE(same_bits(threaded.backward(device, x, dy), serial.backward(x, dy)));
  threaded.backward(device, x, dy, y);
  EXPECT_TRUE(same_bits(y, serial.backward(x, dy)));
  EXPECT_TRUE(same_bits(threaded.backward(device, x, dy, batchnorm::accumulate),
                        serial.backward(x, dy, batchnorm::accumulate)));
  EXPECT_TRUE(same_bits(threaded.gamma_gradient(), serial.gamma_gradient()));
  threaded.backward(device, x, dy, y, batchnorm::accumulate);
  serial.backward(x, dy, batchnorm::accumulate);
  EXPECT_TRUE(same_bits(threaded.gamma_gradient(), serial.gamma_gradient()));
  EXPECT_TRUE(same_bits(threaded.forward(device, x, batchnorm::residual(r)),
                        serial.forward(x, batchnorm::residual(r))));
  const auto [dx, dr] = threaded.backward(device, x, batchnorm::residual(r), dy);
  const auto [expected_dx, expected_dr] = serial.backward(x, batchnorm::residual(r), dy);
  EXPECT_TRUE(same_bits(dx, expected_dx));
  EXPECT_TRUE(same_bits(dr, expected_dr));
  EXPECT_TRUE(threaded == serial);
}

/// Of weights that are read once per row, once per position, and once per sample.
template <typename X, typename W>
void expect_weighted_bits_of_serial(const X& x, const X& dy, const W& w) {
  BatchNorm<float> serial(some_state<float>(37));
  const BatchNorm<float> start = serial;
  X y = serial.forward(x, batchnorm::sample_weights(w));
  X dx = serial.backward(x, batchnorm::sample_weights(w), dy);
  for (const int threads : {2, 3, 8}) {
    const Workers workers(threads);
    BatchNorm<float> threaded = start;
    EXPECT_TRUE(same_bits(threaded.forward(workers.device(), x, batchnorm::sample_weights(w)), y));
    EXPECT_TRUE(
        same_bits(threaded.backward(workers.device(), x, batchnorm::sample_weights(w), dy), dx));
    EXPECT_TRUE(same_bits(threaded.state(), serial.state()));
    EXPECT_TRUE(same_bits(threaded.gamma_gradient(), serial.gamma_gradient()));
  }
}

TEST(ThreadsOfWeights, GiveTheBitsOfSerial) {
  const auto weight = [](Index k) { return static_cast<float>(k * 7 % 4); };
  MatrixOf<float, Eigen::RowMajor> rows = MatrixOf<float, Eigen::RowMajor>::Random(9011, 37);
  const MatrixOf<float, Eigen::RowMajor> of_rows = rows.array().sin();
  const Eigen::VectorXf w = Eigen::VectorXf::NullaryExpr(9011, weight);
  expect_weighted_bits_of_serial(rows, of_rows, w);

  Eigen::Tensor<float, 4, Eigen::RowMajor> planes(23, 37, 19, 21), of_planes(23, 37, 19, 21);
  planes.setRandom();
  of_planes.setRandom();
  Eigen::Tensor<float, 3, Eigen::RowMajor> of_positions(23, 19, 21);
  for (Index k = 0; k < of_positions.size(); ++k) of_positions.data()[k] = weight(k);
  expect_weighted_bits_of_serial(planes, of_planes, of_positions);
  const Eigen::VectorXf of_samples = Eigen::VectorXf::NullaryExpr(23, weight);
  expect_weighted_bits_of_serial(planes, of_planes, of_samples);
}

TEST(ThreadsInPlace, GiveTheBitsOfSerial) {
  const Workers workers(8);
  const MatrixOf<float, Eigen::RowMajor> x = MatrixOf<float, Eigen::RowMajor>::Random(100003, 3);
  MatrixOf<float, Eigen::RowMajor> y = x, dx = x.array().sin();
  const MatrixOf<float, Eigen::RowMajor> dy = dx;
  BatchNorm<float> serial(some_state<float>(3)), threaded = serial;
  threaded.forward(workers.device(), y, y);
  EXPECT_TRUE(same_bits(y, serial.forward(x)));
  threaded.backward(workers.device(), x, dx, dx);
  EXPECT_TRUE(same_bits(dx, serial.backward(x, dy)));
}

/// A device that has threads and no pool to give functions to.
class WithoutPool {
 public:
  explicit WithoutPool(const Eigen::ThreadPoolDevice& device) : device_(device) {}
  int numThreads() const { return device_.numThreads(); }
  void parallelFor(Index n, const Eigen::TensorOpCost& cost,
                   std::function<void(Index, Index)> work) const {
    ++calls_;
    device_.parallelFor(n, cost, work);
  }

  int calls() const { return calls_; }

 private:
  const Eigen::ThreadPoolDevice& device_;
  mutable int calls_ = 0;
};

/// A forward and a backward have the bits of serial ones, and share out `calls` passes, whatever
/// the machine's caches.
template <int StorageOrder>
void expect_bits_of_serial_in(int calls) {
  const Workers workers(3);
  const WithoutPool device(workers.device());
  const MatrixOf<float, StorageOrder> x = MatrixOf<float, StorageOrder>::Random(1003, 300);
  BatchNorm<float> serial(some_state<float>(300), {.l2_bytes = 1 << 20}), threaded = serial;
  EXPECT_TRUE(same_bits(threaded.forward(device, x), serial.forward(x)));
  EXPECT_TRUE(same_bits(threaded.backward(device, x, x), serial.backward(x, x)));
  EXPECT_EQ(device.calls(), calls);
}

TEST(ThreadsOfAnyDevice, GiveTheBitsOfSerialInAReductionAndAMapEach) {
  expect_bits_of_serial_in<Eigen::RowMajor>(4);
}

TEST(ThreadsOfAnyDevice, TakeChannelsThatLieApartThroughBothPasses) {
  expect_bits_of_serial_in<Eigen::ColMajor>(2);
}

/// A device whose pool keeps the functions that it is given, until it is told to run them.
class Asleep {
 public:
  struct Functions {
    std::vector<std::function<void()>> all;
    void Schedule(std::function<void()> function) { all.push_back(std::move(function)); }
  };

  explicit Asleep(int threads) : threads_(threads) {}
  int numThreads() const { return threads_; }
  void parallelFor(Index n, const Eigen::TensorOpCost& /*cost*/,
                   const std::function<void(Index, Index)>& work) const {
    work(0, n);
  }
  Functions* getPool() const { return &functions_; }

  Index woken() const { return static_cast<Index>(functions_.all.size()); }
  void wake_up() {
    for (const auto& function : functions_.all) function();
    functions_.all.clear();
  }

 private:
  int threads_;
  mutable Functions functions_;
};

// A block of a pass has at least 2^16 values, and a thread that is woken needs one.
TEST(ThreadsOfAPass, AreNoMoreThanItHasBlocks) {
  for (const int threads : {2, 3, 8, 64})
    for (const Index rows : {100, 700, 3000, 9001, 40000}) {
      SCOPED_TRACE(std::to_string(rows) + " rows on " + std::to_string(threads));
      const MatrixOf<float, Eigen::RowMajor> x = MatrixOf<float, Eigen::RowMajor>::Random(rows, 67);
      const BatchNorm<float, Eval> layer(some_state<float>(67));
      const Asleep device(threads);
      const auto y = layer.forward(device, x);
      EXPECT_TRUE(same_bits(y, layer.forward(x)));
      const Index blocks = x.size() >> 16;
      EXPECT_LE(device.woken(), threads);
      EXPECT_LE(device.woken(), blocks);
      EXPECT_EQ(device.woken() > 0, blocks >= 2);
    }
}

TEST(ThreadsOfAPass, TouchNothingWhereTheyComeTooLate) {
  const MatrixOf<float, Eigen::RowMajor> x = MatrixOf<float, Eigen::RowMajor>::Random(9001, 67);
  MatrixOf<float, Eigen::RowMajor> y = x;
  const BatchNorm<float, Eval> layer(some_state<float>(67));
  Asleep device(8);
  layer.forward(device, x, y);
  ASSERT_GT(device.woken(), 0);
  y.setZero();
  device.wake_up();
  EXPECT_TRUE((y.array() == 0).all());
}

TEST(ThreadsOfEval, MayShareALayer) {
  const BatchNorm<float, Eval, batchnorm::ReLU> layer(some_state<float>(17));
  const MatrixOf<float, Eigen::RowMajor> x = MatrixOf<float, Eigen::RowMajor>::Random(501, 17);
  const auto y = layer.forward(x), dx = layer.backward(x, x);
  std::vector<int> same(8, 0);
  std::vector<std::thread> threads;
  for (int& result : same)
    threads.emplace_back([&] {
      result = 1;
      for (int call = 0; call < 20; ++call)
        if (!same_bits(layer.forward(x), y) || !same_bits(layer.backward(x, x), dx)) result = 0;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(same, std::vector<int>(8, 1));
}

TEST(ThreadsRefusals, LeaveTheLayerAsItWas) {
  const Workers workers(3);
  BatchNorm<float> layer(some_state<float>(3));
  const batchnorm::State<float> before = layer.state();
  const MatrixOf<float, Eigen::RowMajor> wrong = MatrixOf<float, Eigen::RowMajor>::Random(7, 5);
  EXPECT_THROW(layer.forward(workers.device(), wrong), std::invalid_argument);
  EXPECT_TRUE(same_bits(layer.state(), before));
}

}  // namespace
