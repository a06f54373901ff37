// What the report says: its chapters, its promises, and what things are called.
#include "chapters/chapters.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "experiments/promises.hpp"
#include "names.hpp"

namespace {

using mlp::Placement;

TEST(Names, EachValueHasItsOwn) {
  EXPECT_STREQ(mlp::short_name(Placement::before_activation), "before");
  EXPECT_STREQ(mlp::long_name(Placement::after_activation), "BatchNorm after");
  EXPECT_STREQ(mlp::name(mlp::Activation::relu), "relu");
  EXPECT_STREQ(mlp::name(mlp::Level::full), "full");
  EXPECT_STREQ(mlp::name(mlp::Probe::both_modes), "both_modes");
  EXPECT_STREQ(mlp::name(mlp::Tone::reference), "reference");
}

TEST(Chapters, EachAskHasItsNameOnceAndFiveSeedsOrMore) {
  for (const mlp::Level level : {mlp::Level::quick, mlp::Level::standard, mlp::Level::full}) {
    const mlp::Scope scope{.level = level, .inputs = 64, .classes = 10, .train = 1168, .test = 500};
    std::set<std::string> names;
    EXPECT_EQ(mlp::chapters(scope).size(), 10U);
    for (const mlp::Chapter& chapter : mlp::chapters(scope)) {
      EXPECT_TRUE(names.insert(chapter.name).second);
      for (const mlp::Recipe& recipe : chapter.recipes(scope)) EXPECT_GE(recipe.seeds, 5);
    }
  }
  EXPECT_EQ(mlp::chapters({.train = 58000}).size(), 11U);
}

TEST(Promises, AreHeldByAllOfTheirFindings) {
  mlp::Told told;
  told.chapters.resize(2);
  told.chapters[0].account.findings = {{.claim = "a", .holds = true, .promise = "P"},
                                       {.claim = "b", .holds = true, .promise = "Q"},
                                       {.claim = "of no promise"}};
  told.chapters[1].account.findings = {{.claim = "c", .promise = "P"},
                                       {.claim = "d", .promise = "R"}};
  const auto promises = mlp::promises(told);
  ASSERT_EQ(promises.size(), 3U);
  EXPECT_EQ(promises[0].findings.size(), 2U);
  EXPECT_STREQ(promises[0].verdict(), "holds in part");
  EXPECT_STREQ(promises[1].verdict(), "holds");
  EXPECT_STREQ(promises[2].verdict(), "does not hold");
}

}  // namespace
