#include "experiments/experiments.hpp"

#include <chrono>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <stdexcept>

#include "chapters/chapters.hpp"
#include "experiments/meter.hpp"
#include "experiments/results.hpp"
#include "experiments/trial.hpp"
#include "format.hpp"
#include "interrupt.hpp"
#include "names.hpp"

namespace mlp {
namespace {

namespace fs = std::filesystem;

Scope scope_of(const Settings& settings, const Material& material) {
  return {.level = settings.level,
          .first_seed = settings.seed,
          .inputs = material.train.images.cols(),
          .classes = material.classes,
          .train = material.train.images.rows(),
          .validation = material.validation.images.rows(),
          .test = material.test.images.rows()};
}

/// Whether a chapter goes by this name on the command line; `position` counts from 1.
bool goes_by(const Chapter& chapter, std::size_t position, const std::string& name) {
  return name == chapter.name || name == std::to_string(position);
}

[[noreturn]] void refuse_chapter(const std::string& name, std::size_t chapters) {
  throw std::runtime_error(
      goes_by(paper(), chapters + 1, name)
          ? "--only paper needs 10,000 images to learn from: give MNIST with --data"
          : "--only " + name + ": there is no such chapter; --help lists them");
}

std::vector<Chapter> chosen_chapters(const Settings& settings, const Scope& scope) {
  const std::vector<Chapter> all = chapters(scope);
  if (settings.only.empty()) return all;
  std::set<std::size_t> positions;
  for (const std::string& name : settings.only) {
    std::size_t i = 0;
    while (i < all.size() && !goes_by(all[i], i + 1, name)) ++i;
    if (i == all.size()) refuse_chapter(name, all.size());
    positions.insert(i);
  }
  std::vector<Chapter> chosen;
  for (const std::size_t i : positions) chosen.push_back(all[i]);
  return chosen;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ",") + name;
  return text;
}

std::string command(const Settings& settings, const std::string& only) {
  std::string text = "examples/run";
  if (!only.empty()) text += " --only " + only;
  if (settings.level != Level::standard) text += std::string(" --") + name(settings.level);
  if (settings.data != MLP_DIGITS) text += " --data " + settings.data;
  if (settings.seed != 1) text += " --seed " + std::to_string(settings.seed);
  return text;
}

/// One trial that is still to be run.
struct Job {
  Recipe recipe;
  std::int64_t seed;
};

class Runner {
 public:
  Runner(const Settings& settings, const Dataset& data)
      : settings_(settings),
        material_(make_material(data)),
        scope_(scope_of(settings, material_)),
        results_(fs::path(settings.report).replace_extension(".csv").string(), material_),
        pool_(settings.threads),
        device_(&pool_, settings.threads),
        chapters_(chosen_chapters(settings, scope_)) {}

  Told run() {
    Told told = introduction();
    Meter meter(remaining_work());
    for (std::size_t i = 0; i < chapters_.size(); ++i) {
      if (!run_chapter(chapters_[i], i, meter)) {
        told.missing.emplace_back(chapters_[i].title);
        continue;
      }
      told.chapters.push_back({.name = chapters_[i].name,
                               .title = chapters_[i].title,
                               .command = command(settings_, chapters_[i].name),
                               .account = chapters_[i].account(Evidence(results_, scope_))});
    }
    count(told);
    return told;
  }

 private:
  /// Trials of a chapter that are not cached, each once.
  std::vector<Job> jobs(const Chapter& chapter) const {
    std::vector<Job> jobs;
    std::set<std::string> seen;
    for (const Recipe& recipe : chapter.recipes(scope_)) {
      for (int i = 0; i < recipe.seeds; ++i) {
        const std::int64_t seed = settings_.seed + i;
        if (results_.find(recipe, seed) != nullptr) continue;
        if (!seen.insert(text_of(recipe) + std::to_string(seed)).second) continue;
        jobs.push_back({recipe, seed});
      }
    }
    return jobs;
  }

  double work(const std::vector<Job>& jobs) const {
    double sum = 0;
    for (const Job& job : jobs) sum += cost_of(job.recipe, scope_.inputs);
    return sum;
  }

