#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <batchnorm/batchnorm.hpp>
#include <batchnorm/safetensors.hpp>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "../fixtures.hpp"
#include "counted_memory.hpp"

// safetensors: what is written is what is read, what other software wrote is read, and what the
// format does not allow is refused.

namespace {

using namespace fixtures;
using batchnorm::BatchNorm, batchnorm::keras, batchnorm::pytorch, batchnorm::Safetensors,
    batchnorm::SafetensorsWriter, batchnorm::State, batchnorm::StoredAs, batchnorm::Train;
using Matrix = Eigen::MatrixXf;
namespace fs = std::filesystem;

std::string file_of_tests(const char* name) {
  return std::string(BATCHNORM_INTERCHANGE) + "/files/" + name;
}

/// A header and so many bytes of data.
std::string bytes_of(const std::string& header, std::size_t data) {
  std::string bytes;
  batchnorm::detail::write_bits(bytes, header.size(), 8);
  return bytes + header + std::string(data, '\0');
}

/// A layer that has seen batches of which some were rejected.
template <typename Scalar, typename... Policies>
BatchNorm<Scalar, Train, Policies...> trained(const batchnorm::Options& options = {}) {
  BatchNorm<Scalar, Train, Policies...> norm(5, options);
  for (int batch = 0; batch < 3; ++batch) {
    Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic> x =
        noise_matrix<Scalar>(7, 5, static_cast<std::uint64_t>(batch));
    if (batch == 1) x(3, 2) = std::numeric_limits<Scalar>::infinity();
    norm.forward(x);
  }
  norm.for_each_parameter([](auto parameter, auto) { parameter.setRandom(); });
  return norm;
}

template <typename Norm>
void expect_round_trip(const Norm& norm) {
  for (const batchnorm::TensorNames& names : {pytorch, keras}) {
    for (const char* const layer : {"", "encoder.bn1", "a/b", "\u00e9\"\\\n"}) {
      SafetensorsWriter out;
      out.add(layer, norm.state(), names);
      const auto file = Safetensors::read(out.bytes());
      const auto state = file.state<typename Norm::Parameter>(layer, names);
      EXPECT_TRUE(same_bits(state, norm.state()));
      EXPECT_TRUE(Norm(state, norm.options()) == norm);
    }
  }
}

TEST(Safetensors, BringsEveryStateBack) {
  expect_round_trip(trained<float>());
  expect_round_trip(trained<double>());
  expect_round_trip(trained<float, batchnorm::ScaleOnly>());
  expect_round_trip(trained<double, batchnorm::ShiftOnly>());
  expect_round_trip(trained<float, batchnorm::NoAffine>());
  expect_round_trip(trained<float, batchnorm::NoRunningStatistics>());
  expect_round_trip(trained<float>({.momentum = batchnorm::pooled()}));
  expect_round_trip(trained<float>({.momentum = batchnorm::cumulative()}));
  expect_round_trip(trained<Eigen::bfloat16>());
}

TEST(Safetensors, StoresRoundedValuesOnRequest) {
  const auto norm = trained<double>();
  SafetensorsWriter out;
  out.add("bn", norm.state(), pytorch, StoredAs::f32);
  const auto file = Safetensors::read(out.bytes());
  const State<double> state = file.state<double>("bn", pytorch);
  EXPECT_EQ(state.running_mean, norm.running_mean().cast<float>().cast<double>());
  EXPECT_EQ(state.gamma, norm.gamma().cast<float>().cast<double>());
  EXPECT_EQ(state.batches, 3);
  for (const batchnorm::TensorInfo& tensor : file.tensors()) {
    EXPECT_TRUE(tensor.type == "F32" || tensor.type == "I64") << tensor.name;
  }
}

TEST(Safetensors, WritesTheCounterOfNewLayersToo) {
  SafetensorsWriter out;
  out.add("bn", BatchNorm<float>(2).state(), pytorch);
  const auto file = Safetensors::read(out.bytes());
  EXPECT_EQ(file.count("bn.num_batches_tracked"), 0);
  EXPECT_TRUE(file.tensors().front().shape == (std::vector<std::uint64_t>{2}));
  EXPECT_TRUE(file.tensors()[1].shape.empty());
}

TEST(Safetensors, KeepsTensorsOfEveryKind) {
  SafetensorsWriter out;
  const Eigen::Matrix<float, 2, 3> matrix = Eigen::Matrix<float, 2, 3>::Random();
  out.add("weight", matrix);
  out.add("half", matrix.row(0).cast<Eigen::half>());
  out.add("bfloat16", matrix.row(0).transpose().cast<Eigen::bfloat16>());
  out.set_metadata("format", "pt");
  const auto file = Safetensors::read(out.bytes());
  EXPECT_EQ(file.matrix<float>("weight"), matrix);
  EXPECT_EQ(file.matrix<double>("weight"), matrix.cast<double>());
  EXPECT_EQ(file.vector<float>("half"),
            matrix.row(0).cast<Eigen::half>().cast<float>().transpose());
  EXPECT_EQ(file.vector<double>("bfloat16"),
            matrix.row(0).cast<Eigen::bfloat16>().cast<float>().cast<double>().transpose());
  EXPECT_EQ(file.metadata().at("format"), "pt");
  expect_refused([&] { (void)file.vector<float>("weight"); },
                 "\"weight\" is F32 [2, 3], where one of rank 1 is expected");
  expect_refused([&] { (void)file.matrix<float>("half"); }, "of rank 2");
  expect_refused([&] { (void)file.vector<float>("wieght"); }, "the nearest is \"weight\"");
  expect_refused([&] { out.add("half", matrix); }, "there already is a tensor \"half\"");
  expect_refused([&] { out.add("__metadata__", matrix); }, "__metadata__");
}

TEST(Safetensors, KeepsTensorsOfAnyRank) {
  Eigen::Tensor<float, 4, Eigen::RowMajor> kernel(2, 3, 1, 2);
  kernel.setRandom();
  const Eigen::Map<const Eigen::VectorXf> flat(kernel.data(), kernel.size());
  SafetensorsWriter out;
  out.add("conv.weight", flat, {2, 3, 1, 2});
  out.add("scale", Eigen::Matrix<double, 1, 1>(0.5), {});
  const auto file = Safetensors::read(out.bytes());
  EXPECT_EQ(file.values<float>("conv.weight"), flat);
  EXPECT_EQ(file.tensors()[1].shape, (std::vector<std::uint64_t>{2, 3, 1, 2}));
  EXPECT_EQ(file.values<double>("scale")[0], 0.5);
  expect_refused([&] { out.add("x", flat, {2, 3}); }, "has another number of values than the 12");
  expect_refused([&] { out.add("x", flat, {~std::uint64_t{0}, 12}); }, "another number of values");
}

/// A product is computed once, not once for each of its values.
TEST(Safetensors, EvaluatesExpressionsOnce) {
  int evaluated = 0;
  const auto counted = Eigen::VectorXd::NullaryExpr(5, [&](Index i) {
    ++evaluated;
    return static_cast<double>(i);
  });
  SafetensorsWriter out;
  out.add("x", counted);
  out.add("product", Eigen::Matrix2d::Identity() * Eigen::Matrix2d::Ones());
  EXPECT_EQ(evaluated, 5);
  EXPECT_TRUE(Safetensors::read(out.bytes()).matrix<double>("product").isOnes());
}

TEST(Safetensors, IntegersAreReadFromIntegersAlone) {
  SafetensorsWriter out;
  out.add("i", Eigen::Matrix<std::int64_t, 2, 1>(1, -7));
  out.add("f", Eigen::Vector2f(0.5F, 3e30F));
  const auto file = Safetensors::read(out.bytes());
  EXPECT_EQ(file.vector<std::int64_t>("i")[1], -7);
  EXPECT_EQ(file.vector<double>("i")[1], -7);
  expect_refused([&] { (void)file.vector<std::int64_t>("f"); }, "is F32 [2], which is no I64");
}

TEST(Safetensors, WritesAllOfAStateOrNothing) {
  SafetensorsWriter out;
  out.add("bn.running_var", Eigen::Vector2f(1, 2));
  const std::string before = out.bytes();
  expect_refused([&] { out.add("bn", BatchNorm<float>(2)); },
                 "already is a tensor \"bn.running_var\"");
  State<float> state = BatchNorm<float>(2).state();
  state.batches = -1;
  expect_refused([&] { out.add("other", state); }, "a count is at least 0, got -1");
  EXPECT_EQ(out.bytes(), before);
  expect_refused([&] { out.add("a\xff", Eigen::Vector2f(1, 2)); }, "are UTF-8");
  expect_refused([&] { out.set_metadata("k", "\xc3"); }, "are UTF-8");
  EXPECT_EQ(out.bytes(), before);
}

TEST(Safetensors, SaysWhatOtherFilesAre) {
  expect_refused([] { (void)Safetensors::read("PK\x03\x04 and more", "net.pth"); },
                 "net.pth: is a zip, as torch.save writes one");
  const std::string huge = bytes_of(R"({"a":{"dtype":"F32","shape":[18446744073709551615,0],)"
                                    R"("data_offsets":[0,0]}})",
                                    0);
  expect_refused([&] { (void)Safetensors::read(huge).matrix<float>("a"); }, "of rank 2");
  EXPECT_EQ(Safetensors::read(huge).values<float>("a").size(), 0);
}

/// Each value of a tensor lies at a multiple of its size, as the format's own writer has it.
TEST(Safetensors, AlignsWhatItWrites) {
  for (int length = 1; length < 12; ++length) {
    SafetensorsWriter out;
    out.add(std::string(static_cast<std::size_t>(length), 'x'),
            Eigen::Vector3f(Eigen::Vector3f::Ones()));
    out.add("h", Eigen::Vector3f(Eigen::Vector3f::Ones()).cast<Eigen::half>());
    const std::string bytes = out.bytes();
    EXPECT_EQ(batchnorm::detail::read_bits(bytes.substr(0, 8)) % 8, 0U);
    EXPECT_EQ(Safetensors::read(bytes).tensors().front().type, "F32");
  }
}

// What PyTorch wrote.

TEST(Safetensors, ReadsWhatPyTorchWrote) {
  const auto file = Safetensors::open(file_of_tests("pytorch_variants.safetensors"));
  const std::vector<std::string> layers = file.layers();
  for (const char* const layer : {"module.encoder.bn1", "plain", "double", "half", "bf16", "old"}) {
    EXPECT_NE(std::find(layers.begin(), layers.end(), layer), layers.end()) << layer;
    const State<float> state = file.state(layer, pytorch);
    EXPECT_EQ(state.running_mean.size(), 3) << layer;
    EXPECT_EQ(state.running_variance.size(), 3) << layer;
    EXPECT_EQ(state.gamma.size(), std::string(layer) == "plain" ? 0 : 3) << layer;
    EXPECT_EQ(state.batches, std::string(layer) == "old" ? 0 : 3) << layer;
  }
  EXPECT_EQ(layers.size(), 6U);
}

/// A layer that keeps no statistics, and a LayerNorm, have the same tensors.
TEST(Safetensors, TellsNoLayerByWeightAndBiasAlone) {
  const auto file = Safetensors::open(file_of_tests("pytorch_variants.safetensors"));
  for (const char* const layer : {"untracked", "ln"}) {
    const State<float> state = file.state(layer, pytorch);
    EXPECT_EQ(state.gamma.size(), 3);
    EXPECT_EQ(state.running_mean.size(), 0);
    EXPECT_NO_THROW((BatchNorm<float, Train, batchnorm::NoRunningStatistics>(state)));
    expect_refused([&] { BatchNorm<float>{state}; }, "running_mean");
  }
}

/// Without the counter PyTorch's plain average would begin anew; here it is refused.
TEST(Safetensors, APlainAverageGoesOnOnlyWithTheCounter) {
  const auto file = Safetensors::open(file_of_tests("pytorch_variants.safetensors"));
  const batchnorm::Options options{.momentum = batchnorm::cumulative()};
  EXPECT_NO_THROW((BatchNorm<float>(file.state("module.encoder.bn1", pytorch), options)));
  expect_refused([&] { BatchNorm<float>(file.state("old", pytorch), options); },
                 "expected the number of batches");
}

TEST(Safetensors, TheDigitsOfEachTypeAreThoseOfTheFile) {
  const auto file = Safetensors::open(file_of_tests("pytorch_variants.safetensors"));
  const Eigen::VectorXd half = file.vector<double>("half.weight");
  EXPECT_EQ(half, half.cast<Eigen::half>().cast<double>());
  const Eigen::VectorXd narrow = file.vector<double>("bf16.weight");
  EXPECT_EQ(narrow, narrow.cast<float>().cast<Eigen::bfloat16>().cast<float>().cast<double>());
  EXPECT_EQ(file.state<float>("double", pytorch).gamma,
            file.state<double>("double", pytorch).gamma.cast<float>());
}

// Names.

TEST(Safetensors, ListsWhatIsThereWhereANameIsNot) {
  SafetensorsWriter out;
  for (int i = 0; i < 15; ++i) {
    out.add("block" + std::to_string(i) + ".bn", BatchNorm<float>(1).state(), pytorch);
  }
  const auto file = Safetensors::read(out.bytes(), "net.safetensors");
  expect_refused([&] { (void)file.state("module.block7.bn", pytorch); },
                 "net.safetensors: has no PyTorch layer \"module.block7.bn\"; the nearest is "
                 "\"block7.bn\". It has \"block0.bn\", \"block1.bn\"");
  expect_refused([&] { (void)file.state("bn", pytorch); }, " and 3 more.");
  expect_refused([&] { (void)file.state("block7.bn", keras); },
                 "has no layer with the names of Keras, but some with those of PyTorch, as "
                 "\"block0.bn\"");
  expect_refused([&] { (void)Safetensors::read(bytes_of("{}", 0)).state("bn", pytorch); },
                 "has no PyTorch layer \"bn\", and no other");
}

TEST(Safetensors, RefusesHalfALayer) {
  const auto written = [](const char* left_out, Index gamma = 3) {
    SafetensorsWriter out;
    const Eigen::VectorXf ones = Eigen::VectorXf::Ones(3);
    for (const char* const name : {"bn.running_mean", "bn.running_var", "bn.bias"}) {
      if (std::string(name) != left_out) out.add(name, ones);
    }
    out.add("bn.weight", Eigen::VectorXf::Ones(gamma).eval());
    return Safetensors::read(out.bytes());
  };
  EXPECT_NO_THROW((void)written("").state("bn", pytorch));
  EXPECT_NO_THROW((void)written("bn.bias").state("bn", pytorch));
  expect_refused([&] { (void)written("bn.running_mean").state("bn", pytorch); },
                 "has \"bn.running_var\", but no \"bn.running_mean\"");
  expect_refused([&] { (void)written("bn.running_var").state("bn", pytorch); },
                 "has \"bn.running_mean\", but no \"bn.running_var\"");
  expect_refused([&] { (void)written("", 4).state("bn", pytorch); },
                 "has 4 values in \"bn.weight\", but 3 in \"bn.bias\"; are they of one layer?");
}

TEST(Safetensors, ACounterIsAWholeNumber) {
  const auto counted = [](const std::string& type, const std::string& value_bytes,
                          const std::string& shape = "[]") {
    std::string bytes =
        bytes_of(R"({"n":{"dtype":")" + type + R"(","shape":)" + shape + R"(,"data_offsets":[0,)" +
                     std::to_string(value_bytes.size()) + "]}}",
                 0);
    return Safetensors::read(bytes + value_bytes);
  };
  const auto bits = [](auto value) {
    std::string bytes;
    batchnorm::detail::write_value(bytes, value);
    return bytes;
  };
  EXPECT_EQ(counted("I64", bits(std::int64_t{7})).count("n"), 7);
  EXPECT_EQ(counted("I64", bits(std::int64_t{7}), "[1]").count("n"), 7);
  EXPECT_EQ(counted("BF16", bits(Eigen::bfloat16(256.0F))).count("n"), 256);
  expect_refused([&] { (void)counted("I64", bits(std::int64_t{-1})).count("n"); },
                 "no whole number");
  expect_refused([&] { (void)counted("F32", bits(1.5F)).count("n"); }, "no whole number");
  expect_refused([&] { (void)counted("F64", bits(0.0 / 0.0)).count("n"); }, "no whole number");
  expect_refused([&] { (void)counted("F64", bits(1e300)).count("n"); }, "no whole number");
  expect_refused([&] { (void)counted("F32", bits(1.0F) + bits(1.0F), "[2]").count("n"); },
                 "a single number counts batches");
  expect_refused([&] { (void)counted("BOOL", "\1").count("n"); },
                 "values are read from F64, F32, F16, BF16 and I64");
}

// What the format does not allow.

struct Forbidden {
  std::string header;
  std::size_t data;
  const char* sentence;
};

std::vector<Forbidden> forbidden_headers() {
  const std::string f32 = R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
  return {
      {"", 0, "begins with no brace"},
      {"[]", 0, "begins with no brace"},
      {" {}", 0, "begins with no brace"},
      {"{", 0, "is no JSON at byte"},
      {"{}x", 0, "is no JSON at byte"},
      {std::string("{}\0", 3), 0, "has a zero in its header"},
      {std::string("{}\0x", 4), 0, "has a zero in its header"},
      {"{} {}", 0, "is no JSON at byte"},
      {"{\"\xff\":1}", 0, "is no JSON at byte"},
      {"{\"a\":NaN}", 0, "is no JSON at byte"},
      {R"({"a":1})", 0, "has a number under \"a\""},
      {R"({"a":null})", 0, "has null under \"a\""},
      {R"({"a":[]})", 0, "has an array under \"a\""},
      {R"({"__metadata__":null})", 0, "has null under \"__metadata__\""},
      {R"({"__metadata__":{"a":1}})", 0, "has a number under \"a\""},
      {R"({"__metadata__":{"a":{}}})", 0, "has an object under \"a\""},
      {R"({"__metadata__":{"a":"1","a":"2"}})", 0, "has \"a\" twice in its metadata"},
      {R"({"__metadata__":{},"__metadata__":{}})", 0, "names \"__metadata__\" twice"},
      {R"({"a":)" + f32 + R"(,"a":)" + f32 + "}", 8, "names \"a\" twice"},
      {R"({"a":{"dtype":"F32","shape":[2]}})", 8, "lacks a dtype, a shape or two data_offsets"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}})", 8, "two data_offsets"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}})", 8, "more than two"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[[0,8]]}})", 8, "has an array"},
      {R"({"a":{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}})", 8,
       "has \"shape\" twice in \"a\""},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}})", 8,
       "has a field \"x\" in \"a\""},
      {R"({"a":{"dtype":7,"shape":[2],"data_offsets":[0,8]}})", 8, "has a number"},
      {R"({"a":{"dtype":["F32"],"shape":[2],"data_offsets":[0,8]}})", 8, "has an array"},
      {R"({"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}})", 8,
       "has a number under \"shape\""},
      {R"({"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}})", 8, "has the number 2.0"},
      {R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", 8, "has a negative number"},
      {R"({"a":{"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,8]}})", 8,
       "has the number 18446744073709551616"},
      {R"({"a":{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}})", 8, "has a string"},
      {R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", 8,
       "its tensor \"a\" is F32 [3], but has 8 bytes"},
      {R"({"a":{"dtype":"F64","shape":[],"data_offsets":[0,4]}})", 4, "is F64 [], but has 4 bytes"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 7,
       "is truncated: its tensors have 8 bytes, and 7 follow the header"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", 8, "lies at bytes 8 to 0 of 8"},
      {R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}})", 0,
       "but has 0 bytes"},
      {R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0,
       "but has 0 bytes"},
      {R"({"a":{"dtype":"F4","shape":[3],"data_offsets":[0,1]}})", 1, "is F4 [3], but has 1 bytes"},
      {R"({"a":{"dtype":"X99","shape":[1],"data_offsets":[0,3]}})", 3,
       "is of type \"X99\", which is none"},
      {R"({"a":)" + f32 + "}", 9, "1 bytes follow its last tensor"},
      {"{}", 1, "1 bytes follow its last tensor"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})", 12,
       "a gap precedes \"a\", which begins at byte 4 and not at 0"},
      {R"({"a":)" + f32 + R"(,"b":)" + f32 + "}", 8, "another tensor overlaps \"b\""},
      {R"({"a":)" + f32 + R"(,"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})", 12,
       "another tensor overlaps \"b\", which begins at byte 4 and not at 8"},
  };
}

