// Saved models: they come back bit by bit, and what is not what was saved is refused.
#include "model.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <batchnorm/replace_file.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "arms.hpp"
#include "nn/cross_entropy.hpp"
#include "nn/sgd.hpp"

namespace {

namespace fs = std::filesystem;
using batchnorm::Eval;
using batchnorm::Train;
using mlp::Model;
using mlp::Placement;
using Matrix = nn::Matrix<float>;

class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("mlp_model_test_" + std::to_string(getpid()))) {
    fs::create_directory(path_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { fs::remove_all(path_); }
  fs::path operator/(const std::string& name) const { return path_ / name; }
  std::ptrdiff_t files() const {
    return std::distance(fs::directory_iterator(path_), fs::directory_iterator());
  }

 private:
  fs::path path_;
};

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const fs::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

class ModelTest : public testing::TestWithParam<AnyArm> {
 protected:
  /// A model after a few steps, so that no value is what a new network has.
  Model trained() {
    Model model{architecture(), {.mean = 4.7, .inverse_deviation = 1.0 / 3}, network()};
    nn::Sgd<float> sgd({.learning_rate = 0.3});
    std::vector<Matrix> outputs;
    for (int i = 0; i < 5; ++i) {
      model.network.forward(device_, x_, outputs);
      std::vector<Matrix> gradients(outputs.size());
      nn::cross_entropy(outputs.back(), nn::Labels{{0, 1, 2, 2, 1, 0, 1}}, gradients.back());
      model.network.backward(device_, x_, outputs, gradients);
      sgd.step(model.network);
    }
    return model;
  }

  mlp::Architecture architecture() const {
    return small_network(GetParam(), {.epsilon = 1e-3, .momentum = batchnorm::decay(0.7)});
  }
  mlp::Mlp<Train> network() const { return {architecture(), nn::Random(3, 0)}; }

  template <typename Network>
  Matrix logits(Network network) {
    std::vector<Matrix> outputs;
    network.forward(device_, x_, outputs);
    return outputs.back();
  }

  void expect_refused(const std::string& bytes) const {
    write(folder_ / "altered", bytes);
    try {
      mlp::load_model(folder_ / "altered");
      ADD_FAILURE() << "was accepted";
    } catch (const std::runtime_error& error) {
      const std::string message = error.what();
      EXPECT_EQ(message.find((folder_ / "altered").string() + ": "), 0U) << message;
      EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    }
  }

  Folder folder_;
  Eigen::ThreadPool pool_{1};
  nn::Device device_{&pool_, 1};
  Matrix x_ = [] {
    nn::Random random(4, 0);
    return Matrix(
        Matrix::NullaryExpr(7, 5, [&] { return static_cast<float>(4 * random.uniform() - 2); }));
  }();
};

TEST_P(ModelTest, ComesBackBitByBit) {
  const Model model = trained();
  mlp::save_model(folder_ / "model", model);
  const Model loaded = mlp::load_model(folder_ / "model");
  EXPECT_EQ(loaded.scaling, model.scaling);
  EXPECT_EQ(logits(mlp::Mlp<Eval>(loaded.network)), logits(mlp::Mlp<Eval>(model.network)));
  EXPECT_EQ(logits(loaded.network), logits(model.network)) << "in mode Train";
  mlp::save_model(folder_ / "again", loaded);
  EXPECT_EQ(read(folder_ / "again"), read(folder_ / "model"));
}

TEST_P(ModelTest, OfGhostBatchesIsWhatItIsInInference) {
  mlp::Architecture ghosts = architecture();
  ghosts.ghost = 3;
  Model model{ghosts, {}, {ghosts, nn::Random(3, 0)}};
  std::vector<Matrix> outputs;
  model.network.forward(device_, x_, outputs);
  mlp::save_model(folder_ / "model", model);
  EXPECT_EQ(logits(mlp::Mlp<Eval>(mlp::load_model(folder_ / "model").network)),
            logits(mlp::Mlp<Eval>(model.network)));
}

/// What the network of `model_of_float` gave for the inputs of these tests when it was saved.
const Matrix answers_of_float =
    (Matrix(7, 3) << 0.0637671202F, 0.331241935F, -0.600730002F, 1.14496481F, 2.45119929F,
     0.46931088F, -0.0187695082F, -0.0428925641F, 0.0552157834F, -0.0244278572F, -0.0450958349F,
     0.0695236698F, 0.136984065F, 0.0177553408F, -0.338627845F, 0.354825318F, 0.76405561F,
     0.232824743F, -0.0122005902F, 1.38971007F, -1.35218561F)
        .finished();

// A file of the time when running statistics were float.
TEST_P(ModelTest, OfFloatStatisticsIsStillRead) {
  const Model old = mlp::load_model(MLP_MODEL_OF_FLOAT);
  const Matrix logits_now = logits(mlp::Mlp<Eval>(old.network));
  EXPECT_LE((logits_now - answers_of_float).cwiseAbs().maxCoeff(), 1e-5F);
  mlp::save_model(folder_ / "new", old);
  EXPECT_EQ(logits(mlp::Mlp<Eval>(mlp::load_model(folder_ / "new").network)), logits_now);
  std::string bytes = read(MLP_MODEL_OF_FLOAT);
  bytes.pop_back();
  expect_refused(bytes);
}

TEST_P(ModelTest, KeepsAllThatBatchNormHasLearntAndCounted) {
  const Model model = trained();
  mlp::save_model(folder_ / "model", model);
  const Model loaded = mlp::load_model(folder_ / "model");
  const auto norms = [](const Model& any) {
    std::vector<batchnorm::BatchNorm<float, Train>> all;
    for (const auto& layer : any.network.layers()) {
      if (const auto* norm = std::get_if<batchnorm::BatchNorm<float, Train>>(&layer)) {
        all.push_back(*norm);
      }
    }
    return all;
  };
  EXPECT_EQ(norms(loaded).size(), std::get<Placement>(GetParam()) == Placement::none ? 0U : 2U);
  for (std::size_t i = 0; i < norms(model).size(); ++i) {
    EXPECT_EQ(norms(loaded)[i].options(), norms(model)[i].options());
    EXPECT_EQ(norms(loaded)[i].batches(), 5);
    EXPECT_EQ(norms(loaded)[i].running_mean(), norms(model)[i].running_mean());
    EXPECT_EQ(norms(loaded)[i].running_variance(), norms(model)[i].running_variance());
  }
}

TEST_P(ModelTest, RefusesEveryTruncation) {
  mlp::save_model(folder_ / "model", trained());
  const std::string whole = read(folder_ / "model");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    SCOPED_TRACE(length);
    expect_refused(whole.substr(0, length));
  }
}

