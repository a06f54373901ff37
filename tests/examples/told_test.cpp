// What chapters say agrees with what their tables say, whatever networks do.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <regex>
#include <string>
#include <vector>

#include "chapters/chapters.hpp"
#include "chapters/families.hpp"
#include "chapters/telling.hpp"
#include "made_up.hpp"

namespace {

using mlp::Account;
using mlp::Chapter;
using mlp::Finding;
using mlp::Level;
using mlp::Placement;
using mlp::Recipe;

bool plain(const Recipe& recipe) { return recipe.placement == Placement::none; }

struct Named {
  const char* name;
  Outcome outcome;
};

constexpr MadeUp kGood{.end = 0.97, .rise = 0.1, .loss = 0.0512, .drift = 0.3, .width = 1.5};
constexpr MadeUp kPoor{
    .end = 0.84, .rise = 0.9, .loss = 0.2034, .growth = 1.3, .drift = 3, .width = 90, .lag = 2};
constexpr MadeUp kGuess{.end = 0.1, .loss = 2.3, .train = 0.1, .growth = 0.25, .lag = 0};

/// Every way in which two arms can stand to each other.
std::vector<Named> outcomes() {
  const auto arms = [](const MadeUp& without, const MadeUp& with) {
    return [=](const Recipe& recipe) { return plain(recipe) ? without : with; };
  };
  const auto at_one_rate = [](bool of_plain) {
    return [=](const Recipe& recipe) {
      return plain(recipe) == of_plain && recipe.learning_rate > 1 ? kGuess : kGood;
    };
  };
  return {{"norm_better", arms(kPoor, kGood)},
          {"plain_better", arms(kGood, kPoor)},
          {"both_good", arms(kGood, kGood)},
          {"both_poor", arms(kPoor, kPoor)},
          {"plain_guesses", arms(kGuess, kGood)},
          {"norm_guesses", arms(kGood, kGuess)},
          {"both_guess", arms(kGuess, kGuess)},
          {"plain_fails_at_large_rates", at_one_rate(true)},
          {"norm_fails_at_large_rates", at_one_rate(false)}};
}

Outcome outcome(const std::string& name) {
  for (const Named& named : outcomes()) {
    if (named.name == name) return named.outcome;
  }
  throw std::logic_error(name);
}

std::vector<Chapter> all_chapters() {
  auto all = mlp::chapters(digits(Level::quick));
  all.push_back(mlp::paper());
  return all;
}

/// All sentences that have figures of a run.
std::vector<std::string> sentences(const Account& account) {
  std::vector<std::string> all{account.claim, account.limit};
  all.insert(all.end(), account.text.begin(), account.text.end());
  for (const Finding& finding : account.findings) {
    all.push_back(finding.brief);
    all.push_back(finding.measured);
  }
  return all;
}

std::string whole_table(const Account& account) {
  std::string text;
  for (const auto& row : account.table.rows) {
    for (const std::string& cell : row) text += ' ' + cell + ' ';
  }
  return text;
}

std::vector<std::smatch> matches(const std::string& text, const std::regex& pattern) {
  return {std::sregex_iterator(text.begin(), text.end(), pattern), std::sregex_iterator()};
}

double value(const std::string& text) {
  std::string digits;
  std::remove_copy(text.begin(), text.end(), std::back_inserter(digits), ',');
  return std::stod(digits);
}

class Told : public testing::TestWithParam<std::tuple<Level, std::string>> {
 protected:
  void for_each_account(const std::function<void(const Account&)>& check) const {
    const auto& [level, name] = GetParam();
    for (const Chapter& chapter : all_chapters()) {
      SCOPED_TRACE(chapter.name);
      check(account_of(chapter, level, outcome(name)));
    }
  }
};

std::vector<std::string> names() {
  std::vector<std::string> names;
  for (const Named& named : outcomes()) names.emplace_back(named.name);
  return names;
}

std::string name_of(const testing::TestParamInfo<std::tuple<Level, std::string>>& told) {
  return std::get<std::string>(told.param) +
         (std::get<Level>(told.param) == Level::quick ? "_quick" : "_standard");
}

INSTANTIATE_TEST_SUITE_P(Outcomes, Told,
                         testing::Combine(testing::Values(Level::quick, Level::standard),
                                          testing::ValuesIn(names())),
                         name_of);

TEST_P(Told, EveryPercentageAndLossStandsInTheTable) {
  const std::regex percentage("([0-9]+\\.[0-9]) %");
  const std::regex loss(": ([0-9.]+) instead of ([0-9.]+)$");
  for_each_account([&](const Account& account) {
    const std::string table = whole_table(account);
    for (const std::string& sentence : sentences(account)) {
      for (const auto& match : matches(sentence, percentage)) {
        EXPECT_NE(table.find(' ' + match.str(1)), std::string::npos)
            << match.str() << " of: " << sentence << "\nis not in: " << table;
      }
      for (const auto& match : matches(sentence, loss)) {
        EXPECT_NE(table.find(' ' + match.str(1) + " ["), std::string::npos) << sentence;
        EXPECT_NE(table.find(' ' + match.str(2) + " ["), std::string::npos) << sentence;
      }
    }
  });
}

TEST_P(Told, DifferencesAreThoseOfTheFiguresBesideThem) {
  const std::regex higher("([0-9.]+) points (higher|lower): ([0-9.]+) % instead of ([0-9.]+) %");
  const std::regex same("just as high: ([0-9.]+) % instead of ([0-9.]+) %");
  const std::regex loss("([0-9]+) % (higher|lower): ([0-9.]+) instead of ([0-9.]+)");
  for_each_account([&](const Account& account) {
    for (const std::string& sentence : sentences(account)) {
      for (const auto& match : matches(sentence, higher)) {
        const double sign = match.str(2) == "higher" ? 1 : -1;
        EXPECT_NEAR(sign * value(match.str(1)), value(match.str(3)) - value(match.str(4)), 1e-9)
            << sentence;
      }
      for (const auto& match : matches(sentence, same)) EXPECT_EQ(match.str(1), match.str(2));
      for (const auto& match : matches(sentence, loss)) {
        EXPECT_EQ(match.str(2) == "higher", value(match.str(3)) > value(match.str(4))) << sentence;
      }
    }
  });
}

TEST_P(Told, RatiosAreThoseOfTheStepsBesideThem) {
  const std::regex steps(
      "([0-9.,]+) times (fewer|more) steps to [0-9.]+ %: ([0-9,]+) instead of ([0-9,]+)");
  for_each_account([&](const Account& account) {
    for (const std::string& sentence : sentences(account)) {
      for (const auto& match : matches(sentence, steps)) {
        const double ratio = value(match.str(4)) / value(match.str(3));
        const double said = value(match.str(1));
        EXPECT_NEAR(said, match.str(2) == "fewer" ? ratio : 1 / ratio, 0.05 * said) << sentence;
      }
    }
  });
}

TEST_P(Told, NothingIsLeftWithoutAFigure) {
  const std::regex missing("\\b(nan|inf)\\b|-0\\.0 |(^|[^0-9.,])0(\\.0)? times");
  for_each_account([&](const Account& account) {
    for (const std::string& sentence : sentences(account)) {
      EXPECT_FALSE(std::regex_search(sentence, missing)) << sentence;
    }
    EXPECT_FALSE(std::regex_search(whole_table(account), missing)) << whole_table(account);
  });
}

TEST_P(Told, ACardHasATitleOfItsOwn) {
  for_each_account([](const Account& account) {
    for (const Finding& finding : account.findings) {
      if (finding.promise.empty()) continue;
      EXPECT_FALSE(finding.brief.empty());
      EXPECT_LE(finding.brief.size(), 60U) << finding.brief;
    }
  });
}

// ---- What some chapters say of an outcome.

Account told(Chapter (*chapter)(), const std::string& name, Level level = Level::quick) {
  return account_of(chapter(), level, outcome(name));
}

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Faster, CountsTheNetworksThatNeedFewerSteps) {
  EXPECT_TRUE(says(told(mlp::faster, "norm_better").claim, "in all 3 networks"));
  EXPECT_TRUE(says(told(mlp::faster, "plain_better").claim, "in none of the 3 networks"));
  EXPECT_TRUE(says(told(mlp::faster, "both_good").claim, "in none of the 3 networks"));
}

