#include "reporter.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <iomanip>
#include <numeric>

namespace benchmarks {
namespace {

constexpr std::array<const char*, 3> rivals{"eigen-map", "eigen-tensor", "eigen-colwise"};

std::string format(const char* pattern, double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), pattern, value);
  return text.data();
}

std::string format_ratio(const std::map<std::string, double>& times, const std::string& rival) {
  const auto found = times.find(rival);
  return found == times.end() ? "-" : format("%.2f", found->second / times.at("ours"));
}

void print_row(std::ostream& out, const std::string& task, const std::string& time,
               const std::array<std::string, rivals.size()>& ratios, const std::string& error) {
  out << std::left << std::setw(36) << task << std::right << std::setw(12) << time;
  for (std::size_t k = 0; k < rivals.size(); ++k) {
    out << std::setw(static_cast<int>(std::string(rivals[k]).size()) + 3) << ratios[k];
  }
  out << std::setw(12) << error << '\n';
}

}  // namespace

Name parse_name(const std::string& name) {
  const std::size_t slash = name.rfind('/');
  return {name.substr(0, slash), name.substr(slash + 1)};
}

bool RatioReporter::ReportContext(const Context& context) {
  PrintBasicContext(&GetErrorStream(), context);
  return true;
}

void RatioReporter::ReportRuns(const std::vector<Run>& runs) {
  for (const Run& run : runs) {
    if (run.error_occurred) {
      GetErrorStream() << run.benchmark_name() << ": " << run.error_message << '\n';
      failed_ = true;
    } else if (run.run_type == Run::RT_Aggregate && run.aggregate_name == "median") {
      const auto [task, contender] = parse_name(run.run_name.function_name);
      medians_[task][contender] = run.GetAdjustedRealTime();
      if (contender == "ours") errors_[task] = run.counters.at("error");
    }
  }
}

void RatioReporter::Finalize() {
  std::ostream& out = GetOutputStream();
  out << "\nMedian time of ours, and the others' times over it (above 1: ours is faster); largest "
         "error of ours.\n\n";
  print_row(out, "operation/layout/shape", "ours [us]", {rivals[0], rivals[1], rivals[2]}, "error");
  std::map<std::string, std::vector<double>> logs;
  for (const std::string& task : tasks_) {
    const Times& times = medians_[task];
    if (!times.contains("ours")) continue;
    print_row(out, task, format("%.1f", times.at("ours") / 1e3),
              {format_ratio(times, rivals[0]), format_ratio(times, rivals[1]),
               format_ratio(times, rivals[2])},
              format("%.1e", errors_[task]));
    if (times.contains("eigen-map")) {
      const std::string group = task.substr(0, task.rfind('/'));
      logs[group].push_back(std::log(times.at("eigen-map") / times.at("ours")));
    }
  }
  out << "\nGeometric mean of eigen-map over ours:\n";
  for (const auto& [group, values] : logs) {
    const double sum = std::accumulate(values.begin(), values.end(), 0.0);
    const std::string mean = format("%.2f", std::exp(sum / static_cast<double>(values.size())));
    out << std::left << std::setw(36) << group << std::right << std::setw(12) << mean << '\n';
  }
}

}  // namespace benchmarks