  /// What several chapters need is counted once.
  double remaining_work() const {
    double sum = 0;
    std::set<std::string> seen;
    for (const Chapter& chapter : chapters_) {
      for (const Job& job : jobs(chapter)) {
        if (seen.insert(text_of(job.recipe) + std::to_string(job.seed)).second) {
          sum += cost_of(job.recipe, scope_.inputs);
        }
      }
    }
    return sum;
  }

  /// Returns whether the chapter has all of its results.
  bool run_chapter(const Chapter& chapter, std::size_t position, Meter& meter) {
    const std::vector<Job> missing = jobs(chapter);
    const std::string title = format("%zu/%zu %s", position + 1, chapters_.size(), chapter.title);
    const auto start = std::chrono::steady_clock::now();
    if (noted_signal() != 0 && !missing.empty()) return false;
    const std::string reused = missing.empty() ? origin_of(chapter) : "";
    note_origin(chapter);
    meter.begin(title, work(missing));
    for (const Job& job : missing) {
      auto figures =
          run_trial(job.recipe, job.seed, material_, device_, [] { return noted_signal() != 0; });
      if (!figures) return false;
      results_.add(job.recipe, job.seed, std::move(*figures));
      meter.advance(cost_of(job.recipe, scope_.inputs));
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    const std::string done =
        missing.empty() ? reused
                        : format("%4zu networks, %5.1f s", missing.size(), seconds.count());
    meter.end(format("%-26s  %s", title.c_str(), done.c_str()));
    return true;
  }

  /// Where the networks of a chapter come from that has none left to train.
  std::string origin_of(const Chapter& chapter) const {
    for (const Recipe& recipe : chapter.recipes(scope_)) {
      const auto origin = origins_.find(text_of(recipe));
      if (origin != origins_.end()) return "uses the networks of " + origin->second;
    }
    return "was trained by an earlier run";
  }

  /// Called before a chapter's networks are trained.
  void note_origin(const Chapter& chapter) {
    for (const Job& job : jobs(chapter)) origins_.emplace(text_of(job.recipe), chapter.title);
  }

  Told introduction() const;

  void count(Told& told) const {
    std::set<std::string> seen;
    for (const Chapter& chapter : chapters_) {
      for (const Recipe& recipe : chapter.recipes(scope_)) {
        for (int i = 0; i < recipe.seeds; ++i) {
          const Figures* const figures = results_.find(recipe, settings_.seed + i);
          if (figures == nullptr) continue;
          if (!seen.insert(text_of(recipe) + std::to_string(i)).second) continue;
          ++told.trials;
          told.seconds += last(*figures, "seconds");
        }
      }
    }
  }

  const Settings& settings_;
  Material material_;
  Scope scope_;
  Results results_;
  Eigen::ThreadPool pool_;
  nn::Device device_;
  std::vector<Chapter> chapters_;
  std::map<std::string, std::string> origins_{};  ///< recipe, and the chapter that trained it now
};

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "a processor without a name";
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::string text(sizeof "2026-11-22", '\0');
  text.resize(std::strftime(text.data(), text.size(), "%Y-%m-%d", std::localtime(&now)));
  return text;
}

Told Runner::introduction() const {
  return {
      .data = format("%s: %td images of %td pixels to learn from, %td to choose the learning "
                     "rates, %td to test; %td classes",
                     settings_.data == MLP_DIGITS ? "handwritten digits, 8x8 (examples/data)"
                                                  : settings_.data.c_str(),
                     scope_.train, scope_.inputs, scope_.validation, scope_.test, scope_.classes),
      .machine = processor() +
                 format(", %d thread%s", settings_.threads, settings_.threads == 1 ? "" : "s"),
      .program = format("Eigen %d.%d.%d, compiled by %s", EIGEN_WORLD_VERSION, EIGEN_MAJOR_VERSION,
                        EIGEN_MINOR_VERSION, MLP_COMPILER),
      .date = today(),
      .command = command(settings_, joined(settings_.only)),
      .level = name(settings_.level)};
}

}  // namespace

Told run_experiments(const Settings& settings, const Dataset& data) {
  return Runner(settings, data).run();
}

}  // namespace mlp