TEST(Safetensors, RefusesWhatTheFormatDoesNotAllow) {
  for (const Forbidden& given : forbidden_headers()) {
    SCOPED_TRACE(given.header);
    expect_refused([&] { (void)Safetensors::read(bytes_of(given.header, given.data)); },
                   given.sentence);
  }
}

TEST(Safetensors, TakesWhatTheFormatAllows) {
  const std::vector<Forbidden> allowed{
      {"{}", 0, ""},
      {"{}   ", 0, ""},
      {R"({"__metadata__":{}})", 0, ""},
      {R"({"a":{"shape":[18446744073709551615,0,3],"data_offsets":[0,0],"dtype":"F32"}})", 0, ""},
      {R"({"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
       R"("a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},)"
       R"("c":{"dtype":"F4","shape":[2,3],"data_offsets":[4,7]}})",
       7, ""},
  };
  for (const Forbidden& given : allowed) {
    SCOPED_TRACE(given.header);
    EXPECT_NO_THROW((void)Safetensors::read(bytes_of(given.header, given.data)));
  }
}

TEST(Safetensors, RefusesLengthsThatLie) {
  const auto with_length = [](std::uint64_t length, const std::string& rest) {
    std::string bytes;
    batchnorm::detail::write_bits(bytes, length, 8);
    return Safetensors::read(bytes + rest);
  };
  expect_refused([] { (void)Safetensors::read(""); },
                 "it has 0 bytes, and the length of the header");
  expect_refused([] { (void)Safetensors::read("1234567"); }, "it has 7 bytes");
  expect_refused([&] { with_length(3, "{}"); }, "should have 3 bytes, and 2 follow");
  expect_refused([&] { with_length(100'000'001, "{}"); }, "that would be 100000001 bytes");
  expect_refused([&] { with_length(~std::uint64_t{0}, "{}"); }, "would be 18446744073709551615");
}