TEST_P(ModelTest, RefusesEveryAlteredByteAndWhatFollows) {
  mlp::save_model(folder_ / "model", trained());
  const std::string whole = read(folder_ / "model");
  for (std::size_t at = 0; at < whole.size(); ++at) {
    SCOPED_TRACE(at);
    std::string altered = whole;
    altered[at] = static_cast<char>(altered[at] ^ 0x10);
    expect_refused(altered);
  }
  expect_refused(whole + '\0');
}

/// Files of at most so many bytes, as long as it lives: what is longer cannot be written whole.
class SmallFiles {
 public:
  explicit SmallFiles(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit small{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
  }
  SmallFiles(const SmallFiles&) = delete;
  SmallFiles& operator=(const SmallFiles&) = delete;
  ~SmallFiles() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit before_{};
};

TEST_P(ModelTest, AFailedSaveLeavesTheOldFileAndNothingElse) {
  write(folder_ / "model", "old");
  const Model model = trained();
  {
    const SmallFiles limit(100);
    EXPECT_THROW(mlp::save_model(folder_ / "model", model), std::invalid_argument);
  }
  EXPECT_EQ(read(folder_ / "model"), "old");
  EXPECT_EQ(folder_.files(), 1);
}

INSTANTIATE_TEST_SUITE_P(Arms, ModelTest, arms(), name_of);

TEST(ReplaceFile, ReplacesTheFileThatALinkNames) {
  const Folder folder;
  write(folder / "file", "old");
  fs::create_symlink("file", folder / "link");
  batchnorm::replace_file(folder / "link", "new");
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(read(folder / "file"), "new");
  EXPECT_EQ(folder.files(), 2);
}

TEST(ReplaceFile, ReplacesWhatALinkLeadsToEvenIfItIsNotThereYet) {
  const Folder folder;
  fs::create_symlink("later", folder / "link");
  batchnorm::replace_file(folder / "link", "new");
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(read(folder / "later"), "new");
  fs::create_symlink("self", folder / "self");
  EXPECT_THROW(batchnorm::replace_file(folder / "self", ""), std::invalid_argument);
}

TEST(ReplaceFile, KeepsWhoMayRead) {
  const Folder folder;
  write(folder / "file", "old");
  fs::permissions(folder / "file", fs::perms::owner_read | fs::perms::owner_write);
  batchnorm::replace_file(folder / "file", "new");
  EXPECT_EQ(fs::status(folder / "file").permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
}

/// Whoever replaces last leaves a whole file, however many do so at once.
TEST(ReplaceFile, SeveralAtOnceLeaveAWholeFile) {
  const Folder folder;
  const auto replace = [&](char letter) {
    for (int i = 0; i < 50; ++i) {
      batchnorm::replace_file(folder / "file",
                              std::string(letter == 'a' ? 100'000 : 300'000, letter));
    }
  };
  std::thread other(replace, 'a');
  replace('b');
  other.join();
  const std::string left = read(folder / "file");
  EXPECT_EQ(left, std::string(left[0] == 'a' ? 100'000 : 300'000, left[0]));
  EXPECT_EQ(folder.files(), 1);
}

TEST(ReplaceFile, RefusesWhatIsNoFile) {
  const Folder folder;
  fs::create_directory(folder / "folder");
  EXPECT_THROW(batchnorm::replace_file(folder / "folder", ""), std::invalid_argument);
  EXPECT_THROW(batchnorm::replace_file(folder / "none" / "file", ""), std::invalid_argument);
  EXPECT_THROW(batchnorm::check_replaceable(folder / "none" / "file"), std::invalid_argument);
  EXPECT_THROW(batchnorm::check_replaceable("/dev/null"), std::invalid_argument);
}

}  // namespace
