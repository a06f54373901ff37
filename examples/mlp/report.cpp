#include "report.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <optional>
#include <sstream>
#include <string>

#include "format.hpp"
#include "names.hpp"
#include "spread.hpp"

namespace mlp {
namespace {

using Runs = std::vector<const Run*>;

template <typename Value>
Spread spread(const Runs& runs, const Value& value) {
  std::vector<double> values;
  for (const Run* const run : runs) values.push_back(value(*run));
  return spread_of(values);
}

double final_accuracy(const Run& run) { return 100 * run.epochs.back().test_accuracy; }

double best_accuracy(const Run& run) {
  double best = 0;
  for (const Epoch& epoch : run.epochs) best = std::max(best, 100 * epoch.test_accuracy);
  return best;
}

double training_seconds(const Run& run) { return run.epochs.back().seconds; }

/// The epoch at whose end the accuracy first was at least `target` percent, or null. The one in
/// which a network diverged does not count: what is left of it guesses.
const Epoch* reached(const Run& run, double target) {
  const auto end = run.epochs.end() - (run.ending == Ending::diverged ? 1 : 0);
  const auto found = std::find_if(run.epochs.begin(), end, [&](const Epoch& epoch) {
    return 100 * epoch.test_accuracy >= target;
  });
  return found == end ? nullptr : &*found;
}

/// How soon a network reached the target: of its seeds the quickest, the middle one and the
/// slowest; null where that seed never did. The middle one of an even number is the quicker of the
/// two.
struct Reach {
  const Epoch* quickest = nullptr;
  const Epoch* median = nullptr;
  const Epoch* slowest = nullptr;
};

Reach reach(const Runs& runs, double target) {
  std::vector<const Epoch*> epochs;
  for (const Run* const run : runs) epochs.push_back(reached(*run, target));
  std::sort(epochs.begin(), epochs.end(), [](const Epoch* a, const Epoch* b) {
    return a != nullptr && (b == nullptr || a->steps < b->steps);
  });
  return {epochs.front(), epochs[(epochs.size() - 1) / 2], epochs.back()};
}

/// The runs of an arm that count.
Runs runs_of(const Arm& arm, const std::vector<Run>& runs) {
  Runs whole;
  Runs stopped;
  for (const Run& run : runs) {
    if (run.arm != arm || run.epochs.empty()) continue;
    (run.ending == Ending::interrupted ? stopped : whole).push_back(&run);
  }
  return whole.empty() ? stopped : whole;
}

/// What the table says of an arm.
struct Result {
  Arm arm;
  Runs runs;
  Spread final_accuracy, best_accuracy;
  double seconds = 0;
  Reach reach{};
};

std::vector<Result> results_of(const Settings& settings, const std::vector<Run>& runs) {
  std::vector<Result> results;
  for (const Arm& arm : settings.arms) {
    const Runs own = runs_of(arm, runs);
    if (own.empty()) continue;
    results.push_back({.arm = arm,
                       .runs = own,
                       .final_accuracy = spread(own, final_accuracy),
                       .best_accuracy = spread(own, best_accuracy),
                       .seconds = spread(own, training_seconds).mean});
  }
  return results;
}

/// What the first network ends with less one point, so that every seed of it should get there; in
/// tenths of a percent.
double default_target(const Result& first) {
  return std::max(0.0, std::floor(10 * (first.final_accuracy.mean - 1)) / 10);
}

std::string steps_text(const Epoch* epoch) {
  return epoch == nullptr ? "never" : format("%lld", static_cast<long long>(epoch->steps));
}

std::string steps_text(const Reach& reach) {
  return format("%s [%s..%s]", steps_text(reach.median).c_str(), steps_text(reach.quickest).c_str(),
                steps_text(reach.slowest).c_str());
}

void print_table(const std::vector<Result>& results, double target) {
  const auto row = [](auto... cells) {
    std::printf("%-16s  %8s  %-17s  %-17s  %-17s  %s\n", cells...);
  };
  row("", "learning", "test accuracy, %", "", "steps to", "seconds of");
  row("", "rate", "at the end", "at its best", format("%g %%", target).c_str(), "training");
  for (const Result& result : results) {
    row(long_name(result.arm.placement), format("%g", result.arm.learning_rate).c_str(),
        text_of(result.final_accuracy).c_str(), text_of(result.best_accuracy).c_str(),
        steps_text(result.reach).c_str(), format("%.2f", result.seconds).c_str());
  }
}

/// What the outputs of all layers take, which the backward pass needs.
void print_memory(const std::vector<Result>& results) {
  std::printf("Activations of a batch, in bfloat16 and as they would be in float: ");
  const char* separator = "";
  for (const Result& result : results) {
    const auto bytes = static_cast<double>(result.runs.front()->activation_bytes);
    std::printf("%s%.0f KB and %.0f KB (%s)", separator, bytes / 1000, 2 * bytes / 1000,
                long_name(result.arm.placement));
    separator = ", ";
  }
  std::printf(".\n");
}

/// What the figures of an arm lack.
void print_gaps(const Settings& settings, const Result& result) {
  const char* const name = long_name(result.arm.placement);
  const auto ended = [&](Ending ending) {
    return std::count_if(result.runs.begin(), result.runs.end(),
                         [&](const Run* run) { return run->ending == ending; });
  };
  if (static_cast<int>(result.runs.size()) < settings.seeds) {
    std::printf("%s: trained from %zu of %d seeds only.\n", name, result.runs.size(),
                settings.seeds);
  }
  if (ended(Ending::interrupted) > 0) std::printf("%s: stopped before its last epoch.\n", name);
  if (ended(Ending::diverged) > 0) {
    std::printf("%s: %td of %zu runs ended early, with a loss that was no longer finite.\n", name,
                ended(Ending::diverged), result.runs.size());
  }
}

/// "5.0 times fewer", "1.2 times more" or "about the same".
std::string ratio_text(double first, double other, const char* less) {
  if (format("%.1f", first / other) == "1.0" || format("%.1f", other / first) == "1.0") {
    return "about the same";
  }
  return first >= other ? format("%.1f times %s", first / other, less)
                        : format("%.1f times more", other / first);
}

/// As the table shows it.
double tenths(double value) { return std::stod(format("%.1f", value)); }

void print_comparison(const Result& first, const Result& other, double target) {
  const char* const name = long_name(other.arm.placement);
  const char* const first_name = long_name(first.arm.placement);
  const double gain = tenths(other.final_accuracy.mean) - tenths(first.final_accuracy.mean);
  if (tenths(gain) == 0) {
    std::printf("%s ends as high as %s.\n", name, first_name);
  } else {
    std::printf("%s ends %.1f points %s than %s.\n", name, std::abs(gain),
                gain < 0 ? "lower" : "higher", first_name);
  }
  const Epoch* const theirs = first.reach.median;
  const Epoch* const ours = other.reach.median;
  if (ours == nullptr) std::printf("It does not get to %g %%.\n", target);
  if (ours != nullptr && theirs == nullptr) {
    std::printf("It gets to %g %% in %s steps; %s does not.\n", target, steps_text(ours).c_str(),
                first_name);
  }
  if (ours == nullptr || theirs == nullptr) return;
  std::printf(
      "It gets to %g %% in %s steps instead of %s (%s), and in %.2f s instead of %.2f s (%s).\n",
      target, steps_text(ours).c_str(), steps_text(theirs).c_str(),
      ratio_text(static_cast<double>(theirs->steps), static_cast<double>(ours->steps), "fewer")
          .c_str(),
      ours->seconds, theirs->seconds, ratio_text(theirs->seconds, ours->seconds, "less").c_str());
}

std::string widths(const Architecture& architecture) {
  std::string text = std::to_string(architecture.inputs);
  for (const Index width : architecture.hidden) text += format("-%td", width);
  return text + format("-%td", architecture.classes);
}

}  // namespace

void print_setting(const Settings& settings, const Dataset& data) {
  const nn::Batches batches(data.train.images.rows(), settings.batch, nn::Random(0, 0));
  std::printf("Data      %s\n", settings.data.c_str());
  std::printf("          %lld images for training, %lld for testing\n",
              static_cast<long long>(data.train.images.rows()),
              static_cast<long long>(data.test.images.rows()));
  std::printf("Network   %s, %s%s\n",
              widths(architecture_of(settings, data, Placement::none)).c_str(),
              name(settings.activation),
              settings.data_type == DataType::bfloat16 ? ", activations in bfloat16" : "");
  const char* separator = "Compared  ";
  for (const Arm& arm : settings.arms) {
    std::printf("%s%s (learning rate %g)", separator, long_name(arm.placement), arm.learning_rate);
    separator = ", ";
  }
  std::printf(
      "\nTraining  SGD, momentum %g, weight decay %g; batches of %lld, %d epochs of %lld steps\n",
      settings.sgd_momentum, settings.weight_decay, static_cast<long long>(settings.batch),
      settings.epochs, static_cast<long long>(batches.count()));
  std::printf(
      "          seeds %lld to %lld: each gives all networks the same weights and batches\n\n",
      static_cast<long long>(settings.seed),
      static_cast<long long>(settings.seed + settings.seeds - 1));
  std::fflush(stdout);
}

void print_score(const Settings& settings, const Architecture& architecture,
                 const nn::Score& score) {
  std::printf("Network   %s, %s, %s, from %s\n", widths(architecture).c_str(),
              name(architecture.activation), long_name(architecture.placement),
              settings.load.c_str());
  std::printf("Data      %s, %td test images\n", settings.data.c_str(), score.samples);
  std::printf("Accuracy  %.9g %%, loss %.9g\n", 100 * score.accuracy(), score.mean_loss());
}

void print_diagnoses(Placement placement, const std::vector<LayerDiagnosis>& diagnoses) {
  if (diagnoses.empty()) {
    std::printf("\n%s: there is no layer to diagnose\n", long_name(placement));
    return;
  }
  std::ostringstream text;
  text << "\nThe layers of " << long_name(placement) << ", beside the test images\n";
  for (const auto& [layer, diagnosis] : diagnoses) text << "layer " << layer << ": " << diagnosis;
  std::printf("%s", text.str().c_str());
}

void print_results(const Settings& settings, const std::vector<Run>& runs) {
  std::vector<Result> results = results_of(settings, runs);
  std::printf("\n");
  if (results.empty()) {
    std::printf("No epoch was finished, so there is no result.\n");
    return;
  }
  const double target = settings.target.value_or(default_target(results.front()));
  for (Result& result : results) result.reach = reach(result.runs, target);
  print_table(results, target);
  std::printf(
      "\nAccuracies are means over the seeds [least..most]; steps, in whole epochs, are medians\n"
      "[least..most]. ");
  std::printf(settings.target ? "%g %% is what was asked for.\n"
                              : "%g %% is what the first network ends with, less one point.\n",
              target);
  if (settings.data_type == DataType::bfloat16) print_memory(results);
  for (const Result& result : results) {
    print_gaps(settings, result);
    if (&result != &results.front()) print_comparison(results.front(), result, target);
  }
}

}  // namespace mlp