/// What is allocated for a file is bounded by its size, whatever it claims.
TEST(Safetensors, ARefusalTakesNoMoreMemoryThanTheFileHasReasonFor) {
  std::vector<std::string> files;
  for (const Forbidden& given : forbidden_headers()) {
    files.push_back(bytes_of(given.header, given.data));
  }
  for (const char part : {'[', '{', '"', '1'})
    files.push_back(bytes_of("{" + std::string(1000, part), 0));
  files.push_back(bytes_of(
      R"({"a":{"dtype":"F32","data_offsets":[0,0],"shape":[1)" + std::string(500, '0') + "]}}", 0));
  for (const std::string& bytes : files) {
    std::string copy = bytes;
    const std::size_t before = counted_memory::bytes();
    expect_refused([&] { (void)Safetensors::read(std::move(copy)); }, "safetensors: ");
    EXPECT_LT(counted_memory::bytes() - before, 20'000 + 100 * bytes.size()) << bytes.substr(8);
  }
}

class SafetensorsFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("safetensors_test_" + std::to_string(getpid()));
    fs::create_directory(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path folder_;
};

/// Resident memory of this process, in bytes.
std::size_t resident_bytes() {
  std::ifstream in("/proc/self/statm");
  std::size_t all = 0;
  std::size_t resident = 0;
  in >> all >> resident;
  return resident * 4096;
}

TEST_F(SafetensorsFile, OneLayerOfTenGigabytesIsReadWithoutTheRest) {
  const fs::path path = folder_ / "large.safetensors";
  constexpr std::uint64_t large = 10'000'000'000;
  const std::string header =
      R"({"w":{"dtype":"U8","shape":[10000000000],"data_offsets":[0,10000000000]},)"
      R"("bn.running_mean":{"dtype":"F32","shape":[2],"data_offsets":[10000000000,10000000008]},)"
      R"("bn.running_var":{"dtype":"F32","shape":[2],"data_offsets":[10000000008,10000000016]}})";
  {
    std::ofstream out(path, std::ios::binary);
    out << bytes_of(header, 0);
    out.seekp(static_cast<std::streamoff>(8 + header.size() + large));
    std::string values;
    for (const float value : {1.0F, 2.0F, 3.0F, 4.0F})
      batchnorm::detail::write_value(values, value);
    out << values;
    if (!out) GTEST_SKIP() << "no sparse file of 10 GB can be made here";
  }
  const std::size_t before = resident_bytes();
  const State<float> state = Safetensors::open(path).state("bn", pytorch);
  EXPECT_EQ(state.running_mean, Eigen::Vector2d(1, 2));
  EXPECT_EQ(state.running_variance, Eigen::Vector2d(3, 4));
  // Nor is room made for what cannot be read.
  expect_refused([&] { (void)Safetensors::open(path).values<double>("w"); },
                 "is U8 [10000000000], and values are read from");
  EXPECT_LT(resident_bytes(), before + 50'000'000);
}

TEST_F(SafetensorsFile, IsReplacedInOneStep) {
  const fs::path path = folder_ / "net.safetensors";
  SafetensorsWriter out;
  out.add("bn", trained<float>().state(), pytorch);
  out.save(path);
  const auto open = Safetensors::open(path);
  out.add("other", BatchNorm<float>(3).state(), pytorch);
  out.save(path);
  // Who has opened the old file still has it.
  EXPECT_EQ(open.layers().size(), 1U);
  EXPECT_EQ(Safetensors::open(path).layers().size(), 2U);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(SafetensorsFile, RefusesWhatCannotBeOpenedOrWritten) {
  expect_refused([&] { (void)Safetensors::open(folder_ / "none"); }, "none: cannot be opened: ");
  expect_refused([&] { (void)Safetensors::open(folder_); }, "is no regular file");
  expect_refused([&] { SafetensorsWriter().save(folder_); }, "is no file to be replaced");
  expect_refused([&] { SafetensorsWriter().save(folder_ / "no" / "file"); }, "there is no folder");
  std::ofstream(folder_ / "empty");
  expect_refused([&] { (void)Safetensors::open(folder_ / "empty"); }, "it has 0 bytes");
}

}  // namespace
