#include <gtest/gtest.h>

#include <batchnorm/thread_group.hpp>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "parts.hpp"

// Workers that train one batch in parts, each with a layer of its own, are one layer that merges
// the same parts in the same order. A worker that fails makes the others fail; none waits for ever.

namespace {

using namespace fixtures;
using batchnorm::accumulate, batchnorm::BatchNorm, batchnorm::Frozen, batchnorm::GradientSums,
    batchnorm::Moments, batchnorm::ReLU, batchnorm::residual, batchnorm::ThreadGroup,
    batchnorm::Train;

static_assert(batchnorm::Group<ThreadGroup::Member>);
static_assert(!batchnorm::Group<Eigen::DefaultDevice> && !batchnorm::Group<Eigen::MatrixXf>);

/// Runs `work(worker)` in as many threads, and returns what each threw.
std::vector<std::string> in_threads(std::size_t workers,
                                    const std::function<void(std::size_t)>& work) {
  std::vector<std::string> thrown(workers);
  std::vector<std::thread> threads;
  for (std::size_t worker = 0; worker < workers; ++worker) {
    threads.emplace_back([&, worker] {
      try {
        work(worker);
      } catch (const std::exception& error) {
        thrown[worker] = error.what();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return thrown;
}

template <typename L>
class Grouped : public ::testing::Test {
 protected:
  using Layer = BatchNorm<float, Train, ReLU, typename L::Axis>;

  static void step_of_member(Layer& layer, ThreadGroup& group, std::size_t worker, Part<L>& part) {
    ThreadGroup::Member member(group, static_cast<int>(worker));
    layer.forward(member, part.x.get(), residual(part.r.get()), part.y.get());
    layer.backward(member, part.x.get(), residual(part.r.get()), part.dy.get(), part.dx.get(),
                   part.dr.get());
    layer.backward(member, part.x.get(), residual(part.r.get()), part.dy.get(), part.dx.get(),
                   part.dr.get(), accumulate);
  }
};
TYPED_TEST_SUITE(Grouped, Layouts, LayoutName);

TYPED_TEST(Grouped, WorkersAreOneLayerThatMergesTheirParts) {
  using L = TypeParam;
  for (const std::vector<Index>& sizes :
       std::vector<std::vector<Index>>{{7}, {4, 5}, {4, 1, 0, 9}, {0, 3, 0}, {2, 2, 2, 2, 2}}) {
    auto parts = some_parts<L>(sizes), expected = some_parts<L>(sizes);
    const typename TestFixture::Layer start(some_state<float>(part_channels));
    auto alone = start;
    auto [saved, sums] = step_of_parts(alone, expected);
    alone.learn(saved, sums, accumulate);
    std::vector<typename TestFixture::Layer> layers(parts.size(), start);
    ThreadGroup group(static_cast<int>(parts.size()));
    const auto thrown = in_threads(parts.size(), [&](std::size_t k) {
      TestFixture::step_of_member(layers[k], group, k, parts[k]);
    });
    for (std::size_t k = 0; k < parts.size(); ++k) {
      EXPECT_EQ(thrown[k], "");
      for (const auto which : {&Part<L>::y, &Part<L>::dx, &Part<L>::dr}) {
        EXPECT_TRUE(same_bits(L::values(parts[k].*which, parts[k].dimensions),
                              L::values(expected[k].*which, parts[k].dimensions)));
      }
      EXPECT_TRUE(same_bits(layers[k].gamma_gradient(), alone.gamma_gradient()));
      EXPECT_TRUE(same_bits(layers[k].beta_gradient(), alone.beta_gradient()));
      EXPECT_TRUE(same_bits(layers[k].state(), alone.state()));
    }
  }
}

using Matrix = Eigen::MatrixXf;

// Of constant statistics nothing is shared but the gradients of the parameters.
TEST(GroupOfFrozen, SharesTheGradientsOfTheParameters) {
  const std::vector<Matrix> xs{noise_matrix<float>(4, 3, 1), noise_matrix<float>(7, 3, 2)},
      dys{noise_matrix<float>(4, 3, 3), noise_matrix<float>(7, 3, 4)};
  const BatchNorm<float, Frozen> start(some_state<float>(3));
  std::vector<BatchNorm<float, Frozen>> layers(2, start);
  std::vector<Matrix> dxs(2);
  ThreadGroup group(2);
  in_threads(2, [&](std::size_t k) {
    ThreadGroup::Member member(group, static_cast<int>(k));
    layers[k].forward(member, xs[k]);
    dxs[k] = layers[k].backward(member, xs[k], dys[k]);
  });
  BatchNorm<float, Frozen> alone = start;
  GradientSums sums;
  for (std::size_t k = 0; k < 2; ++k) {
    alone.forward(xs[k]);
    sums.merge(alone.gradient_sums(xs[k], dys[k]));
    EXPECT_TRUE(same_bits(alone.backward(xs[k], dys[k]), dxs[k]));
  }
  alone.learn(sums);
  for (const auto& layer : layers)
    EXPECT_TRUE(same_bits(layer.gamma_gradient(), alone.gamma_gradient()));
}

TEST(GroupOnADevice, GivesTheSameBits) {
  const Matrix x = noise_matrix<float>(3000, 40, 5), dy = noise_matrix<float>(3000, 40, 6);
  BatchNorm<float> alone(some_state<float>(40)), grouped = alone;
  const Matrix y = alone.forward(x), dx = alone.backward(x, dy);
  Eigen::ThreadPool pool(2);
  const Eigen::ThreadPoolDevice device(&pool, 2);
  ThreadGroup group(1);
  ThreadGroup::Member member(group, 0);
  BatchNorm<float>::Saved saved;
  EXPECT_TRUE(same_bits(grouped.forward(device, member, saved, x), y));
  EXPECT_TRUE(same_bits(grouped.backward(device, member, saved, x, dy), dx));
  EXPECT_TRUE(same_bits(grouped.state(), alone.state()));
}

/// Two workers whose samples weigh, the second none of them in its first step.
TEST(GroupOfWeights, IsOneLayerOfTheJoinedBatch) {
  const Matrix x = noise_matrix<float>(9, 3, 15), dy = noise_matrix<float>(9, 3, 16);
  for (const bool some_weigh : {true, false}) {
    Eigen::VectorXf w = Eigen::VectorXf::Zero(9);
    if (some_weigh) w.head(6) << 1, 0, 2, 3, 1, 0;
    BatchNorm<float> alone(some_state<float>(3));
    std::vector<BatchNorm<float>> layers(2, alone);
    const Matrix y = alone.forward(x, batchnorm::sample_weights(w));
    const Matrix dx = alone.backward(x, batchnorm::sample_weights(w), dy);
    Matrix ys[2], dxs[2];
    ThreadGroup group(2);
    const auto thrown = in_threads(2, [&](std::size_t k) {
      ThreadGroup::Member member(group, static_cast<int>(k));
      const Index first = k == 0 ? 0 : 6, rows = k == 0 ? 6 : 3;
      const Matrix part = x.middleRows(first, rows), of_part = dy.middleRows(first, rows);
      const Eigen::VectorXf weights = w.segment(first, rows);
      ys[k] = layers[k].forward(member, part, batchnorm::sample_weights(weights));
      dxs[k] = layers[k].backward(member, part, batchnorm::sample_weights(weights), of_part);
    });
    EXPECT_EQ(thrown[0] + thrown[1], "");
    EXPECT_TRUE(ys[0].isApprox(y.topRows(6), 1e-6F));
    EXPECT_TRUE(ys[1].isApprox(y.bottomRows(3), 1e-6F));
    EXPECT_TRUE(dxs[0].isApprox(dx.topRows(6), 1e-5F));
    EXPECT_TRUE(dxs[1].isApprox(dx.bottomRows(3), 1e-5F));
    EXPECT_TRUE(layers[1].gamma_gradient().isApprox(alone.gamma_gradient(), 1e-5F));
    EXPECT_EQ(layers[0].batches(), alone.batches());
    EXPECT_TRUE(layers[0].running_variance().isApprox(alone.running_variance(), 1e-12));
  }
}

TEST(GroupOfWeights, TakesAnEmptyPartWithoutRunningStatistics) {
  const Matrix none(0, 3);
  const Eigen::VectorXf w(0);
  ThreadGroup group(1);
  ThreadGroup::Member member(group, 0);
  BatchNorm<float, Train, batchnorm::NoRunningStatistics> layer(3);
  EXPECT_EQ(layer.forward(member, none, batchnorm::sample_weights(w)).rows(), 0);
}

constexpr const char* left = "another worker left the group";

/// One of three workers does `fail(member, layer)` in its second step, the others go on.
void expect_all_to_throw(const std::function<void(ThreadGroup::Member&, BatchNorm<float>&)>& fail) {
  const Matrix x = noise_matrix<float>(4, 3, 7);
  ThreadGroup group(3);
  const auto thrown = in_threads(3, [&](std::size_t k) {
    ThreadGroup::Member member(group, static_cast<int>(k));
    BatchNorm<float> layer(3);
    for (int step = 0; step < 5; ++step) {
      if (k == 1 && step == 1) fail(member, layer);
      layer.forward(member, x);
    }
  });
  EXPECT_NE(thrown[1], "");
  for (const std::size_t k : {std::size_t{0}, std::size_t{2}})
    EXPECT_NE(thrown[k].find(left), std::string::npos) << thrown[k];
}

TEST(GroupFailures, OfALayerAreEverybodys) {
  expect_all_to_throw([](ThreadGroup::Member& member, BatchNorm<float>& layer) {
    layer.forward(member, noise_matrix<float>(4, 5, 8));
  });
  expect_all_to_throw([](ThreadGroup::Member& member, BatchNorm<float>& layer) {
    layer.backward(member, noise_matrix<float>(4, 3, 9), noise_matrix<float>(4, 3, 9));
  });
}

TEST(GroupFailures, OutsideALayerAreEverybodys) {
  expect_all_to_throw(
      [](ThreadGroup::Member&, BatchNorm<float>&) { throw std::runtime_error("elsewhere"); });
}

TEST(GroupFailures, OfOutputsAreEverybodys) {
  expect_all_to_throw([](ThreadGroup::Member& member, BatchNorm<float>& layer) {
    const Matrix x = noise_matrix<float>(4, 3, 10);
    Matrix y(9, 3);
    layer.forward(member, x, y.topRows(2));
  });
}

TEST(GroupFailures, OfWorkersThatEndEarlyAreSeen) {
  const Matrix x = noise_matrix<float>(4, 3, 11);
  ThreadGroup group(2);
  const auto thrown = in_threads(2, [&](std::size_t k) {
    ThreadGroup::Member member(group, static_cast<int>(k));
    BatchNorm<float> layer(3);
    for (std::size_t step = 0; step < 3 + k; ++step) layer.forward(member, x);
  });
  EXPECT_EQ(thrown[0], "");
  EXPECT_NE(thrown[1].find(left), std::string::npos);
}

// All of one value together: refused by all alike.
TEST(GroupFailures, OfOneValueAreEverybodys) {
  ThreadGroup group(2);
  const auto thrown = in_threads(2, [&](std::size_t k) {
    ThreadGroup::Member member(group, static_cast<int>(k));
    BatchNorm<float>(3).forward(member, noise_matrix<float>(k == 0 ? 1 : 0, 3, 12));
  });
  for (const std::string& sentence : thrown)
    EXPECT_NE(sentence.find("expected more than 1 value per channel"), std::string::npos);
}

TEST(Group, RefusesWorkersThatItDoesNotHave) {
  EXPECT_THROW(ThreadGroup(0), std::invalid_argument);
  ThreadGroup group(2);
  EXPECT_THROW(ThreadGroup::Member(group, 2), std::invalid_argument);
  EXPECT_THROW(ThreadGroup::Member(group, -1), std::invalid_argument);
  EXPECT_EQ(group.workers(), 2);
}

}  // namespace
