// The experiments: trials that repeat, results that outlive the program, and figures that say what
// they are.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "experiments/evidence.hpp"
#include "experiments/limits.hpp"
#include "experiments/results.hpp"
#include "experiments/trial.hpp"
#include "names.hpp"

namespace {

namespace fs = std::filesystem;
using mlp::Figures;
using mlp::Index;
using mlp::Placement;
using mlp::Recipe;
using mlp::Results;

nn::Samples<float> random_samples(Index count, std::uint64_t stream) {
  nn::Random random(5, stream);
  nn::Samples<float> samples;
  samples.images = nn::Matrix<float>::NullaryExpr(
      count, 6, [&] { return static_cast<float>(2 * random.uniform() - 1); });
  samples.labels.resize(count);
  for (Index i = 0; i < count; ++i) samples.labels[i] = samples.images(i, 0) > 0 ? 1 : 0;
  return samples;
}

class Experiments : public testing::Test {
 protected:
  Experiments() { fs::remove(file_); }
  Experiments(const Experiments&) = delete;
  Experiments& operator=(const Experiments&) = delete;
  ~Experiments() override { fs::remove(file_); }

  std::optional<Figures> trial(const Recipe& recipe, std::int64_t seed = 1) const {
    return mlp::run_trial(recipe, seed, material_, device_, [] { return false; });
  }

