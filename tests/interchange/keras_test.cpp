#include <gtest/gtest.h>

#include <algorithm>
#include <batchnorm/batchnorm.hpp>
#include <batchnorm/keras.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "../fixtures.hpp"
#include "json_file.hpp"

// Keras: layers by name, with the configuration or with an explicit policy, and never by a guess
// from three arrays.

namespace {

using namespace fixtures;
using namespace interchange;
using batchnorm::BatchNorm, batchnorm::Eval, batchnorm::KerasLayer, batchnorm::KerasModel,
    batchnorm::State;

KerasModel open(const std::string& name) { return KerasModel::open(path_of(name)); }

std::vector<std::string> names_of(const KerasModel& model) {
  std::vector<std::string> names;
  for (const KerasLayer& layer : model.layers()) names.push_back(layer.name);
  return names;
}

/// Values that a layer of keras_layers.json has, or none.
Eigen::VectorXd expected_values(const nlohmann::json& layer, const char* name) {
  return layer.contains(name) ? vector_of(layer.at(name)) : Eigen::VectorXd();
}

void expect_state(const State<double>& state, const nlohmann::json& layer) {
  EXPECT_EQ(state.gamma, expected_values(layer, "gamma"));
  EXPECT_EQ(state.beta, expected_values(layer, "beta"));
  EXPECT_EQ(state.running_mean, expected_values(layer, "moving_mean"));
  EXPECT_EQ(state.running_variance, expected_values(layer, "moving_variance"));
  EXPECT_EQ(state.batches, 0);
}

void expect_layers(const char* file, const char* model_name) {
  SCOPED_TRACE(file);
  const KerasModel model = open(file);
  const auto expected = json_of("keras_layers.json").at(model_name);
  EXPECT_EQ(model.layers().size(), expected.size());
  for (const auto& [name, layer] : expected.items()) {
    SCOPED_TRACE(name);
    expect_state(model.state<double>(name), layer);
    EXPECT_EQ(model.layer(name).epsilon, layer.at("epsilon").get<double>());
    EXPECT_EQ(model.layer(name).momentum, layer.at("momentum").get<double>());
    EXPECT_TRUE(model.layer(name).has_config);
  }
}

/// Groups go by class and place: that of the third layer has the name of the first.
TEST(Keras, FindsLayersByTheNamesOfTheConfiguration) {
  expect_layers("variants.keras", "variants");
  expect_layers("twelve.keras", "twelve");
  EXPECT_EQ(open("variants.keras").layer("batch_normalization_2").path,
            "/layers/batch_normalization");
}

TEST(Keras, ReadsTheLayoutsOfBefore) {
  expect_layers("legacy.h5", "variants");
  expect_layers("legacy_keras3.h5", "variants");
  expect_layers("legacy_paths.h5", "model");
}

/// There variables have names.
TEST(Keras, OldWeightsNeedNoConfigurationButForTheOptions) {
  const KerasModel model = open("legacy_weights.h5");
  const auto expected = json_of("keras_layers.json").at("variants");
  for (const auto& [name, layer] : expected.items()) {
    SCOPED_TRACE(name);
    const std::string of = name == "neither" ? "block/neither" : name;
    expect_state(model.state<double>(of), layer);
    EXPECT_EQ(model.layer(of).scale, layer.contains("gamma"));
    EXPECT_EQ(model.layer(of).center, layer.contains("beta"));
    expect_refused([&] { (void)model.layer(of).options(); },
                   "the file has no configuration: give epsilon and momentum");
  }
}

TEST(Keras, ThreeArraysAreNotGuessedAt) {
  const KerasModel model = open("variants.weights.h5");
  const auto expected = json_of("keras_layers.json").at("variants");
  for (const char* const name : {"batch_normalization_2", "no_scale", "no_center", "neither"}) {
    expect_refused([&] { (void)model.state(name); }, "has no configuration, which tells what the");
  }
  expect_state(model.state<double>("batch_normalization_2", batchnorm::ScaleAndShift{}),
               expected.at("batch_normalization_2"));
  expect_state(model.state<double>("no_scale", batchnorm::ShiftOnly{}), expected.at("no_scale"));
  expect_state(model.state<double>("no_center", batchnorm::ScaleOnly{}), expected.at("no_center"));
  expect_state(model.state<double>("neither", batchnorm::NoAffine{}), expected.at("neither"));
  expect_refused([&] { (void)model.state("no_scale", batchnorm::ScaleAndShift{}); },
                 "\"no_scale\" has 3 variables, where 4 are expected");
}

TEST(Keras, APolicyThatTheConfigurationContradictsIsRefused) {
  for (const char* const file : {"variants.keras", "legacy.h5", "legacy_weights.h5"}) {
    SCOPED_TRACE(file);
    const KerasModel model = open(file);
    EXPECT_NO_THROW((void)model.state("no_scale", batchnorm::ShiftOnly{}));
    expect_refused([&] { (void)model.state("no_scale", batchnorm::ScaleOnly{}); },
                   "\"no_scale\" has scale=False and center=True");
  }
}

TEST(Keras, ListsInTheOrderOfTheModel) {
  std::vector<std::string> expected;
  for (int i = 0; i < 12; ++i) expected.push_back("norm_" + std::to_string(i));
  EXPECT_EQ(names_of(open("twelve.keras")), expected);
}

TEST(Keras, NumbersInNamesCountAsNumbers) {
  std::vector<std::string> names{"a_10", "a_2", "a", "b", "a_1", "a_02", "a_2_x", "a_10_1", "a_9"};
  std::stable_sort(names.begin(), names.end(), batchnorm::detail::natural_less);
  EXPECT_EQ(names, (std::vector<std::string>{"a", "a_1", "a_2", "a_02", "a_2_x", "a_9", "a_10",
                                             "a_10_1", "b"}));
}

TEST(Keras, MakesNamesOfGroupsAsKerasDoes) {
  for (const auto& [name, group] : {std::pair{"BatchNormalization", "batch_normalization"},
                                    {"ReLU", "re_lu"},
                                    {"Conv2D", "conv2d"},
                                    {"Dense", "dense"},
                                    {"Sequential", "sequential"},
                                    {"GRUCell", "gru_cell"},
                                    {"DepthwiseConv2D", "depthwise_conv2d"}}) {
    EXPECT_EQ(batchnorm::detail::snake_case(name), group);
  }
}

TEST(Keras, OptionsAreThoseOfTheConfiguration) {
  const batchnorm::Options options = open("variants.keras").layer("no_center").options();
  EXPECT_EQ(options.epsilon, 1e-3);
  EXPECT_EQ(options.momentum, batchnorm::decay(0.9));
  EXPECT_EQ(options.running_variance, batchnorm::RunningVariance::biased);
}

TEST(Keras, TheAxisOfTheChannelsIsSaid) {
  const KerasLayer layer = open("legacy.h5").layer("no_scale");
  EXPECT_EQ(layer.axis, 1);
  EXPECT_NE(layer.notes.front().find("channels on axis 1"), std::string::npos);
  EXPECT_EQ(open("variants.keras").layer("no_scale").axis, -1);
}

TEST(Keras, RefusesANameThatIsNotThere) {
  expect_refused([] { (void)open("variants.keras").state("no_scales"); },
                 "has no BatchNormalization \"no_scales\"; the nearest is \"no_scale\"");
}

TEST(Keras, RefusesFilesThatAreNone) {
  expect_refused([] { (void)open("none.keras"); }, "cannot be opened: there is no such file");
  expect_refused([] { (void)open(""); }, "is no regular file");
  expect_refused([] { (void)open("digits.json"); }, "cannot be opened, or is no HDF5 file");
  const std::string path = testing::TempDir() + "keras_test.keras";
  std::ofstream(path) << "PK";
  expect_refused([&] { (void)KerasModel::open(path); }, "cannot be opened, or is no zip file");
  std::ofstream(path, std::ios::binary) << bytes_of_file("digits.keras").substr(0, 20000);
  expect_refused([&] { (void)KerasModel::open(path); }, "keras_test.keras");
}

// What stands above the HDF5 library, on groups and configurations of our own.

using batchnorm::detail::find_group, batchnorm::detail::KerasConfig, batchnorm::detail::KerasGroup;

KerasGroup group_of(const char* path, const char* name, const char* layer = "") {
  KerasGroup group;
  group.path = path;
  group.name = name;
  group.layer = layer;
  return group;
}

/// The path of the group that a layer of the configuration gets, or what is wrong.
std::string found(const std::string& name, const std::string& path,
                  const std::vector<KerasGroup>& groups) {
  KerasConfig config;
  config.name = name;
  config.path = path;
  std::string problem;
  const KerasGroup* const group = find_group(config, groups, problem);
  return group == nullptr ? problem : group->path;
}

/// Keras 2 goes by the group of the layer; the scope of a variable may have another layer's name.
TEST(Keras, InOldFilesTheGroupIsTheLayer) {
  const std::vector<KerasGroup> groups{
      group_of("/w/bn/bn_1", "bn/bn_1", "bn"), group_of("/w/bn_1/bn_1_1", "bn_1/bn_1_1", "bn_1"),
      group_of("/w/a/b/BatchNorm/a/b/BatchNorm", "a/b/BatchNorm/BatchNorm", "a/b/BatchNorm"),
      group_of("/w/block/inner", "block/inner", "block")};
  EXPECT_EQ(found("bn", "/layers/x", groups), "/w/bn/bn_1");
  EXPECT_EQ(found("bn_1", "/layers/x", groups), "/w/bn_1/bn_1_1");
  EXPECT_EQ(found("a/b/BatchNorm", "/layers/x", groups), "/w/a/b/BatchNorm/a/b/BatchNorm");
  EXPECT_EQ(found("inner", "/layers/x", groups), "/w/block/inner");
}

/// Three models within a model may each have a layer of one name.
TEST(Keras, ThePathDecidesAmongLayersOfOneName) {
  const std::vector<KerasGroup> groups{
      group_of("/layers/sequential/layers/batch_normalization", "bn"),
      group_of("/layers/sequential_1/layers/batch_normalization", "bn"),
      group_of("/_layer_checkpoint_dependencies/sequential_2/_layer_checkpoint_dependencies/"
               "batch_normalization",
               "")};
  for (const char* const model : {"sequential", "sequential_1"}) {
    const std::string path = std::string("/layers/") + model + "/layers/batch_normalization";
    EXPECT_EQ(found("bn", path, groups), path);
  }
  EXPECT_EQ(found("bn", "/layers/sequential_2/layers/batch_normalization", groups), groups[2].path);
  EXPECT_NE(found("bn", "/layers/other", groups).find("which may be"), std::string::npos);
  EXPECT_NE(found("none", "/layers/other", groups).find("no variables that fit"),
            std::string::npos);
}

/// A file whose order of layers is not the configuration's, which only the names tell.
TEST(Keras, AGroupThatNamesAnotherLayerIsNotThatOfThePath) {
  const std::vector<KerasGroup> groups{group_of("/layers/batch_normalization", "second"),
                                       group_of("/layers/batch_normalization_1", "first")};
  EXPECT_EQ(found("first", "/layers/batch_normalization", groups), "/layers/batch_normalization_1");
  EXPECT_EQ(found("second", "/layers/batch_normalization_1", groups),
            "/layers/batch_normalization");
}

TEST(Keras, LooksIntoWrappersAndTakesPythonsNumbers) {
  const std::string text =
      R"({"config":{"layers":[{"class_name":"Masking","config":{"mask_value":NaN,"x":-Infinity,)"
      R"("name":"a \"NaN\" b"}},{"class_name":"TimeDistributed","config":{"name":"t","layer":)"
      R"({"class_name":"BatchNormalization","config":{"name":"inner","epsilon":0.5}}}}]}})";
  const auto layers = batchnorm::detail::read_keras_config("f", text);
  ASSERT_EQ(layers.size(), 1U);
  EXPECT_EQ(layers[0].name, "inner");
  EXPECT_EQ(layers[0].path, "/layers/time_distributed/layer");
  EXPECT_EQ(layers[0].epsilon, 0.5);
  EXPECT_EQ(batchnorm::detail::without_nan(R"([NaN,-Infinity,"NaN \" Infinity"])"),
            R"([null,null,"NaN \" Infinity"])");
}

/// A file that is replaced while its first version is open is read anew.
TEST(Keras, AnOpenFileDoesNotHideTheOneThatReplacesIt) {
  const std::string path = testing::TempDir() + "keras_replaced.keras";
  std::filesystem::copy_file(path_of("digits.keras"), path,
                             std::filesystem::copy_options::overwrite_existing);
  const KerasModel first = KerasModel::open(path);
  std::filesystem::copy_file(path_of("twelve.keras"), path,
                             std::filesystem::copy_options::overwrite_existing);
  const KerasModel second = KerasModel::open(path);
  EXPECT_EQ(first.layers().size(), 1U);
  EXPECT_EQ(second.layers().size(), 12U);
}

}  // namespace
