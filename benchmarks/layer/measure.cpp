#include "measure.hpp"

#include <algorithm>
#include <iostream>
#include <limits>
#include <stdexcept>

#include "race.hpp"
#include "reference.hpp"
#include "statistics.hpp"

namespace benchmarks {
namespace {

/// A relative error above this is a wrong answer, not an inexact one: sums in float over all rows
/// stay below.
constexpr double largest_error = 2e-2;
constexpr Index largest_small_shape = 7'000'000;

/// The contenders of one problem.
class Field {
 public:
  Field(const Settings& settings, const Problem& problem) : settings_(settings), problem_(problem) {
    for (const Entry& entry : settings.contenders) {
      if (entry.scope == Scope::small && problem.shape.size() > largest_small_shape) continue;
      if (entry.scope == Scope::placed && !problem.shape.placed) continue;
      if (auto contender = entry.make(problem)) members_.push_back({entry, std::move(contender)});
    }
    for (const Member& member : members_) member.contender->load();
  }

  Result measure(Operation operation, const std::string& name) {
    const std::size_t bytes = problem_.bytes(operation);
    Result result{name,
                  layout_name(problem_.shape, problem_.layout),
                  problem_.shape,
                  bytes,
                  level(bytes, settings_.caches),
                  {}};
    if (operation == Operation::backward) prepare_backward();
    const Rounds rounds = race(racers(result.level), operation, settings_.seconds);
    for (const auto& [contender, microseconds] : rounds) {
      result.figures[contender] = {.rounds = microseconds,
                                   .microseconds = median(microseconds),
                                   .spread = spread(microseconds)};
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
      if (member.entry.computes()) member.contender->forward();
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
      if (!entry.computes()) continue;
      problem_.buffers->answer(operation).setConstant(std::numeric_limits<float>::quiet_NaN());
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

struct Task {
  Operation operation;
  Layout layout;
  bool relu;

  std::string name() const { return to_string(operation) + (relu ? "+relu" : ""); }
};

/// All that the settings ask for at a shape; tasks of one problem stand together.
std::vector<Task> tasks(const Settings& settings, const Shape& shape) {
  std::vector<Task> result;
  for (const Layout layout : {Layout::planes, Layout::rows}) {
    if (layout == Layout::planes && shape.spatial == 1) continue;
    for (const bool relu : {false, true}) {
      for (const Operation operation :
           {Operation::forward, Operation::backward, Operation::inference}) {
        if (!shape.trained && operation != Operation::inference) continue;
        const Task task{operation, layout, relu};
        const std::string name = task.name() + "/" + layout_name(shape, layout) + "/" + shape.name;
        if (std::regex_search(name, settings.filter)) result.push_back(task);
      }
    }
  }
  return result;
}

void measure_shape(const Settings& settings, const Shape& shape, const std::vector<Task>& tasks,
                   Results& results) {
  const auto buffers = std::make_shared<Buffers>(shape.size());
  const auto same_problem = [](const Task& one, const Task& other) {
    return one.layout == other.layout && one.relu == other.relu;
  };
  for (auto first = tasks.begin(); first != tasks.end();) {
    const Problem problem(shape, first->layout, first->relu, buffers, settings.threads);
    Field field(settings, problem);
    const auto begin = first;
    for (; first != tasks.end() && same_problem(*first, *begin); ++first) {
      results.all.push_back(field.measure(first->operation, first->name()));
    }
  }
}

}  // namespace

Results measure(const Settings& settings) {
  Results results{settings.contenders, {}};
  const OtherWork others;
  for (const Shape& shape : settings.shapes) {
    const std::vector<Task> chosen = tasks(settings, shape);
    if (chosen.empty()) continue;
    std::cerr << "measuring " << shape.name << std::endl;
    measure_shape(settings, shape, chosen, results);
  }
  results.others = others.processors();
  return results;
}

}  // namespace benchmarks
