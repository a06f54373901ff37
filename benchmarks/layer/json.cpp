#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "eigen.hpp"
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

ordered_json figure_json(const Results& results, const Result& result, const Entry& entry) {
  const Figure& figure = result.figures.at(entry.name);
  const auto [least, most] = std::ranges::minmax(figure.rounds);
  ordered_json json{{"microseconds", figure.microseconds},
                    {"least_microseconds", least},
                    {"most_microseconds", most},
                    {"over_floor", *results.over_floor(result, entry.name)}};
  if (entry.computes()) json["largest_error"] = figure.error;
  if (figure.offset_error) json["largest_error_mean_1000"] = *figure.offset_error;
  json["rounds"] = figure.rounds;
  return json;
}

ordered_json result_json(const Results& results, const Result& result) {
  ordered_json json{
      {"operation", result.operation},    {"layout", result.layout},
      {"shape", result.shape.name},       {"bytes", result.bytes},
      {"level", to_string(result.level)}, {"floor_microseconds", *results.floor(result)}};
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

}  // namespace

void write_json(std::ostream& out, const Results& results, const Settings& settings) {
  const Quiet quiet = results.quiet();
  ordered_json json{{"command", settings.command},
                    {"date", today()},
                    {"processor", processor()},
                    {"compiler", compiler()},
                    {"flags", LAYER_FLAGS},
                    {"eigen", eigen()},
                    {"threads", settings.threads},
                    {"second_level_cache_bytes", settings.caches.second},
                    {"last_level_cache_bytes", settings.caches.last},
                    {"busy", quiet.busy()},
                    {"machine", quiet.sentence("the floor")},
                    {"processors_of_others", quiet.others},
                    {"floor_spread", quiet.spread}};
  for (const Entry& entry : results.contenders) {
    json["contenders"].push_back({{"name", entry.name},
                                  {"description", entry.description},
                                  {"role", to_string(entry.role)}});
  }
  for (const Result& result : results.all) json["results"].push_back(result_json(results, result));
  out << json.dump(1) << '\n';
}

}  // namespace benchmarks
