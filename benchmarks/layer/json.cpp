#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "eigen.hpp"
#include "library.hpp"
#include "report.hpp"

namespace benchmarks {
namespace {

using nlohmann::ordered_json;

std::string today() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::array<char, 16> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d", std::gmtime(&now));
  return text.data();
}

/// A measured value with no more digits than repeat.
double rounded(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.4g", value);
  return std::strtod(text.data(), nullptr);
}

std::vector<double> rounded(std::vector<double> values) {
  for (double& value : values) value = rounded(value);
  return values;
}

ordered_json figure_json(const Results& results, const Result& result, const Entry& entry) {
  const Figure& figure = result.figures.at(entry.name);
  const auto [least, most] = std::ranges::minmax(figure.rounds);
  ordered_json json{{"microseconds", rounded(figure.microseconds)},
                    {"least_microseconds", rounded(least)},
                    {"most_microseconds", rounded(most)},
                    {"over_floor", rounded(*results.over_floor(result, entry.name))}};
  if (entry.computes()) json["largest_error"] = rounded(figure.error);
  if (figure.offset_error) json["largest_error_mean_1000"] = rounded(*figure.offset_error);
  json["rounds"] = rounded(figure.rounds);
  return json;
}

ordered_json result_json(const Results& results, const Result& result) {
  ordered_json json{
      {"operation", result.operation},    {"layout", result.layout},
      {"shape", result.shape.name},       {"bytes", result.bytes},
      {"level", to_string(result.level)}, {"floor_microseconds", rounded(*results.floor(result))}};
  for (const Entry& entry : results.contenders) {
    if (result.figures.contains(entry.name)) {
      json["contenders"][entry.name] = figure_json(results, result, entry);
    }
  }
  return json;
}

std::string to_string(Role role) {
  switch (role) {
    case Role::floor:
      return "floor";
    case Role::ours:
      return "ours";
    case Role::placed:
      return "placed";
    case Role::peer:
      return "peer";
    case Role::outsider:
      return "outsider";
    case Role::threaded:
      return "threaded";
    case Role::threaded_floor:
      return "threaded floor";
  }
  return {};
}

ordered_json machine_json(const Caches& caches) {
  return {{"processor", processor()},
          {"processors", processors()},
          {"instruction_sets", instruction_sets()},
          {"second_level_cache_bytes", caches.second},
          {"last_level_cache_bytes", caches.last},
          {"last_level_cache_reported_bytes", caches.reported}};
}

ordered_json quiet_json(const Quiet& quiet) {
  return {{"busy", quiet.busy()},
          {"sentence", quiet.sentence("the floor")},
          {"processors_of_others", rounded(quiet.others)},
          {"floor_spread", rounded(quiet.spread)}};
}

ordered_json run_json(const Results& results, const Settings& settings) {
  ordered_json json{{"command", settings.command},
                    {"date", today()},
                    {"machine", machine_json(settings.caches)},
                    {"build", build(LAYER_FLAGS)},
                    {"compiler", compiler()},
                    {"target", target()},
                    {"eigen", eigen()},
                    {"set", settings.set},
                    {"threads", settings.threads},
                    {"quiet", quiet_json(results.quiet())}};
  for (const Entry& entry : results.contenders) {
    json["contenders"].push_back({{"name", entry.name},
                                  {"description", entry.description},
                                  {"role", to_string(entry.role)}});
  }
  for (const Result& result : results.all) json["results"].push_back(result_json(results, result));
  return json;
}

/// The runs in a file; none where it is empty or not there.
ordered_json runs_in(const std::string& name) {
  std::ifstream file(name);
  if (file.peek() == std::ifstream::traits_type::eof()) return ordered_json::array();
  const ordered_json found = ordered_json::parse(file, nullptr, false);
  if (found.is_object() && found.contains("runs") && found["runs"].is_array()) return found["runs"];
  throw std::runtime_error("--append adds to figures of --json, which " + name +
                           " does not hold; give the name of a new file");
}

/// A line per result, since there are hundreds.
void write(std::ostream& out, ordered_json run) {
  const ordered_json results = run["results"];
  run.erase("results");
  const std::string head = run.dump(1);
  out << head.substr(0, head.rfind('\n')) << ",\n \"results\": [";
  const char* separator = "\n  ";
  for (const ordered_json& result : results) {
    out << separator << result.dump();
    separator = ",\n  ";
  }
  out << "\n ]\n}";
}

}  // namespace

void check_json(const Settings& settings) {
  if (settings.json.empty()) return;
  if (settings.append) runs_in(settings.json);
  if (!std::ofstream(settings.json, std::ios::app))
    throw std::runtime_error("cannot write " + settings.json);
}

void write_json(const Results& results, const Settings& settings) {
  if (settings.json.empty()) return;
  ordered_json runs = settings.append ? runs_in(settings.json) : ordered_json::array();
  runs.push_back(run_json(results, settings));
  std::ofstream out(settings.json);
  const char* separator = "";
  out << "{\"runs\": [";
  for (const ordered_json& run : runs) {
    out << separator;
    write(out, run);
    separator = ",\n";
  }
  out << "]}\n";
  if (!out.flush()) throw std::runtime_error("cannot write " + settings.json);
}

}  // namespace benchmarks