TEST(Faster, ARatioAgainstABudgetSaysSo) {
  const Account account = told(mlp::faster, "plain_guesses");
  EXPECT_TRUE(says(account.findings.front().brief, "in at least "));
  EXPECT_TRUE(says(account.findings.front().measured, "did not get there within 400"));
  EXPECT_TRUE(account.findings.front().holds);
  EXPECT_EQ(account.table.rows.front()[4], "not within 400");
}

TEST(Faster, WhoNeverGetsThereIsNotFaster) {
  const Account account = told(mlp::faster, "norm_guesses");
  EXPECT_TRUE(says(account.findings.front().brief, "Does not get to"));
  EXPECT_FALSE(account.findings.front().holds);
  EXPECT_EQ(account.table.rows.front()[5], "not within 400");
}

TEST(Faster, WhatStillRisesIsSaidToRise) {
  const auto rising = [](const Recipe& recipe) {
    return MadeUp{.end = 0.9, .rise = plain(recipe) ? 1 : 0.2};
  };
  EXPECT_TRUE(says(account_of(mlp::faster(), Level::quick, rising).limit, "still rises"));
  EXPECT_TRUE(says(account_of(mlp::faster(), Level::quick, rising).findings.front().measured,
                   "still rises"));
  EXPECT_FALSE(says(told(mlp::faster, "both_good").limit, "still rises"));
}

