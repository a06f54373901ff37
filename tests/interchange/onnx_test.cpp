#include <gtest/gtest.h>
#include <sys/resource.h>

#include <batchnorm/batchnorm.hpp>
#include <batchnorm/onnx.hpp>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <new>
#include <string>
#include <vector>

#include "../fixtures.hpp"
#include "json_file.hpp"
#include "written_models.hpp"

// There where a program is built with AddressSanitizer.
extern "C" [[gnu::weak]] void __asan_init();  // NOLINT(bugprone-reserved-identifier)

// ONNX: what PyTorch's exporter and the format's own package wrote is read, with a word on what a
// file does not say, and what this library writes another runtime evaluates alike.

namespace {

using namespace fixtures;
using namespace interchange;
using batchnorm::BatchNorm, batchnorm::Eval, batchnorm::OnnxLayer, batchnorm::OnnxMode,
    batchnorm::OnnxModel, batchnorm::State;
using Messages = std::vector<std::string>;
using onnx::AttributeProto, onnx::ModelProto, onnx::NodeProto, onnx::TensorProto;

OnnxModel open(const char* name) { return OnnxModel::open(path_of(name)); }

/// Whether one of the sentences has a part.
bool says(const Messages& notes, const std::string& part) {
  return std::any_of(notes.begin(), notes.end(),
                     [&](const std::string& note) { return note.find(part) != std::string::npos; });
}

/// The state of the layers that onnx_files.py writes, times a factor.
void expect_usual(const State<double>& state, double factor = 1) {
  const double roundoffs = factor == 1 ? 0 : 1e-15;
  EXPECT_TRUE(state.gamma.isApprox(factor * Eigen::Vector2d(1.5, -0.5), roundoffs));
  EXPECT_TRUE(state.beta.isApprox(factor * Eigen::Vector2d(0.25, -2), roundoffs));
  EXPECT_TRUE(state.running_mean.isApprox(factor * Eigen::Vector2d(0.5, 3), roundoffs));
  EXPECT_TRUE(state.running_variance.isApprox(factor * Eigen::Vector2d(2, 0.125), roundoffs));
}

TEST(Onnx, ReadsValuesOfEveryTypeFromEveryField) {
  const OnnxModel model = open("typed.onnx");
  for (const char* const name :
       {"float_raw", "float_list", "half_list", "half_raw", "bfloat16_list"}) {
    SCOPED_TRACE(name);
    expect_usual(model.state<double>(name));
    EXPECT_EQ(model.layer(name).epsilon, 0.0625);
    EXPECT_TRUE(model.layer(name).notes.empty());
  }
  expect_usual(model.state<double>("double_list"), 1.0 / 3);
  EXPECT_EQ(model.layers().size(), 6U);
  EXPECT_EQ(model.layers().front().name, "float_raw");
}

TEST(Onnx, ReadsParametersOfHalfBesideStatisticsOfFloat) {
  expect_usual(open("mixed.onnx").state<double>("bn"));
}

TEST(Onnx, AbsentAttributesHaveTheDefaultsOfTheFormat) {
  const OnnxLayer layer = open("mixed.onnx").layer("bn");
  EXPECT_EQ(layer.epsilon, 1e-5);
  EXPECT_EQ(layer.momentum, 0.9);
  EXPECT_EQ(layer.mode, OnnxMode::inference);
  const batchnorm::Options options = layer.options();
  EXPECT_EQ(options.momentum, batchnorm::decay(0.9));
  EXPECT_EQ(options.running_variance, batchnorm::RunningVariance::biased);
}

TEST(Onnx, ReadsValuesInAFileBeside) {
  expect_usual(open("external.onnx").state<double>("bn"));
  const OnnxModel bytes = OnnxModel::read(bytes_of_file("external.onnx"));
  EXPECT_EQ(bytes.layers().size(), 1U);
  expect_refused([&] { (void)bytes.state("bn"); }, "open the model by its path");
}

// The mode, by opset.

TEST(Onnx, TheModeIsAnAttributeOrTheNumberOfOutputs) {
  struct Case {
    const char* file;
    OnnxMode mode;
  };
  for (const Case& given :
       {Case{"training14.onnx", OnnxMode::training}, Case{"training9.onnx", OnnxMode::training},
        Case{"opset9_inference.onnx", OnnxMode::inference},
        Case{"opset6.onnx", OnnxMode::inference}, Case{"opset1.onnx", OnnxMode::inference},
        Case{"spatial0.onnx", OnnxMode::inference}, Case{"digits.onnx", OnnxMode::inference},
        Case{"untracked.onnx", OnnxMode::training},
        Case{"cumulative_training.onnx", OnnxMode::training}}) {
    EXPECT_EQ(open(given.file).layers().at(0).mode, given.mode) << given.file;
  }
}

TEST(Onnx, ANodeWithoutANameHasThatOfItsOutput) {
  expect_usual(open("opset6.onnx").state<double>("y"));
  expect_usual(open("opset1.onnx").state<double>("y"));
  expect_usual(open("opset9_inference.onnx").state<double>("y"));
}

TEST(Onnx, NodesOfOneNameHaveThoseOfTheirOutputs) {
  ModelProto model;
  model.ParseFromString(bytes_of_file("typed.onnx"));
  for (NodeProto& node : *model.mutable_graph()->mutable_node()) node.set_name("bn");
  const OnnxModel read = OnnxModel::read(model.SerializeAsString());
  expect_usual(read.state<double>("float_raw.y"));
  expect_usual(read.state<double>("double_list.y"), 1.0 / 3);
  expect_refused([&] { (void)read.state("bn"); }, "has no BatchNormalization \"bn\"");
}

/// Parameters of each position are those of the columns of (N, C H W).
TEST(Onnx, StatisticsOfPositionsAreThoseOfColumns) {
  const OnnxModel model = open("spatial0.onnx");
  const OnnxLayer layer = model.layers().front();
  EXPECT_EQ(layer.shape, (std::vector<std::int64_t>{2, 1, 3}));
  EXPECT_TRUE(says(layer.notes, "view x as (N, C H W)"));
  const BatchNorm<double, Eval> norm(model.state<double>(layer.name), layer.options());
  Eigen::Tensor<double, 4, Eigen::RowMajor> x(2, 2, 1, 3);
  x.setRandom();
  const Eigen::Map<const Eigen::Matrix<double, 2, 6, Eigen::RowMajor>> rows(x.data());
  const Eigen::MatrixXd y = norm.forward(rows);
  for (Index position = 0; position < 6; ++position) {
    const auto at = static_cast<double>(position);
    for (Index n = 0; n < 2; ++n) {
      const double expected = (rows(n, position) - (0.5 + 0.25 * at)) /
                                  std::sqrt(2 + 0.25 * at + layer.epsilon) * (1 + 0.25 * at) +
                              (-1 + 0.25 * at);
      EXPECT_NEAR(y(n, position), expected, 1e-14);
    }
  }
}

// What PyTorch's exporter does.

TEST(Onnx, FollowsEqualTensorsThroughIdentity) {
  const OnnxModel model = open("new_layer.onnx");
  const OnnxLayer layer = model.layers().front();
  const State<float> state = model.state(layer.name);
  EXPECT_TRUE(state.running_mean.isZero() && state.running_variance.isOnes());
  EXPECT_TRUE(state.gamma.isOnes() && state.beta.isZero());
  EXPECT_TRUE(says(layer.notes, "Its mean is stored as \"1.bias\", whose values are equal"));
}

TEST(Onnx, FollowsConstants) {
  const OnnxModel model = open("no_affine.onnx");
  const OnnxLayer layer = model.layers().front();
  EXPECT_TRUE(model.state(layer.name).gamma.isOnes() && model.state(layer.name).beta.isZero());
  EXPECT_TRUE(says(layer.notes, "Its scale is a constant of the graph: it was not learnt"));
}

TEST(Onnx, SaysWhereALayerWasFolded) {
  const OnnxModel model = open("conv_folded.onnx");
  EXPECT_TRUE(says(model.notes(), "was folded into \"/0/Conv\" by the exporter"));
  EXPECT_EQ(model.layers().size(), 1U);
  EXPECT_TRUE(open("digits.onnx").notes().empty());
}

TEST(Onnx, SaysWhatMomentumOneDoesNotTell) {
  const OnnxLayer layer = open("cumulative.onnx").layers().front();
  EXPECT_EQ(layer.momentum, 1);
  EXPECT_TRUE(says(layer.notes, "Which it is the file does not say"));
  EXPECT_FALSE(says(open("cumulative_training.onnx").layers().front().notes, "momentum 1"));
}

TEST(Onnx, SaysThatAnExportInTrainingMovedTheStatistics) {
  EXPECT_TRUE(says(open("training14.onnx").layers().front().notes, "PyTorch ran a batch"));
  EXPECT_TRUE(says(open("training9.onnx").layers().front().notes, "PyTorch ran a batch"));
  EXPECT_FALSE(says(open("digits.onnx").layers().front().notes, "PyTorch ran a batch"));
}

TEST(Onnx, ALayerThatKeepsNoStatisticsHasNone) {
  const OnnxModel model = open("untracked.onnx");
  const OnnxLayer layer = model.layers().front();
  EXPECT_FALSE(layer.has_statistics);
  EXPECT_TRUE(says(layer.notes, "is computed, by ReduceMean"));
  EXPECT_FALSE(says(layer.notes, "PyTorch ran a batch"));
  const State<float> state = model.state(layer.name);
  EXPECT_EQ(state.gamma.size(), 3);
  EXPECT_EQ(state.running_mean.size(), 0);
  EXPECT_NO_THROW((BatchNorm<float, batchnorm::Train, batchnorm::NoRunningStatistics>(state)));
}

// What this library writes.

/// How far folding the mean into the shift may be off, in roundoffs of what is added.
template <typename Scalar>
double folding_error(const State<Scalar>& state, double epsilon, Index c, double x) {
  const double scale = std::abs(static_cast<double>(state.gamma[c])) /
                       std::sqrt(state.running_variance[c] + epsilon);
  return 4 * roundoff<Scalar> *
         (std::abs(x) * scale + std::abs(state.running_mean[c]) * scale +
          std::abs(static_cast<double>(state.beta[c])));
}

template <typename Norm>
void expect_answers(const char* name, const Norm& norm) {
  using Scalar = typename Norm::Scalar;
  SCOPED_TRACE(name);
  const auto answer = json_of("written_onnxruntime.json").at(name);
  const Eigen::VectorXd x = vector_of(answer.at("x"));
  const Eigen::VectorXd y = vector_of(answer.at("y"));
  const auto inner = static_cast<Index>(x.size()) / 20;
  Eigen::Tensor<Scalar, 3, Eigen::RowMajor> input(5, 4, inner);
  for (Index i = 0; i < x.size(); ++i) input.data()[i] = static_cast<Scalar>(x[i]);
  const Eigen::Tensor<Scalar, 3, Eigen::RowMajor> output = norm.forward(input);
  for (Index i = 0; i < x.size(); ++i) {
    const Index c = i / inner % 4;
    EXPECT_NEAR(static_cast<double>(output.data()[i]), y[i],
                folding_error(norm.state(), norm.options().epsilon, c, x[i]))
        << i;
  }
}

TEST(Onnx, AnotherRuntimeEvaluatesWhatIsWritten) {
  expect_answers("written_float", written_models::layer<float>());
  expect_answers("written_double", written_models::layer<double>());
  expect_answers("written_relu", written_models::layer<float, batchnorm::ReLU>());
  expect_answers("written_leaky", written_models::layer<float, batchnorm::LeakyReLU<>>());
}

/// The answers are of these very bytes.
TEST(Onnx, WritesTheFilesThatWereEvaluated) {
  for (const auto& [name, bytes] : written_models::all()) {
    EXPECT_TRUE(bytes == bytes_of_file(std::string(name) + ".onnx")) << name;
  }
}

TEST(Onnx, ReadsWhatItWrites) {
  const BatchNorm<double, Eval> norm = written_models::layer<double>();
  const OnnxModel model = OnnxModel::read(onnx_model(norm));
  const State<double> state = model.state<double>("norm");
  EXPECT_TRUE(same_bits(state, norm.state()));
  EXPECT_EQ(model.layer("norm").epsilon, norm.options().epsilon);
  EXPECT_TRUE(model.layer("norm").notes.empty());
}

TEST(Onnx, LayersWithoutParametersAreWrittenWithOnesAndZeros) {
  batchnorm::State<float> state;
  state.running_mean = Eigen::Vector2d(1, 2);
  state.running_variance = Eigen::Vector2d(3, 4);
  const BatchNorm<float, Eval, batchnorm::NoAffine> norm(state);
  const State<float> read = OnnxModel::read(onnx_model(norm)).state("norm");
  EXPECT_TRUE(read.gamma.isOnes() && read.beta.isZero());
}

TEST(Onnx, WritesChannelsOnAxisOneAlone) {
  const BatchNorm<float, Eval, batchnorm::ChannelsLast> last(BatchNorm<float>(2).state());
  EXPECT_NO_THROW((void)onnx_model(last, 2));
  expect_refused([&] { (void)onnx_model(last, 4); }, "got axis 3 of rank 4");
  const batchnorm::BatchNorm2d<float, Eval> images(BatchNorm<float>(2).state());
  expect_refused([&] { (void)onnx_model(images, 2); }, "of a rank that the layer takes");
  ModelProto model;
  model.ParseFromString(onnx_model(images));
  EXPECT_EQ(model.graph().input(0).type().tensor_type().shape().dim_size(), 4);
  expect_refused([&] { (void)onnx_model(written_models::layer<float>(), 6); }, "rank 6");
}

// What cannot be read.

/// A valid model of one layer, changed.
OnnxModel changed(const std::function<void(ModelProto&)>& change) {
  ModelProto model;
  model.ParseFromString(bytes_of_file("opset9_inference.onnx"));
  change(model);
  return OnnxModel::read(model.SerializeAsString());
}

TensorProto& scale_of(ModelProto& model) { return *model.mutable_graph()->mutable_initializer(0); }

TEST(Onnx, RefusesBytesThatAreNoModel) {
  for (const std::string& bytes :
       {std::string(), std::string("x"), std::string(100, '\0'), std::string("\x08\x07"),
        bytes_of_file("digits.onnx").substr(0, 3000), bytes_of_file("digits.safetensors")}) {
    expect_refused([&] { (void)OnnxModel::read(bytes, "m.onnx"); },
                   "m.onnx: is no ONNX model, or a truncated one");
  }
  expect_refused([] { (void)OnnxModel::open("/none.onnx"); }, "cannot be opened");
}

TEST(Onnx, RefusesTensorsThatDoNotFit) {
  const auto expect = [](const std::function<void(TensorProto&)>& change, const char* sentence) {
    expect_refused([&] { (void)changed([&](ModelProto& m) { change(scale_of(m)); }).state("y"); },
                   sentence);
  };
  expect([](TensorProto& t) { t.set_dims(0, -1); }, "has an extent of -1");
  expect([](TensorProto& t) { t.set_dims(0, std::int64_t{1} << 62); }, "has an extent of 46");
  expect([](TensorProto& t) { t.set_data_type(TensorProto::INT64); }, "is of data type 7");
  expect([](TensorProto& t) { t.set_data_type(TensorProto::DOUBLE); },
         "should have 16 bytes, and has 8");
  expect([](TensorProto& t) { t.set_raw_data("123"); }, "should have 8 bytes, and has 3");
  expect([](TensorProto& t) { t.clear_raw_data(); }, "should have 2 values, and has 0");
  expect([](TensorProto& t) { t.set_dims(0, 3); }, "should have 12 bytes, and has 8");
  expect(
      [](TensorProto& t) {
        t.set_dims(0, 1);
        t.set_raw_data("1234");
      },
      "the scale, bias, mean and variance of \"y\" have several shapes");
}

/// Bytes of a model whose four tensors claim this extent.
std::string with_extent(std::int64_t extent) {
  ModelProto model;
  model.ParseFromString(bytes_of_file("opset9_inference.onnx"));
  for (TensorProto& tensor : *model.mutable_graph()->mutable_initializer())
    tensor.set_dims(0, extent);
  return model.SerializeAsString();
}

TEST(Onnx, RefusesExtentsThatTheFileHasNoBytesFor) {
  for (const std::int64_t extent :
       {std::int64_t{3}, std::int64_t{1} << 39, std::int64_t{1} << 62}) {
    expect_refused([&] { (void)OnnxModel::read(with_extent(extent)).state("y"); },
                   "its tensor \"bn.scale\"");
  }
}

/// In a process that may have a quarter of a gigabyte more: what is claimed is not allocated.
TEST(OnnxDeathTest, ARefusalTakesNoMoreMemoryThanTheFileHasReasonFor) {
  if (__asan_init != nullptr) GTEST_SKIP() << "AddressSanitizer needs the address space itself";
  const std::string bytes = with_extent(std::int64_t{1} << 31);
  EXPECT_EXIT(
      {
        rlimit limit{};
        std::ifstream status("/proc/self/statm");
        rlim_t pages = 0;
        status >> pages;
        limit.rlim_cur = limit.rlim_max = pages * 4096 + (rlim_t{1} << 28);
        setrlimit(RLIMIT_AS, &limit);
        try {
          (void)OnnxModel::read(bytes).state("y");
        } catch (const std::invalid_argument&) {
          std::_Exit(0);
        } catch (const std::bad_alloc&) {
          std::_Exit(1);
        }
        std::_Exit(2);
      },
      testing::ExitedWithCode(0), "");
}

TEST(Onnx, ExternalDataLieInTheModelsFolder) {
  const auto external = [](const char* location, const char* offset = "0") {
    ModelProto model;
    model.ParseFromString(bytes_of_file("opset9_inference.onnx"));
    TensorProto& tensor = scale_of(model);
    tensor.clear_raw_data();
    tensor.set_data_location(TensorProto::EXTERNAL);
    for (const auto& [key, value] : {std::pair{"location", location}, {"offset", offset}}) {
      auto& entry = *tensor.add_external_data();
      entry.set_key(key);
      entry.set_value(value);
    }
    const std::string path = testing::TempDir() + "external_test.onnx";
    batchnorm::replace_file(path, model.SerializeAsString());
    batchnorm::replace_file(testing::TempDir() + "external_test.data", "1234");
    return OnnxModel::open(path).state("y");
  };
  expect_refused([&] { external("../secret"); }, "is no path within the model's folder");
  expect_refused([&] { external("/etc/hostname"); }, "is no path within the model's folder");
  expect_refused([&] { external("a/../../b"); }, "is no path within the model's folder");
  expect_refused([&] { external(""); }, "is no path within the model's folder");
  expect_refused([&] { external("none.data"); }, "cannot be opened");
  expect_refused([&] { external("external_test.data"); }, "should have 8 bytes, and has 4");
  expect_refused([&] { external("external_test.data", "9"); }, "should have 8 bytes, and has 0");
  expect_refused([&] { external("external_test.data", "-1"); },
                 "the offset \"-1\", which is no number");
}

TEST(Onnx, ReadsValuesThatTheGraphGivesInARow) {
  const auto chained = [](int identities) {
    return changed([&](ModelProto& model) {
      auto& graph = *model.mutable_graph();
      graph.mutable_node(0)->set_input(1, "i0");
      for (int i = 0; i < identities; ++i) {
        NodeProto& node = *graph.add_node();
        node.set_op_type("Identity");
        node.add_input(i + 1 == identities ? "bn.scale" : "i" + std::to_string(i + 1));
        node.add_output("i" + std::to_string(i));
      }
    });
  };
  EXPECT_EQ(chained(5).state("y").gamma.size(), 2);
  const OnnxModel circle = changed([](ModelProto& model) {
    NodeProto& node = *model.mutable_graph()->add_node();
    node.set_op_type("Identity");
    node.add_input("i");
    node.add_output("i");
    model.mutable_graph()->mutable_node(0)->set_input(1, "i");
  });
  expect_refused([&] { (void)circle.state("y"); }, "the scale of \"y\" does not stand in the file");
  EXPECT_TRUE(says(circle.layers().front().notes, "is computed, by Identity"));
}

TEST(Onnx, FollowsCastsToFloatAndRefusesWhatIsComputed) {
  const auto scale_from = [](const char* op_type, std::int64_t to) {
    return changed([&](ModelProto& model) {
      auto& graph = *model.mutable_graph();
      graph.mutable_node(0)->set_input(1, "computed");
      NodeProto& node = *graph.add_node();
      node.set_op_type(op_type);
      node.add_input("bn.scale");
      node.add_output("computed");
      AttributeProto& attribute = *node.add_attribute();
      attribute.set_name("to");
      attribute.set_i(to);
    });
  };
  expect_usual(scale_from("Cast", TensorProto::FLOAT).state<double>("y"));
  for (const OnnxModel& model :
       {scale_from("Cast", TensorProto::FLOAT16), scale_from("Abs", TensorProto::FLOAT)}) {
    expect_refused([&] { (void)model.state("y"); },
                   "the scale of \"y\" does not stand in the file");
    EXPECT_TRUE(says(model.layers().front().notes, "is computed, by"));
  }
}

/// The mode says what normalises: statistics from outside are not those of the batch.
TEST(Onnx, StatisticsThatAreInputsAreRefusedInInference) {
  const OnnxModel model = changed(
      [](ModelProto& m) { m.mutable_graph()->mutable_initializer()->DeleteSubrange(2, 2); });
  EXPECT_FALSE(says(model.layers().front().notes, "normalises with the batch"));
  expect_refused([&] { (void)model.state("y"); }, "the mean of \"y\" does not stand in the file");
}

TEST(Onnx, TwoLayersOfOneNameInBranchesAreRefused) {
  const OnnxModel model = changed([](ModelProto& outer) {
    auto& graph = *outer.mutable_graph();
    const NodeProto inner = graph.node(0);
    NodeProto& node = *graph.mutable_node(0);
    node.Clear();
    node.set_op_type("If");
    for (const char* const branch : {"then_branch", "else_branch"}) {
      AttributeProto& attribute = *node.add_attribute();
      attribute.set_name(branch);
      *attribute.mutable_g()->add_node() = inner;
    }
  });
  EXPECT_EQ(model.layers().size(), 2U);
  expect_refused([&] { (void)model.state("y"); }, "has several layers named \"y\"");
}

/// The attribute is a float; the sum of variance and epsilon is that of the layer all the same.
TEST(Onnx, EpsilonThatIsNoFloatIsNotLost) {
  for (const double epsilon : {1e-5, 1e-3, 1e-50}) {
    State<double> state = BatchNorm<double>(2).state();
    state.running_variance = Eigen::Vector2d(1e-6, 0);
    const BatchNorm<double, Eval> norm(state, {.epsilon = epsilon});
    const OnnxModel model = OnnxModel::read(onnx_model(norm));
    const Eigen::ArrayXd sum =
        model.state<double>("norm").running_variance.array() + model.layer("norm").epsilon;
    EXPECT_TRUE(sum.isApprox(state.running_variance.array() + epsilon, 1e-15)) << epsilon;
  }
}

TEST(Onnx, WhatTheModelsTypeCannotHoldIsRefused) {
  State<float> state = BatchNorm<float>(1).state();
  state.running_variance[0] = 1e39;
  const BatchNorm<float, Eval> norm(state);
  expect_refused([&] { (void)onnx_model(norm); }, "a value of variance is not finite");
}

TEST(Onnx, FindsLayersWithinNodes) {
  const OnnxModel model = changed([](ModelProto& outer) {
    auto& graph = *outer.mutable_graph();
    const NodeProto inner = graph.node(0);
    graph.clear_node();
    NodeProto& node = *graph.add_node();
    node.set_op_type("If");
    AttributeProto& branch = *node.add_attribute();
    branch.set_name("then_branch");
    branch.set_type(AttributeProto::GRAPH);
    *branch.mutable_g()->add_node() = inner;
  });
  expect_usual(model.state<double>("y"));
}

TEST(Onnx, NodesOfOtherDomainsAreNotItsLayers) {
  EXPECT_TRUE(changed([](ModelProto& model) {
                model.mutable_graph()->mutable_node(0)->set_domain("com.example");
              })
                  .layers()
                  .empty());
}

TEST(Onnx, SaysWhatAFileContradicts) {
  const OnnxModel model = changed([](ModelProto& m) {
    m.mutable_opset_import(0)->set_version(15);
    m.mutable_graph()->mutable_node(0)->add_output("mean");
    m.add_functions()->set_name("f");
  });
  EXPECT_TRUE(says(model.layers().front().notes, "has 2 outputs, where opset 15 has 1"));
  EXPECT_TRUE(says(model.notes(), "1 functions"));
  expect_refused([&] { (void)model.state("z"); },
                 "has no BatchNormalization \"z\"; the nearest is \"y\"");
  const OnnxModel momentum = changed([](ModelProto& m) {
    AttributeProto& attribute = *m.mutable_graph()->mutable_node(0)->add_attribute();
    attribute.set_name("momentum");
    attribute.set_f(7);
  });
  expect_refused([&] { (void)momentum.layers().front().options(); }, "in [0, 1], got 7");
}

}  // namespace
