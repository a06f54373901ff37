// Times the training of the network 784-256-BN-ReLU-128-BN-ReLU-10 here and in libtorch, one
// thread.

#include <cstdlib>
#include <exception>
#include <iostream>
#include <limits>

#include "busy.hpp"
#include "eigen.hpp"
#include "fairness.hpp"
#include "library.hpp"
#include "machine.hpp"
#include "race.hpp"
#include "table.hpp"

namespace benchmarks {
namespace {

void print_setting(const Settings& settings, const mlp::Dataset& data) {
  const char* const instructions = std::getenv("ATEN_CPU_CAPABILITY");
  std::cout << "network   " << data.train.images.cols() << "-256-BN-ReLU-128-BN-ReLU-"
            << data.classes << ", batches of " << settings.batch << ", SGD with learning rate "
            << settings.training.learning_rate << " and momentum " << settings.training.momentum
            << ", seed " << settings.seed << ", " << settings.epochs << " epochs, one thread\n"
            << "data      " << settings.data << ", " << data.train.images.rows() << " samples\n"
            << "machine   " << machine(find_caches(std::numeric_limits<std::size_t>::max())) << "\n"
            << "ours      " << build(MLP_FLAGS) << "; " << compiler() << "; " << eigen()
            << "; runs on " << target() << "\n"
            << "libtorch  " << libtorch_version()
            << ", ATEN_CPU_CAPABILITY=" << (instructions == nullptr ? "default" : instructions)
            << "\n"
            << "its BLAS  " << use_blas_on_one_thread() << "\n\n";
}

void print(const std::vector<Figures>& all, double others) {
  Table table({"", "s/epoch", "us/step", "BatchNorm us", "% of the step", "loss, last epoch"}, 1);
  for (const Figures& one : all) {
    table.add({one.name, format(one.epoch_seconds, one.epoch_spread, 3),
               format(1e6 * one.step_seconds, one.epoch_spread, 1),
               format(1e6 * one.norm_seconds, 1),
               format(100.0 * one.norm_seconds / one.step_seconds, 1), format(one.last_loss, 4)});
  }
  std::cout << table << "\n"
            << Quiet{others, all[0].epoch_spread}.sentence("an epoch of " + all[0].name)
            << "\nBehind ±: half the way from the least to the most, in % of the median.\n"
            << "An epoch of " << all[1].name << " takes "
            << format(all[1].epoch_seconds / all[0].epoch_seconds) << " times as long as one of "
            << all[0].name << ".\n";
}

void run(int argc, char** argv) {
  const Settings settings = parse_settings(argc, argv);
  target();
  const mlp::Dataset data = mlp::load_dataset(settings.data);
  print_setting(settings, data);
  const OtherWork others;
  const std::vector<Figures> figures = race(settings, data);
  print(figures, others.processors());
}

}  // namespace
}  // namespace benchmarks

int main(int argc, char** argv) {
  benchmarks::be_fair();
  try {
    benchmarks::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "benchmarks/run mlp: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