TEST(LearningRates, AreCountedWhereTheyAreHigher) {
  EXPECT_TRUE(says(told(mlp::learning_rates, "plain_fails_at_large_rates", Level::standard).claim,
                   "usable in all 3 networks"));
  EXPECT_TRUE(says(told(mlp::learning_rates, "norm_fails_at_large_rates", Level::standard).claim,
                   "usable in none of the 3 networks"));
  EXPECT_TRUE(says(told(mlp::learning_rates, "both_good").claim, "usable in none"));
}

TEST(LearningRates, TheEndOfTheGridIsNamed) {
  const Account account = told(mlp::learning_rates, "plain_fails_at_large_rates", Level::standard);
  EXPECT_EQ(account.findings.front().measured, "up to 10, the largest tried, instead of 1");
  EXPECT_TRUE(account.findings.front().holds);
  const Account same = told(mlp::learning_rates, "both_good", Level::standard);
  EXPECT_EQ(same.findings.front().measured, "up to 10, the largest tried, with and without");
  EXPECT_FALSE(same.findings.front().holds);
}

/// A coarser grid would decide by itself whether a rate is ten times as high.
TEST(LearningRates, AreTriedInHalfDecades) {
  for (const Level level : {Level::quick, Level::standard, Level::full}) {
    for (const mlp::Family& family : mlp::families(digits(level))) {
      for (std::size_t i = 1; i < family.rates.size(); ++i) {
        EXPECT_LT(family.rates[i] / family.rates[i - 1], 3.4) << family.name;
      }
    }
  }
}

TEST(Initialisation, TheLimitTellsWhatLargeWeightsCost) {
  EXPECT_TRUE(says(told(mlp::initialisation, "both_good").limit, "0.0 points (sigmoid)"));
  EXPECT_FALSE(says(told(mlp::initialisation, "both_good").limit, "last layer"));
  const auto large = [](const Recipe& recipe) { return recipe.gain > 3 ? kPoor : kGood; };
  EXPECT_TRUE(
      says(account_of(mlp::initialisation(), Level::quick, large).limit, "13.0 points (sigmoid)"));
}

TEST(Depth, ExplosionIsSaidWhereItIsMeasured) {
  EXPECT_TRUE(says(told(mlp::depth, "plain_better").limit, "with which it explodes"));
  EXPECT_TRUE(says(told(mlp::depth, "both_good").limit, "with which it does not explode"));
}

TEST(Distributions, MoveLessMoreOrAsMuch) {
  EXPECT_TRUE(says(told(mlp::distributions, "norm_better").claim, "moves less"));
  EXPECT_TRUE(says(told(mlp::distributions, "plain_better").claim, "moves more"));
  EXPECT_TRUE(says(told(mlp::distributions, "both_good").claim, "moves as much"));
}

TEST(SmallBatches, NoiseIsBlamedOnlyForALoss) {
  EXPECT_TRUE(says(told(mlp::small_batches, "plain_better").claim, "noise"));
  EXPECT_FALSE(says(told(mlp::small_batches, "norm_better").claim, "noise"));
  EXPECT_TRUE(says(told(mlp::small_batches, "norm_better").claim, "13.0 points higher than"));
  EXPECT_TRUE(says(told(mlp::small_batches, "both_good").claim, "just as high as"));
}

/// Renormalization against batch normalization of the same batch, blocks against the whole batch.
TEST(SmallBatches, EachIsMeasuredAgainstWhatItChanges) {
  const auto of = [](double renormalised, double ghost) {
    return account_of(mlp::small_batches(), Level::quick, [=](const Recipe& recipe) {
      if (plain(recipe)) return MadeUp{.end = 0.2};
      if (recipe.renormalised) return MadeUp{.end = renormalised};
      if (recipe.ghost > 0) return MadeUp{.end = ghost};
      return MadeUp{.end = recipe.batch == 64 ? 0.9 : 0.6};
    });
  };
  const Account better = of(0.7, 0.8);
  EXPECT_EQ(better.findings[2].measured,
            "+10.0 points at 2, +10.0 points at 3, +10.0 points at 4 and +10.0 points at 8");
  EXPECT_EQ(better.findings[3].measured,
            "-10.0 points at 2, -10.0 points at 3, -10.0 points at 4 and -10.0 points at 8");
  EXPECT_TRUE(better.findings[2].holds);
  EXPECT_TRUE(better.findings[3].holds);
  EXPECT_TRUE(says(better.claim, "batches of 2 end 10.0 points higher than without it"));
  const Account level = of(0.61, 0.89);
  EXPECT_FALSE(level.findings[2].holds);
  EXPECT_FALSE(level.findings[3].holds);
}

