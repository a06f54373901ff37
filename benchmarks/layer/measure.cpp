#include "measure.hpp"

#include <algorithm>
#include <iostream>
#include <stdexcept>

#include "race.hpp"
#include "reference.hpp"

namespace benchmarks {
namespace {

/// A relative error above this is a wrong answer, not an inexact one: sums in float over all rows
/// stay below.
constexpr double largest_error = 2e-2;
constexpr Index largest_small_shape = 7'000'000;

bool computes(const Entry& entry) { return !entry.name.starts_with("floor"); }

/// The contenders of one problem.
class Field {
 public:
  Field(const Settings& settings, const Problem& problem) : settings_(settings), problem_(problem) {
    for (const Entry& entry : settings.contenders) {
      if (entry.scope == Scope::small && problem.shape.size() > largest_small_shape) continue;
      if (auto contender = entry.make(problem)) members_.push_back({entry, std::move(contender)});
    }
    for (const Member& member : members_) member.contender->load();
  }

  Result measure(Operation operation, const std::string& name) {
    const std::size_t bytes = problem_.bytes(operation);
    Result result{name,  problem_.layout_name(),         problem_.shape,
                  bytes, level(bytes, settings_.caches), {}};
    if (operation == Operation::backward) prepare_backward();
    const Rounds rounds = race(racers(result.level), operation, settings_.seconds);
    for (const auto& [contender, microseconds] : rounds) {
      result.figures[contender] = {.rounds = microseconds, .microseconds = median(microseconds)};
    }
    add_errors(operation, result);
    if (name == "forward") add_offset_errors(result);
    return result;
  }

 private:
  struct Member {
    Entry entry;
    std::unique_ptr<Contender> contender;
  };

  void prepare_backward() const {
    for (const Member& member : members_) {
      if (computes(member.entry)) member.contender->forward();
    }
  }

  std::vector<Racer> racers(Level level) const {
    std::vector<Racer> result;
    for (const auto& [entry, contender] : members_) {
      if (entry.scope == Scope::memory && level != Level::memory) continue;
      const bool slow = entry.scope == Scope::small;
      const int rounds = slow ? std::max(1, settings_.rounds / 3) : settings_.rounds;
      result.push_back({entry.name, contender.get(), rounds});
    }
    return result;
  }

  /// Calls `take(name, error)` with the error of each contender's answer.
  template <typename Take>
  void check(Operation operation, const Take& take) const {
    const Reference reference(problem_, operation);
    for (const auto& [entry, contender] : members_) {
      if (!computes(entry)) continue;
      contender->run(operation);
      contender->unload(operation);
      take(entry.name, reference.error());
    }
  }

  void add_errors(Operation operation, Result& result) const {
    check(operation, [&](const std::string& name, const Reference::Error& error) {
      result.figures.at(name).error = error.largest;
      if (error.relative < largest_error) return;
      throw std::runtime_error(name + " gave a wrong answer in " + result.operation + "/" +
                               result.layout + "/" + result.shape.name + ": off by " +
                               std::to_string(error.largest));
    });
  }

  void add_offset_errors(Result& result) const {
    Eigen::ArrayXf& x = problem_.buffers->x;
    const Eigen::ArrayXf original = x;
    // Not one round number: float sums of those happen to be exact.
    const Index channels = problem_.shape.channels;
    const Eigen::ArrayXf means = Eigen::ArrayXf::LinSpaced(channels, 999.5F, 1000.5F);
    for (Index n = 0; n < problem_.shape.samples; ++n) {
      for (Index c = 0; c < channels; ++c) {
        for (Index s = 0; s < problem_.shape.spatial; ++s) x[problem_.at(n, c, s)] += means[c];
      }
    }
    for (const Member& member : members_) member.contender->load();
    check(Operation::forward, [&](const std::string& name, const Reference::Error& error) {
      result.figures.at(name).offset_error = error.largest;
    });
    x = original;
    for (const Member& member : members_) member.contender->load();
  }

  const Settings& settings_;
  const Problem& problem_;
  std::vector<Member> members_;
};

std::vector<Operation> operations(const Shape& shape) {
  if (!shape.trained) return {Operation::inference};
  return {Operation::forward, Operation::backward, Operation::inference};
}

void measure_problem(const Settings& settings, const Problem& problem, Results& results) {
  std::vector<std::pair<Operation, std::string>> tasks;
  for (const Operation operation : operations(problem.shape)) {
    const std::string name = to_string(operation) + (problem.relu ? "+relu" : "");
    const std::string task = name + "/" + problem.layout_name() + "/" + problem.shape.name;
    if (std::regex_search(task, settings.filter)) tasks.emplace_back(operation, name);
  }
  if (tasks.empty()) return;
  Field field(settings, problem);
  for (const auto& [operation, name] : tasks) {
    results.all.push_back(field.measure(operation, name));
  }
}

}  // namespace

Results measure(const Settings& settings) {
  Results results{settings.contenders, {}};
  std::size_t done = 0;
  for (const Shape& shape : settings.shapes) {
    std::cerr << "shape " << ++done << " of " << settings.shapes.size() << ": " << shape.name
              << std::endl;
    const auto buffers = std::make_shared<Buffers>(shape.size());
    for (const Layout layout : {Layout::planes, Layout::rows}) {
      if (layout == Layout::planes && shape.spatial == 1) continue;
      for (const bool relu : {false, true}) {
        measure_problem(settings, {shape, layout, relu, buffers, settings.threads}, results);
      }
    }
  }
  return results;
}

}  // namespace benchmarks
