#include "settings.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>

#include "contenders.hpp"
#include "parse_or_exit.hpp"

namespace benchmarks {
namespace {

std::vector<Entry> select(const std::vector<std::string>& names) {
  std::vector<Entry> all = contenders();
  if (names.empty()) return all;
  std::erase_if(all, [&](const Entry& entry) {
    return entry.role != Role::floor && std::ranges::find(names, entry.name) == names.end();
  });
  return all;
}

CLI::Validator known_contenders() {
  std::vector<std::string> names;
  for (const Entry& entry : contenders()) names.push_back(entry.name);
  return CLI::IsMember(names).description("");
}

/// What benchmarks/run was called with, where it says so, and what this program was called with.
std::string command(int argc, char** argv) {
  if (const char* const whole = std::getenv("BENCHMARK_COMMAND")) return whole;
  std::string result = "benchmarks/run";
  for (int i = 1; i < argc; ++i) result += std::string(" ") + argv[i];
  return result;
}

/// What the script takes before the program sees it.
constexpr const char* script_options =
    "Of the script itself:\n"
    "  mlp, calls, activations, types\n"
    "                              as the first argument: another workload, which are the "
    "training\n"
    "                              of a whole network, calls of few values, activations, and\n"
    "                              values of 16 bits; benchmarks/run mlp --help\n"
    "  --flags FLAGS               compile with these, in one argument, in place of\n"
    "                              -O3 -march=native; given again, also with those, each build\n"
    "                              measured in turn: --flags '-O3 -march=native' --flags -O2\n"
    "  --target NAME               the library's instruction set, by BATCHNORM_TARGET: sse2,\n"
    "                              avx2, avx512, neon or portable";

}  // namespace

Settings parse_settings(int argc, char** argv) {
  CLI::App app("Times batch normalization layers: this library, others, and the floor.",
               "benchmarks/run");
  app.footer(script_options);
  using Shapes = std::vector<Shape> (*)();
  const std::map<std::string, Shapes> sets{
      {"networks", network_shapes}, {"awkward", awkward_shapes}, {"small", small_shapes}};
  std::string set = "networks";
  std::string filter = ".*";
  std::vector<std::string> names;
  std::size_t last_level_mib = 32;
  bool quick = false;
  Settings settings;
  app.add_flag("--quick", quick,
               "fewer rounds, and of the networks a few shapes: in under two minutes");
  app.add_option("--set", set, "which shapes")->check(CLI::IsMember(sets))->capture_default_str();
  app.add_option("--filter", filter,
                 "only tasks whose name matches, such as 'forward/NHWC' or\n"
                 "'backward.relu/.*56x56'")
      ->type_name("REGEX");
  app.add_option("--contenders", names,
                 "only these and the floor; an unknown name brings the list of\n"
                 "all, and ratios need ours among them")
      ->delimiter(',')
      ->expected(1, 100)
      ->type_name("NAME,...")
      ->check(known_contenders());
  app.add_option("--threads", settings.threads,
                 "also this library and the floor with so many threads, against\n"
                 "themselves with one")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  const auto [rounds, seconds] = add_rounds(app, settings.rounds, settings.seconds);
  app.add_option("--last-level-cache", last_level_mib,
                 "MiB of it that one core can use, at most; virtual machines\n"
                 "report too much")
      ->capture_default_str();
  app.add_option("--json", settings.json,
                 "also write every figure to this file, with the machine and the\n"
                 "build");
  app.add_flag("--append", settings.append,
               "add to what the file of --json has, such as another build's");
  parse_or_exit(app, argc, argv);
  try {
    settings.filter = std::regex(filter);
  } catch (const std::regex_error& error) {
    std::exit(app.exit(CLI::ValidationError("--filter", error.what())));
  }
  if (quick && rounds->empty()) settings.rounds = 5;
  if (quick && seconds->empty()) settings.seconds = 0.01;
  const bool fewer = quick && set == "networks";
  settings.set = set + (fewer ? ", quick" : "");
  settings.shapes = fewer ? quick_shapes() : sets.at(set)();
  settings.contenders = select(names);
  settings.caches = find_caches(last_level_mib << 20U);
  settings.command = command(argc, argv);
  return settings;
}

}  // namespace benchmarks