  std::string read() const {
    std::ifstream in(file_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::string& text) const { std::ofstream(file_, std::ios::binary) << text; }

  const std::string file_ =
      (fs::temp_directory_path() / ("mlp_results_" + std::to_string(getpid()) + ".csv")).string();
  const mlp::Material material_{.train = random_samples(70, 0),
                                .validation = random_samples(20, 1),
                                .test = random_samples(30, 2),
                                .classes = 2,
                                .checksum = 7};
  Eigen::ThreadPool pool_{1};
  nn::Device device_{&pool_, 1};
  const Recipe recipe_{.hidden = {5, 5},
                       .placement = Placement::before_activation,
                       .learning_rate = 0.5,
                       .batch = 10,
                       .steps = 40,
                       .interval = 10};
};

bool same_but_seconds(Figures a, Figures b) {
  a.erase("seconds");
  b.erase("seconds");
  const auto equal = [](const mlp::Reading& x, const mlp::Reading& y) {
    return x.at == y.at && std::abs(x.value - y.value) <= 1e-8;
  };
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [&](const auto& x, const auto& y) {
           return x.first == y.first && std::equal(x.second.begin(), x.second.end(),
                                                   y.second.begin(), y.second.end(), equal);
         });
}

TEST_F(Experiments, ATrialRepeatsAndAnotherSeedIsAnother) {
  const Figures figures = *trial(recipe_);
  EXPECT_TRUE(same_but_seconds(figures, *trial(recipe_)));
  EXPECT_FALSE(same_but_seconds(figures, *trial(recipe_, 2)));
}

TEST_F(Experiments, ACurveHasAPointPerIntervalAndTheEnd) {
  Recipe recipe = recipe_;
  recipe.steps = 35;
  const Figures figures = *trial(recipe);
  std::vector<double> steps;
  for (const mlp::Reading& reading : figures.at("test_accuracy")) steps.push_back(reading.at);
  EXPECT_EQ(steps, (std::vector<double>{10, 20, 30, 35}));
}

TEST_F(Experiments, LearningHelps) {
  Recipe recipe = recipe_;
  recipe.steps = 300;
  EXPECT_GT(mlp::last(*trial(recipe), "test_accuracy"), 0.8);
}

TEST_F(Experiments, RenormalizationAndGhostBatchesChangeWhatIsLearnt) {
  Recipe renormalised = recipe_;
  renormalised.renormalised = true;
  Recipe ghost = recipe_;
  ghost.ghost = 5;
  const Figures plain = trial(recipe_).value();
  EXPECT_FALSE(same_but_seconds(trial(renormalised).value(), plain));
  EXPECT_FALSE(same_but_seconds(trial(ghost).value(), plain));
}

TEST(Limits, RiseOnceTheRunningStatisticsHaveArrived) {
  const auto at = [](double share, double decay = 0.9) {
    return mlp::limits_at(static_cast<Index>(1000 * share), 1000, decay);
  };
  using batchnorm::Renormalization;
  EXPECT_EQ(at(0), Renormalization{});
  EXPECT_EQ(at(0.05), Renormalization{});
  EXPECT_NEAR(at(0.125).d_max, 2.5, 1e-12);
  EXPECT_NEAR(at(0.175).r_max, 2, 1e-12);
  EXPECT_NEAR(at(0.2).d_max, 5, 1e-12);
  EXPECT_LT(at(0.29).r_max, 3);
  for (const double share : {0.31, 1.0}) EXPECT_EQ(at(share), (Renormalization{3, 5})) << share;
  EXPECT_EQ(at(0.29, 0.99), Renormalization{});
  EXPECT_GT(at(0.31, 0.99).r_max, 1);
}

TEST_F(Experiments, ADivergedTrialGuessesFromThereOn) {
  Recipe recipe = recipe_;
  recipe.activation = mlp::Activation::relu;
  recipe.placement = Placement::none;
  recipe.learning_rate = 1e20;
  const Figures figures = *trial(recipe);
  EXPECT_EQ(figures.at("diverged").size(), 1U);
  EXPECT_EQ(figures.at("test_accuracy").size(), 4U);
  EXPECT_EQ(mlp::last(figures, "test_accuracy"), 0.5);
  EXPECT_EQ(mlp::last(figures, "test_loss"), std::log(2.0));
}

TEST_F(Experiments, AStoppedTrialHasNoFigures) {
  int asked = 0;
  EXPECT_FALSE(
      mlp::run_trial(recipe_, 1, material_, device_, [&] { return ++asked > 20; }).has_value());
}

TEST_F(Experiments, ProbesDoNotChangeWhatIsLearnt) {
  const Figures plain = *trial(recipe_);
  for (const mlp::Probe probe :
       {mlp::Probe::gradients, mlp::Probe::distributions, mlp::Probe::batch_statistics}) {
    Recipe recipe = recipe_;
    recipe.probe = probe;
    const Figures probed = *trial(recipe);
    EXPECT_GT(probed.size(), plain.size()) << mlp::name(probe);
    for (const char* const figure : {"test_accuracy", "test_loss"}) {
      EXPECT_EQ(mlp::last(probed, figure), mlp::last(plain, figure)) << mlp::name(probe);
    }
  }
}

TEST_F(Experiments, ResultsOutliveTheProgram) {
  const Figures figures = *trial(recipe_);
  Results(file_, material_).add(recipe_, 1, figures);
  const Results again(file_, material_);
  ASSERT_NE(again.find(recipe_, 1), nullptr);
  EXPECT_TRUE(same_but_seconds(*again.find(recipe_, 1), figures));
  EXPECT_EQ(again.find(recipe_, 2), nullptr);
  Recipe other = recipe_;
  other.learning_rate = 0.6;
  EXPECT_EQ(again.find(other, 1), nullptr);
  mlp::Material other_data = material_;
  other_data.checksum = 8;
  EXPECT_EQ(Results(file_, other_data).find(recipe_, 1), nullptr);
}

TEST_F(Experiments, WhatIsBrokenOffAtAnyByteIsLeftOut) {
  Results(file_, material_).add(recipe_, 1, *trial(recipe_));
  const std::string first = read();
  Results(file_, material_).add(recipe_, 2, *trial(recipe_, 2));
  const std::string both = read();
  for (std::size_t length = first.size(); length < both.size(); length += 7) {
    write(both.substr(0, length));
    Results results(file_, material_);
    EXPECT_NE(results.find(recipe_, 1), nullptr);
    ASSERT_EQ(results.find(recipe_, 2), nullptr) << "after " << length << " bytes";
    EXPECT_EQ(read(), first);
  }
}

TEST_F(Experiments, ResultsOfAnotherProgramAreNotTaken) {
  Results(file_, material_).add(recipe_, 1, *trial(recipe_));
  std::string text = read();
  for (std::size_t line = text.find('\n') + 1; line < text.size();
       line = text.find('\n', line) + 1) {
    text[line] = text[line] == 'x' ? 'y' : 'x';
  }
  write(text);
  EXPECT_EQ(Results(file_, material_).find(recipe_, 1), nullptr);
}

TEST_F(Experiments, ResultsOfRecipesWithOtherFieldsAreNotTaken) {
  write("program,data,hidden,batch,seed,figure,at,value\n1,2,5-5,10,1,test_accuracy,40,0.5\n");
  EXPECT_EQ(Results(file_, material_).find(recipe_, 1), nullptr);
  EXPECT_EQ(read().find("hidden,batch"), std::string::npos);
}

TEST_F(Experiments, AFileOfAnotherKindIsNotOverwritten) {
  write("my notes\n");
  EXPECT_THROW(Results(file_, material_), std::runtime_error);
  EXPECT_EQ(read(), "my notes\n");
}

/// Figures that end at the given accuracies.
Figures ending(double validation, double test) {
  return {{"validation_accuracy", {{10, validation}}}, {"test_accuracy", {{10, test}}}};
}

TEST_F(Experiments, TheTestImagesDoNotChooseTheLearningRate) {
  Recipe good = recipe_;
  good.seeds = 2;
  Recipe bad = good;
  bad.learning_rate = 5;
  Results results(file_, material_);
  for (const std::int64_t seed : {1, 2}) {
    results.add(good, seed, ending(0.9, 0.1));
    results.add(bad, seed, ending(0.8, 1));
  }
  const mlp::Scope scope;
  const mlp::Evidence evidence(results, scope);
  EXPECT_EQ(evidence.best({bad, good}).learning_rate, good.learning_rate);
  EXPECT_DOUBLE_EQ(evidence.accuracy(good), 10);
}

TEST(Evidence, FollowsACurve) {
  const Figures one{{"a", {{1, 0.2}, {2, 0.6}}}};
  const Figures two{{"a", {{1, 0.4}, {2, 0.8}}}};
  const auto curve = mlp::curve({&one, &two}, "a", 100);
  ASSERT_EQ(curve.size(), 2U);
  EXPECT_DOUBLE_EQ(curve[1].y.mean, 70);
  EXPECT_DOUBLE_EQ(curve[1].y.least, 60);
  EXPECT_DOUBLE_EQ(curve[1].y.most, 80);
  EXPECT_EQ(mlp::first_at_least(curve, 70), 2);
  EXPECT_EQ(mlp::first_at_least(curve, 71), std::nullopt);
  EXPECT_EQ(mlp::text_of(curve[1].y), "70.0 [60.0..80.0]");
}

TEST(Evidence, ACurveComesToTheMeanThatItEndsWith) {
  const Figures one{{"a", {{1, 0.1}, {2, 0.926}}}};
  const Figures two{{"a", {{1, 0.1}, {2, 0.93}}}};
  const Figures three{{"a", {{1, 0.1}, {2, 0.922}}}};
  const mlp::Trials trials{&one, &two, &three};
  EXPECT_EQ(mlp::first_at_least(mlp::curve(trials, "a", 100), 100 * mlp::at_end(trials, "a").mean),
            2);
}

}  // namespace
