// Trains the same multilayer perceptron with and without batch normalization and compares them.
#include <batchnorm/replace_file.hpp>
#include <cstdio>
#include <exception>
#include <new>
#include <stdexcept>
#include <utility>
#include <vector>

#include "command_line.hpp"
#include "csv.hpp"
#include "dataset.hpp"
#include "diagnoses.hpp"
#include "experiments/experiments.hpp"
#include "experiments/promises.hpp"
#include "format.hpp"
#include "interrupt.hpp"
#include "learner.hpp"
#include "model.hpp"
#include "page/report_file.hpp"
#include "progress.hpp"
#include "report.hpp"
#include "settings.hpp"
#include "training.hpp"

namespace mlp {
namespace {

/// A network that diverged has nothing that could be used again.
void save(const Settings& settings, const Dataset& data, const Trained& trained) {
  if (settings.save.empty() || trained.run.ending == Ending::diverged) return;
  save_model(settings.save,
             {.architecture = architecture_of(settings, data, trained.run.arm.placement),
              .scaling = data.scaling,
              .network = trained.network});
}

/// What a comparison leaves.
struct Comparison {
  std::vector<Run> runs;
  std::vector<std::pair<Arm, std::vector<LayerDiagnosis>>> diagnoses;
};

/// All arms from one seed, then from the next, so that an interrupted comparison is fair as far as
/// it got.
Comparison train_all(const Settings& settings, const Dataset& data, Csv& csv) {
  Eigen::ThreadPool pool(settings.threads);
  const nn::Device device(&pool, settings.threads);
  Progress progress(settings, data, csv);
  Comparison result;
  for (int i = 0; i < settings.seeds; ++i) {
    for (const Arm& arm : settings.arms) {
      if (progress.wants_to_stop()) return result;
      Trained trained = train(settings, data, arm, settings.seed + i, device, progress);
      save(settings, data, trained);
      if (settings.diagnoses && i + 1 == settings.seeds) {
        result.diagnoses.push_back(
            {arm, diagnose(Mlp<batchnorm::Eval>(trained.network), data.test.images, device)});
      }
      result.runs.push_back(std::move(trained.run));
    }
  }
  return result;
}

/// Throws before a network that no machine of today would want to train eats all memory.
void check_size(const Settings& settings, const Dataset& data) {
  constexpr double kMostWeights = 2e8;
  const double weights = count_weights(architecture_of(settings, data, Placement::none));
  if (weights > kMostWeights) {
    throw std::runtime_error(
        format("--layers asks for %.0f million weights; at most %.0f million are allowed",
               weights / 1e6, kMostWeights / 1e6));
  }
}

/// Throws where a saved network cannot tell anything about these images.
void check_fit(const Settings& settings, const Model& model, const Dataset& data) {
  const Index pixels = data.test.images.cols();
  if (model.architecture.inputs != pixels || model.architecture.classes != data.classes) {
    throw std::runtime_error(format(
        "%s: was trained on images of %td pixels and %td classes, but those of %s have %td and %td",
        settings.load.c_str(), model.architecture.inputs, model.architecture.classes,
        settings.data.c_str(), pixels, data.classes));
  }
}

template <typename Scalar>
nn::Score evaluate_in(const Model& model, const Dataset& data, const nn::Device& device) {
  return evaluate(Mlp<batchnorm::Eval, Scalar>(model.network), data.test, device);
}

int evaluate_saved(const Settings& settings) {
  const Model model = load_model(settings.load);
  const Dataset data = load_dataset(settings.data, model.scaling);
  check_fit(settings, model, data);
  Eigen::ThreadPool pool(settings.threads);
  const nn::Device device(&pool, settings.threads);
  const nn::Score score = settings.data_type == DataType::bfloat16
                              ? evaluate_in<Eigen::bfloat16>(model, data, device)
                              : evaluate_in<float>(model, data, device);
  print_score(settings, model.architecture, score);
  if (settings.diagnoses) {
    print_diagnoses(model.architecture.placement,
                    diagnose(Mlp<batchnorm::Eval>(model.network), data.test.images, device));
  }
  return 0;
}

void compare(const Settings& settings, const Dataset& data) {
  check_size(settings, data);
  Csv csv(settings.csv);
  print_setting(settings, data);
  const Comparison result = train_all(settings, data, csv);
  print_results(settings, result.runs);
  for (const auto& [arm, found] : result.diagnoses) print_diagnoses(arm.placement, found);
}

void report(const Settings& settings, const Dataset& data) {
  const Told told = run_experiments(settings, data);
  print_promises(told);
  const std::string hindrance = report_hindrance();
  if (!hindrance.empty()) {
    std::printf("\nThere is no report.html: %s.\n", hindrance.c_str());
    return;
  }
  write_report(settings.report, told);
  std::printf("\nThe report, with charts: file://%s\n",
              std::filesystem::absolute(settings.report).c_str());
}

/// Returns the exit status: 0, or 128 + the signal that ended the program, as shells count.
int run(int argc, char** argv) {
  const Settings settings = parse_settings(argc, argv);
  if (!settings.load.empty()) return evaluate_saved(settings);
  if (!settings.save.empty()) batchnorm::check_replaceable(settings.save);
  if (settings.reports) batchnorm::check_replaceable(settings.report);
  const Dataset data = load_dataset(settings.data);
  note_signals();
  if (settings.compares) compare(settings, data);
  if (settings.reports && noted_signal() == 0) report(settings, data);
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