TEST(SmallBatches, SeeTheSameImagesAtRatesInProportion) {
  for (const Level level : {Level::quick, Level::standard, Level::full}) {
    const mlp::Scope scope = digits(level);
    const auto all = mlp::small_batches().recipes(scope);
    const auto images = static_cast<double>(scope.steps(6000, 12000, 60000));
    constexpr std::array rates{0.03, 0.1, 0.3, 1.0};
    for (const Recipe& recipe : all) {
      const auto batch = static_cast<double>(recipe.batch);
      const auto together = recipe.ghost > 0 ? static_cast<double>(recipe.ghost) : batch;
      EXPECT_NEAR(static_cast<double>(recipe.steps) * batch, images, batch);
      const double rate = recipe.learning_rate * 64 / batch;
      EXPECT_TRUE(std::any_of(rates.begin(), rates.end(), [&](double one) {
        return std::abs(rate - one) < 1e-9;
      })) << rate;
      EXPECT_NEAR(64 * std::log(recipe.decay), together * std::log(0.9), 1e-9);
    }
  }
}

TEST(SmallBatches, OneRateIsNotChosen) {
  const auto setting = [](Level level) {
    return told(mlp::small_batches, "both_good", level).findings.front().setting;
  };
  EXPECT_TRUE(says(setting(Level::quick), "learning rate 0.1 for all"));
  EXPECT_FALSE(says(setting(Level::quick), "chosen"));
  EXPECT_TRUE(says(setting(Level::standard), "chosen on the validation images from 0.1 and 0.3"));
}

TEST(WrongMode, SaysWhetherTheMistakeShows) {
  EXPECT_TRUE(says(told(mlp::wrong_mode, "both_good").limit, "easily deployed"));
  const auto shows = [](const Recipe& recipe) {
    MadeUp made = kGood;
    made.wrong = recipe.steps > 0 ? 0.5 : 0;
    return made;
  };
  EXPECT_FALSE(account_of(mlp::wrong_mode(), Level::quick, shows).findings.front().holds);
}

TEST(RunningStatistics, WhatDoesNotConvergeIsSaidSo) {
  EXPECT_TRUE(
      says(told(mlp::running_statistics, "both_good").claim, "from step 2 on with decay(0.9)"));
  EXPECT_TRUE(says(told(mlp::running_statistics, "plain_better").claim, "not within 500 steps"));
}

TEST(Regularisation, AHigherLossIsCalledHigher) {
  const Account worse = told(mlp::regularisation, "plain_better");
  EXPECT_EQ(worse.findings.front().brief, "Its test loss is 298 % higher");
  EXPECT_FALSE(says(worse.claim, "usual explanation"));
  EXPECT_TRUE(says(told(mlp::regularisation, "norm_better").claim, "usual explanation"));
  EXPECT_EQ(told(mlp::regularisation, "both_good").findings.front().brief,
            "Its test loss is the same");
}

TEST(Regularisation, WhoDidNotLearnIsNotSaidToKnow) {
  EXPECT_TRUE(
      says(told(mlp::regularisation, "both_good").text.front(), "the test tells them apart"));
  EXPECT_TRUE(says(told(mlp::regularisation, "norm_guesses").text.front(), "Not all networks"));
}

TEST(Telling, NumbersReadAsTheyAreShown) {
  EXPECT_EQ(mlp::number(999.7), "1,000");
  EXPECT_EQ(mlp::number(1600), "1,600");
  EXPECT_EQ(mlp::points(-0.04), "0.0 points");
  EXPECT_EQ(mlp::higher(-0.04), "just as high");
  EXPECT_EQ(mlp::fewer_steps(2.7), "2.7 times fewer steps");
  EXPECT_EQ(mlp::fewer_steps(0.5), "2.0 times more steps");
  EXPECT_EQ(mlp::fewer_steps(1.02), "as many steps");
  EXPECT_EQ(mlp::joined({"A", "B", "C"}), "A, B and C");
  EXPECT_EQ(mlp::of_all(2, 2, "networks"), "both networks");
  EXPECT_EQ(mlp::rate_text(30, {3, 10, 30}), "30 (largest tried)");
  EXPECT_EQ(mlp::rate_text(3, {3, 10, 30}), "3 (smallest tried)");
  EXPECT_EQ(mlp::rate_text(3, {3}), "3");
}

}  // namespace
