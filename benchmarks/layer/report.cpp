#include "report.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include "eigen.hpp"
#include "library.hpp"
#include "statistics.hpp"
#include "table.hpp"

namespace benchmarks {
namespace {

constexpr std::array<const char*, 6> operations{"forward",       "forward+relu", "backward",
                                                "backward+relu", "inference",    "inference+relu"};
constexpr std::array<const char*, 3> layouts{"NC", "NCHW", "NHWC"};

void append(std::vector<std::string>& row, const std::vector<std::string>& more) {
  row.insert(row.end(), more.begin(), more.end());
}

std::vector<std::string> compared(const Results& results) {
  std::vector<std::string> names = results.names(Role::peer);
  append(names, results.names(Role::outsider));
  return names;
}

/// Names for a head, in two lines where they have two parts.
std::vector<std::string> broken(std::vector<std::string> names) {
  for (std::string& name : names) {
    if (const auto dash = std::ranges::find(name, '-'); dash != name.end())
      name.insert(dash + 1, '\n');
  }
  return names;
}

std::string over_ours(const Result& result, const std::string& name) {
  return format(Results::over_ours(result, name), Results::spread(result, name));
}

/// Calls `visit(result)` by operation, then by layout.
template <typename Visit>
void for_each(const Results& results, const Visit& visit) {
  for (const char* const operation : operations) {
    for (const char* const layout : layouts) {
      for (const Result& result : results.all) {
        if (result.operation == operation && result.layout == layout) visit(result);
      }
    }
  }
}

std::string kilobytes(const Shape& shape) {
  return format(4e-3 * static_cast<double>(shape.size()), 0);
}

void print_setting(std::ostream& out, const Results& results, const Settings& settings) {
  out << settings.command << "\n\n"
      << "machine  " << machine(settings.caches) << "\n"
      << "build    " << build(LAYER_FLAGS) << "; " << compiler() << "; " << eigen() << "\n"
      << "target   " << target() << ", the instruction set that this library chose\n\n"
      << results.quiet().sentence("the floor") << "\nMedians of " << settings.rounds
      << " rounds (a third of them where rivals are far behind), contenders in random order.\n"
         "Behind ±: half the way from the least to the most of them, in % of the median.\n"
         "All in float, on one thread, but for those named -threads. The level, L2, L3 or memory,\n"
         "says where all arrays of a call fit together.\n\n";
  Table table({"contender", "what it is"}, 2);
  for (const Entry& entry : results.contenders) {
    if (results.took_part(entry.name)) table.add({entry.name, entry.description});
  }
  out << table;
}

void print_shapes(std::ostream& out, const Results& results, const std::string& operation) {
  const std::vector<std::string> names = compared(results);
  std::vector<std::string> head{"layout", "shape", "level", "floor\nus", "ours/\nfloor"};
  append(head, broken(names));
  Table table(head, 3);
  for (const char* const layout : layouts) {
    for (const Result& result : results.all) {
      if (result.operation != operation || result.layout != layout) continue;
      std::vector<std::string> row{
          layout, result.shape.name, to_string(result.level),
          format(results.floor(result), results.spread(result, Role::floor)),
          format(results.over_floor(result, "ours"), Results::spread(result, "ours"))};
      for (const std::string& name : names) {
        row.emplace_back(results.fastest(result, Role::peer) == name ? "*" : "");
        row.back() += over_ours(result, name);
      }
      table.add(row);
    }
  }
  if (table.empty()) return;
  out << "\n"
      << operation
      << ": time of ours over the floor; then times of the others over ours, * the fastest peer\n\n"
      << table;
}

struct Cell {
  int shapes = 0;
  GeometricMean ours, peer, gain;
  std::optional<double> least_gain;
  std::vector<GeometricMean> others;
};

void add(const Results& results, const Result& result, const std::vector<std::string>& outsiders,
         Cell& cell) {
  ++cell.shapes;
  cell.ours.add(results.over_floor(result, "ours"));
  cell.others.resize(outsiders.size());
  for (std::size_t i = 0; i < outsiders.size(); ++i) {
    cell.others[i].add(Results::over_ours(result, outsiders[i]));
  }
  const std::optional<std::string> best = results.fastest(result, Role::peer);
  if (!best) return;
  cell.peer.add(results.over_floor(result, *best));
  const std::optional<double> gain = Results::over_ours(result, *best);
  cell.gain.add(gain);
  if (gain) cell.least_gain = std::min(cell.least_gain.value_or(*gain), *gain);
}

void print_means(std::ostream& out, const Results& results) {
  const std::vector<std::string> outsiders = results.names(Role::outsider);
  std::vector<std::string> head{"operation",        "layout",       "level",
                                "shapes",           "ours/\nfloor", "best peer\n/floor",
                                "best peer\n/ours", "least"};
  for (const std::string& name : outsiders) head.push_back(name + "\n/ours");
  Table table(head, 3);
  for (const char* const operation : operations) {
    for (const char* const layout : layouts) {
      for (const Level level : {Level::second_cache, Level::last_cache, Level::memory}) {
        Cell cell;
        for (const Result& result : results.all) {
          if (std::tie(result.operation, result.layout, result.level) ==
              std::tuple(operation, layout, level)) {
            add(results, result, outsiders, cell);
          }
        }
        if (cell.shapes == 0) continue;
        std::vector<std::string> row{operation,
                                     layout,
                                     to_string(level),
                                     std::to_string(cell.shapes),
                                     format(cell.ours.value()),
                                     format(cell.peer.value()),
                                     format(cell.gain.value()),
                                     format(cell.least_gain)};
        for (const GeometricMean& mean : cell.others) row.push_back(format(mean.value()));
        table.add(row);
      }
    }
  }
  out << "\nGeometric means over the shapes; \"best peer\" is the fastest at each shape, \"least\" "
         "the smallest best peer/ours\n\n"
      << table;
}

/// How fast and how exact one contender is in one layout.
struct Accuracy {
  int shapes = 0;
  GeometricMean speed;
  double error = 0.0;
  std::optional<double> offset_error;
};

Accuracy accuracy(const Results& results, const std::string& layout, const std::string& name) {
  Accuracy found;
  for (const Result& result : results.all) {
    const auto figure = result.figures.find(name);
    if (result.operation != "forward" || result.layout != layout ||
        figure == result.figures.end()) {
      continue;
    }
    ++found.shapes;
    found.speed.add(results.over_floor(result, name));
    found.error = larger(figure->second.error, found.error);
    if (const auto offset = figure->second.offset_error)
      found.offset_error = larger(*offset, found.offset_error.value_or(0.0));
  }
  return found;
}

void print_accuracy(std::ostream& out, const Results& results) {
  Table table({"layout", "contender", "time/floor", "shapes", "mean 0", "mean 1000"}, 2);
  for (const char* const layout : layouts) {
    for (const Entry& entry : results.contenders) {
      if (!entry.computes() || entry.role == Role::threaded || entry.role == Role::placed) continue;
      const Accuracy found = accuracy(results, layout, entry.name);
      if (found.shapes == 0) continue;
      table.add({layout, entry.name, format(found.speed.value()), std::to_string(found.shapes),
                 format_error(found.error), format_error(found.offset_error)});
    }
  }
  if (table.empty()) return;
  out << "\nAccuracy beside speed, forward: geometric mean of time/floor; largest error of y "
         "against double, over all shapes,\nof x with deviation 1 and mean 0, and with means from "
         "999.5 to 1000.5\n\n"
      << table;
}

void print_threads(std::ostream& out, const Results& results, int threads) {
  Table table({"operation", "layout", "shape", "level", "MB of x", "ours", "floor"}, 4);
  for_each(results, [&](const Result& result) {
    const auto gain = divide(Results::time(result, "ours"), Results::time(result, "ours-threads"));
    if (!gain) return;
    const auto of_floor =
        divide(results.floor(result), results.least(result, Role::threaded_floor));
    table.add({result.operation, result.layout, result.shape.name, to_string(result.level),
               format(4e-6 * static_cast<double>(result.shape.size())),
               format(gain, Results::spread(result, "ours-threads")),
               format(of_floor, results.spread(result, Role::threaded_floor))});
  });
  if (table.empty()) return;
  out << "\nTime with one thread over time with " << threads << "\n\n" << table;
}

std::optional<double> per_byte(const Result& result) {
  return divide(Results::time(result, "ours"), static_cast<double>(result.bytes));
}

/// Time of ours per byte, over that of the friendly shape next to it.
std::optional<double> over_friendly(const Results& results, const Result& result) {
  const auto friendly = std::ranges::find_if(results.all, [&](const Result& other) {
    return other.operation == result.operation && other.layout == result.layout &&
           other.shape.name == result.shape.friendly;
  });
  if (friendly == results.all.end()) return std::nullopt;
  return divide(per_byte(result), per_byte(*friendly));
}

void print_awkward(std::ostream& out, const Results& results) {
  Table table({"operation", "layout", "shape", "next to", "kB of x", "time per byte"}, 4);
  for_each(results, [&](const Result& result) {
    const std::optional<double> ratio = over_friendly(results, result);
    if (!ratio) return;
    table.add({result.operation, result.layout, result.shape.name, result.shape.friendly,
               kilobytes(result.shape), format(ratio, Results::spread(result, "ours"))});
  });
  if (table.empty()) return;
  out << "\nAwkward shapes: time of ours per byte, over that of the friendly shape next to it\n\n"
      << table;
}

/// Time of ours in uncomfortable places, over that of ours.
void print_placed(std::ostream& out, const Results& results) {
  const std::vector<std::string> places = results.names(Role::placed);
  if (places.empty()) return;
  std::vector<std::string> head{"operation", "layout", "shape", "kB of x"};
  append(head, broken(places));
  Table table(head, 3);
  for_each(results, [&](const Result& result) {
    if (!result.shape.placed) return;
    std::vector<std::string> row{result.operation, result.layout, result.shape.name,
                                 kilobytes(result.shape)};
    for (const std::string& place : places) row.push_back(over_ours(result, place));
    table.add(row);
  });
  out << "\nAwkward places: time of ours there, over that in aligned row-major tensors\n\n"
      << table;
}

}  // namespace

void print_report(std::ostream& out, const Results& results, const Settings& settings) {
  print_setting(out, results, settings);
  for (const char* const operation : operations) print_shapes(out, results, operation);
  print_means(out, results);
  print_accuracy(out, results);
  print_threads(out, results, settings.threads);
  print_awkward(out, results);
  print_placed(out, results);
}

}  // namespace benchmarks
