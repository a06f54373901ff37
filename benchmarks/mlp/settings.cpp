#include "settings.hpp"

#include <filesystem>

#include "parse_or_exit.hpp"

namespace benchmarks {
namespace {

std::string default_data() {
  const std::string fashion = "/usr/share/datasets/fashion-mnist";
  return std::filesystem::exists(fashion) ? fashion : MLP_DIGITS;
}

}  // namespace

Settings parse_settings(int argc, char** argv) {
  CLI::App app("Times the training of one network here and in libtorch.", "benchmarks/run mlp");
  app.footer(
      "Of the script itself:\n"
      "  --flags FLAGS               compile with these, in one argument, in place of\n"
      "                              -march=native; given again, also with those, each build\n"
      "                              measured in turn\n"
      "  --target NAME               the library's instruction set, by BATCHNORM_TARGET: sse2,\n"
      "                              avx2, avx512, neon or portable");
  Settings settings{.data = default_data()};
  app.add_option("--data", settings.data,
                 "folder of IDX files; by default Fashion-MNIST (Debian's\n"
                 "dataset-fashion-mnist), and without it the digits of the examples")
      ->check(CLI::ExistingDirectory.description(""))
      ->type_name("FOLDER");
  app.add_option("--batch", settings.batch, "samples per step")
      ->check(CLI::Range(2, 1 << 16))
      ->capture_default_str();
  app.add_option("--epochs", settings.epochs, "of each, in turn")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--seed", settings.seed, "of weights and batches")->capture_default_str();
  app.add_option("--learning-rate", settings.training.learning_rate, "of SGD with momentum")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  parse_or_exit(app, argc, argv);
  return settings;
}

}  // namespace benchmarks
