#include <gtest/gtest.h>

#include <batchnorm/batchnorm.hpp>
#include <batchnorm/target.hpp>
#include <cstdlib>
#include <set>
#include <string>

// Which instruction set's kernels a process uses. A run whose set is known beforehand says so in
// BATCHNORM_EXPECTED_TARGET of the environment.

namespace {

TEST(Target, IsOneOfTheDocumentedSets) {
  const std::set<std::string> known{"avx512", "avx2", "sse2", "neon", "portable"};
  EXPECT_EQ(known.count(batchnorm::target()), 1U) << batchnorm::target();
}

TEST(Target, IsWhatFlagsProcessorAndEnvironmentAllow) {
  const char* expected = std::getenv("BATCHNORM_EXPECTED_TARGET");
  if (expected == nullptr) GTEST_SKIP() << "nobody says what it should be";
  EXPECT_STREQ(batchnorm::target(), expected);
}

}  // namespace
