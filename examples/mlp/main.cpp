// Trains the same multilayer perceptron with and without batch normalization and compares them.
#include <cstdio>
#include <exception>
#include <new>
#include <vector>

#include "csv.hpp"
#include "dataset.hpp"
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

/// Returns the exit status: 0, or 128 + the signal that ended the program, as shells count.
int run(int argc, char** argv) {
  const Settings settings = parse_settings(argc, argv);
  const Dataset data = load_dataset(settings.data);
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
