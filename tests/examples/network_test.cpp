// The network: its gradients against finite differences, and what its arms share.
#include "network.hpp"

#include <gtest/gtest.h>

#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "arms.hpp"
#include "nn/cross_entropy.hpp"

namespace {

using batchnorm::Eval;
using batchnorm::Train;
using mlp::Index;
using mlp::Placement;
using Matrix = nn::Matrix<double>;
using Network = mlp::Mlp<Train, double>;

// What takes a network for inference takes no network in training, unless somebody says so.
static_assert(!std::is_convertible_v<mlp::Mlp<Train>, mlp::Mlp<Eval>>);
static_assert(std::is_constructible_v<mlp::Mlp<Eval>, mlp::Mlp<Train>>);

class NetworkTest : public testing::TestWithParam<AnyArm> {
 protected:
  mlp::Architecture architecture() const { return small_network(GetParam()); }

  Network network() const { return Network(architecture(), nn::Random(3, 0)); }

  template <typename AnyNetwork>
  double loss(AnyNetwork& network) {
    network.forward(device_, x_, outputs_);
    return nn::cross_entropy(outputs_.back(), labels_, unused_).mean_loss();
  }

  void backward(Network& network) {
    network.forward(device_, x_, outputs_);
    std::vector<Matrix> gradients(outputs_.size());
    nn::cross_entropy(outputs_.back(), labels_, gradients.back());
    network.backward(device_, x_, outputs_, gradients);
  }

  void expect_gradients_of_the_loss(Network network) {
    backward(network);
    std::vector<Eigen::ArrayXd> gradients;
    network.for_each_parameter(
        [&](auto, const auto& gradient, nn::Decay) { gradients.emplace_back(gradient); });

    constexpr double kStep = 1e-6;
    std::size_t parameter = 0;
    network.for_each_parameter([&](auto value, const auto&, nn::Decay) {
      for (Index i = 0; i < value.size(); ++i) {
        const double kept = value[i];
        value[i] = kept + kStep;
        const double above = loss(network);
        value[i] = kept - kStep;
        const double below = loss(network);
        value[i] = kept;
        EXPECT_NEAR(gradients[parameter][i], (above - below) / (2 * kStep), 1e-8)
            << "parameter " << parameter << ", element " << i;
      }
      ++parameter;
    });
    EXPECT_EQ(parameter, gradients.size());
  }

