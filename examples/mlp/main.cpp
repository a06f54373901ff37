// Trains the same multilayer perceptron with and without batch normalization and compares them.
#include <cstdio>
#include <exception>
#include <new>
#include <stdexcept>
#include <vector>

#include "csv.hpp"
#include "dataset.hpp"
#include "format.hpp"
#include "interrupt.hpp"
#include "progress.hpp"
#include "report.hpp"
#include "settings.hpp"
#include "training.hpp"

namespace mlp {
namespace {

/// All arms from one seed, then from the next, so that an interrupted comparison is fair as far as
/// it got.
std::vector<Run> train_all(const Settings& settings, const Dataset& data, Csv& csv) {
  Eigen::ThreadPool pool(settings.threads);
  const nn::Device device(&pool, settings.threads);
  Progress progress(settings, data, csv);
  std::vector<Run> runs;
  for (int i = 0; i < settings.seeds; ++i) {
    for (const Arm& arm : settings.arms) {
      if (progress.wants_to_stop()) return runs;
      runs.push_back(train(settings, data, arm, settings.seed + i, device, progress));
    }
  }
  return runs;
}

/// Throws before a network that no machine of today would want to train eats all memory.
void check_size(const Settings& settings, const Dataset& data) {
  constexpr double kMostWeights = 2e8;
  double weights = 0;
  auto width = static_cast<double>(data.train.images.cols());
  for (const Index next : settings.hidden) {
    weights += width * static_cast<double>(next);
    width = static_cast<double>(next);
  }
  if (weights > kMostWeights) {
    throw std::runtime_error(
        format("--layers asks for %.0f million weights; at most %.0f million are allowed",
               weights / 1e6, kMostWeights / 1e6));
  }
}

/// Returns the exit status: 0, or 128 + the signal that ended the program, as shells count.
int run(int argc, char** argv) {
  const Settings settings = parse_settings(argc, argv);
  const Dataset data = load_dataset(settings.data);
  check_size(settings, data);
  Csv csv(settings.csv);
  note_signals();
  print_setting(settings, data);
  print_results(settings, train_all(settings, data, csv));
  return noted_signal() == 0 ? 0 : 128 + noted_signal();
}

}  // namespace
}  // namespace mlp

int main(int argc, char** argv) {
  try {
    return mlp::run(argc, argv);
  } catch (const mlp::Exit& exit) {
    return exit.code;
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "examples/run: not enough memory for this network and data set\n");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "examples/run: %s\n", error.what());
  }
  return 1;
}