  Eigen::ThreadPool pool_{1};
  nn::Device device_{&pool_, 1};
  Matrix x_ = [] {
    nn::Random random(4, 0);
    return Matrix(Matrix::NullaryExpr(7, 5, [&] { return 4 * random.uniform() - 2; }));
  }();
  nn::Labels labels_{{0, 1, 2, 2, 1, 0, 1}};
  std::vector<Matrix> outputs_;
  Matrix unused_;
};

TEST_P(NetworkTest, GradientsAreThoseOfTheLoss) { expect_gradients_of_the_loss(network()); }

TEST_P(NetworkTest, GradientsOfGhostBatchesAreThoseOfTheLoss) {
  mlp::Architecture architecture = this->architecture();
  architecture.ghost = 3;
  expect_gradients_of_the_loss(Network(architecture, nn::Random(3, 0)));
}

TEST_P(NetworkTest, GhostBatchesAreOfTrainingAlone) {
  mlp::Architecture architecture = this->architecture();
  architecture.ghost = 3;
  Network with(architecture, nn::Random(3, 0));
  Network without = network();
  if (architecture.placement != Placement::none) {
    EXPECT_NE(loss(with), loss(without));
  }
  const mlp::Mlp<Eval, double> deployed(Network(architecture, nn::Random(3, 0)));
  const mlp::Mlp<Eval, double> plain(network());
  EXPECT_EQ(loss(deployed), loss(plain));
}

/// Limits that nothing meets make training normalise as inference does.
TEST_P(NetworkTest, EveryBatchNormTakesTheLimitsOfRenormalization) {
  for (const Index ghost : {0, 3}) {
    mlp::Architecture architecture = this->architecture();
    architecture.ghost = ghost;
    architecture.norm.momentum = batchnorm::new_weight(1e-14);
    Network network(architecture, nn::Random(3, 0));
    const mlp::Mlp<Eval, double> deployed(network);
    network.set_renormalization({.r_max = 1e9, .d_max = 1e9});
    EXPECT_NEAR(loss(network), loss(deployed), 1e-12);
  }
}

TEST_P(NetworkTest, EvaluatesAsItTrainedOnceItsStatisticsAreThoseOfTheBatch) {
  mlp::Architecture architecture = this->architecture();
  architecture.norm = {.momentum = batchnorm::decay(0),
                       .running_variance = batchnorm::RunningVariance::biased};
  Network network(architecture, nn::Random(3, 0));
  const double trained = loss(network);
  const mlp::Mlp<Eval, double> deployed(network);
  EXPECT_NEAR(loss(deployed), trained, 1e-12);
}

/// Parameters and statistics stay float, so nothing is lost on the way to 16 bits and back.
TEST_P(NetworkTest, WhatIsLearntIsTheSameWithActivationsOf16Bits) {
  using Narrow = mlp::Mlp<Train, Eigen::bfloat16>;
  using Wide = mlp::Mlp<Train, float>;
  Wide network(architecture(), nn::Random(3, 0));
  const nn::Matrix<float> x = x_.cast<float>();
  std::vector<nn::Matrix<float>> outputs;
  network.forward(device_, x, outputs);
  Wide back{Narrow(network)};
  for (std::size_t i = 0; i < network.layers().size(); ++i) {
    const auto* const norm = std::get_if<Wide::Norm>(&network.layers()[i]);
    if (norm == nullptr) continue;
    EXPECT_EQ(norm->batches(), 1);
    EXPECT_TRUE(std::get<Wide::Norm>(back.layers()[i]) == *norm);
  }
  Wide copy = network;
  std::vector<Eigen::ArrayXf> values;
  copy.for_each_parameter([&](auto value, const auto&, nn::Decay) { values.emplace_back(value); });
  std::size_t parameter = 0;
  back.for_each_parameter([&](auto value, const auto&, nn::Decay) {
    EXPECT_TRUE((value == values[parameter++]).all());
  });
  EXPECT_EQ(parameter, values.size());
}

TEST_P(NetworkTest, WeightsDoNotDependOnWhereBatchNormStands) {
  mlp::Architecture plain = architecture();
  plain.placement = Placement::none;
  const auto weights = [](const Network& network) {
    std::vector<Matrix> all;
    for (const Network::Layer& layer : network.layers()) {
      if (const auto* linear = std::get_if<nn::Linear<double>>(&layer))
        all.push_back(linear->weights());
    }
    return all;
  };
  EXPECT_EQ(weights(network()), weights(Network(plain, nn::Random(3, 0))));
}

TEST_P(NetworkTest, DropoutIsOfTrainingAlone) {
  mlp::Architecture dropping = architecture();
  dropping.dropout = 0.5;
  Network with(dropping, nn::Random(3, 0));
  Network without = network();
  EXPECT_EQ(with.layers().size(), without.layers().size() + 2);
  EXPECT_NE(loss(with), loss(without));
  const mlp::Mlp<Eval, double> deployed(Network(dropping, nn::Random(3, 0)));
  const mlp::Mlp<Eval, double> plain(network());
  EXPECT_EQ(loss(deployed), loss(plain));
}

TEST_P(NetworkTest, OnlyWeightsOfLinearLayersDecay) {
  Network network = this->network();
  std::size_t decaying = 0;
  network.for_each_parameter([&](auto value, const auto&, nn::Decay decay) {
    if (decay == nn::Decay::no) return;
    ++decaying;
    EXPECT_TRUE(value.size() == 5 * 4 || value.size() == 4 * 6 || value.size() == 6 * 3);
  });
  EXPECT_EQ(decaying, 3);
}

TEST_P(NetworkTest, LinearHasNoBiasBeforeABatchNorm) {
  const Network network = this->network();
  const std::vector<Network::Layer>& layers = network.layers();
  for (std::size_t i = 0; i + 1 < layers.size(); ++i) {
    if (const auto* linear = std::get_if<nn::Linear<double>>(&layers[i])) {
      const bool before_norm =
          std::holds_alternative<batchnorm::BatchNorm<double, Train>>(layers[i + 1]);
      EXPECT_EQ(linear->bias().size() == 0, before_norm);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Arms, NetworkTest, arms(), name_of);

}  // namespace
