#include "command_line.hpp"

#include <CLI/CLI.hpp>
#include <cstddef>
#include <cstdio>
#include <map>
#include <set>

namespace mlp {
namespace {

const std::map<std::string, Placement> placements{{"none", Placement::none},
                                                  {"before", Placement::before_activation},
                                                  {"after", Placement::after_activation}};
const std::map<std::string, Activation> activations{{"sigmoid", Activation::sigmoid},
                                                    {"relu", Activation::relu}};

const std::map<std::string, DataType> data_types{{"float", DataType::float32},
                                                 {"bfloat16", DataType::bfloat16}};

/// What the command line says about things that Settings keeps in another form.
struct Raw {
  std::string activation = "sigmoid";
  std::string data_type = "float";
  std::vector<std::string> norms{"none", "before"};
  std::vector<double> learning_rates;
};

std::vector<Arm> make_arms(const Raw& raw, Activation activation) {
  const std::vector<double>& rates = raw.learning_rates;
  expect(rates.size() <= 1 || rates.size() == raw.norms.size(),
         "--learning-rate takes one value, or one for each value of --norm");
  std::vector<Arm> arms;
  for (std::size_t i = 0; i < raw.norms.size(); ++i) {
    const Placement placement = placements.at(raw.norms[i]);
    const double rate = rates.empty() ? default_learning_rate(activation, placement)
                                      : rates[rates.size() == 1 ? 0 : i];
    arms.push_back({placement, rate});
  }
  return arms;
}

/// Lists on the command line have no more values than this.
constexpr int kMostValues = 100;

void add_data_options(CLI::App& app, Settings& settings) {
  app.add_option("--data", settings.data,
                 "Folder with a data set in MNIST's format, plain or .gz:\n"
                 "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-...\n"
                 "By default the digits that come with the example")
      ->type_name("FOLDER")
      ->group("Data");
}

void add_network_options(CLI::App& app, Settings& settings, Raw& raw) {
  const std::string group = "Network";
  app.add_option("--layers", settings.hidden, "Widths of the hidden layers")
      ->delimiter(',')
      ->expected(1, kMostValues)
      ->type_name("N,...")
      ->default_str("100,100,100")
      ->group(group);
  app.add_option("--activation", raw.activation, "Of the hidden layers: sigmoid or relu")
      ->check(CLI::IsMember({"sigmoid", "relu"}).description(""))
      ->type_name("NAME")
      ->capture_default_str()
      ->group(group);
  app.add_option("--norm", raw.norms,
                 "The networks to compare, by where their BatchNorm\n"
                 "stands: none, before or after the activation")
      ->check(CLI::IsMember({"none", "before", "after"}).description(""))
      ->delimiter(',')
      ->expected(1, kMostValues)
      ->type_name("NAME,...")
      ->default_str("none,before")
      ->group(group);
  app.add_option("--momentum", settings.momentum,
                 "Of BatchNorm: weight of the old value in the running\nstatistics")
      ->type_name("X")
      ->capture_default_str()
      ->group(group);
  app.add_option("--epsilon", settings.epsilon, "Of BatchNorm: added to the variance")
      ->type_name("X")
      ->default_str("1e-5")
      ->group(group);
}

void add_training_options(CLI::App& app, Settings& settings, Raw& raw) {
  const auto add = [&](const char* option, auto& value, const char* help, const char* type) {
    return app.add_option(option, value, help)
        ->type_name(type)
        ->capture_default_str()
        ->group("Training");
  };
  app.add_option(
         "--learning-rate", raw.learning_rates,
         "One for all networks, or one for each. By default what\nis best for each on the digits")
      ->delimiter(',')
      ->expected(1, kMostValues)
      ->type_name("X,...")
      ->group("Training");
  add("--batch", settings.batch,
      "Samples in a batch; a single one that is left over joins\nthe last batch", "N");
  add("--epochs", settings.epochs, "Passes over the training images", "N");
  add("--sgd-momentum", settings.sgd_momentum, "Of the optimizer: weight of the old velocity", "X");
  add("--weight-decay", settings.weight_decay,
      "Of the weights of linear layers; never of biases, gamma\nand beta", "X");
  app.add_option("--data-type", raw.data_type,
                 "What activations are kept in: float, or bfloat16, which\n"
                 "takes half the memory; parameters are float in both")
      ->check(CLI::IsMember({"float", "bfloat16"}).description(""))
      ->type_name("NAME")
      ->capture_default_str()
      ->group("Training");
  add("--seeds", settings.seeds, "How often each network is trained, each time from other\nweights",
      "N");
  add("--seed", settings.seed, "The first seed; the same seed gives the same bits", "N");
  add("--threads", settings.threads, "The results do not depend on how many", "N");
}

void add_result_options(CLI::App& app, Settings& settings) {
  app.add_option("--target", settings.target,
                 "Test accuracy to count the steps to. By default what the\n"
                 "first network ends with, less one")
      ->type_name("PERCENT")
      ->group("Results");
  app.add_option("--csv", settings.csv, "Write the figures of every epoch to this file")
      ->type_name("FILE")
      ->group("Results");
  app.add_option("--save", settings.save,
                 "Write each trained network to this file, which so holds\n"
                 "the last one: of the last of --norm, from the last seed")
      ->type_name("FILE")
      ->group("Results");
  app.add_flag("--diagnose", settings.diagnoses,
               "Say how each BatchNorm of the networks from the last\n"
               "seed, or of --load, is, beside the test images")
      ->group("Results");
  app.add_option("--load", settings.load,
                 "Train nothing; say how the network that --save wrote\n"
                 "does on the test images of --data")
      ->type_name("FILE")
      ->group("Results");
}

void add_report_options(CLI::App& app, Settings& settings) {
  const std::string group = "Report";
  app.add_option("--report", settings.report,
                 "Where the report goes; its figures stand beside it, as\n"
                 ".csv and .json. What the .csv has is not run again")
      ->type_name("FILE.html")
      ->default_str("build/mlp/report.html")
      ->group(group);
  auto* const quick = app.add_flag_callback(
      "--quick", [&settings] { settings.level = Level::quick; }, "40 seconds, coarser");
  auto* const full = app.add_flag_callback(
      "--full", [&settings] { settings.level = Level::full; },
      "As long as it takes: finer grids, more seeds and steps");
  quick->group(group)->excludes(full);
  full->group(group);
  app.add_option("--only", settings.only,
                 "These chapters alone, without the comparison, by name or\n"
                 "number: 1 faster, 2 rates, 3 start, 4 depth,\n"
                 "5 distributions, 6 placement, 7 batches, 8 mode,\n"
                 "9 statistics, 10 regularisation, and, for 10,000 images\n"
                 "or more, 11 paper")
      ->delimiter(',')
      ->expected(1, kMostValues)
      ->type_name("CHAPTER,...")
      ->group(group);
}

/// Of the comparison, with --quick and without --epochs.
constexpr int kQuickEpochs = 45;

/// Without options there are both, the comparison and the report. Who changes the comparison wants
/// to see it, and who asks for chapters, these.
void choose_parts(const CLI::App& app, Settings& settings) {
  bool changes_comparison = false;
  bool asks_for_report = false;
  for (const CLI::Option* const option : app.get_options()) {
    if (option->count() == 0) continue;
    const std::string group = option->get_group();
    const std::string name = option->get_name();
    if (group == "Report") asks_for_report = true;
    if (group == "Network" || group == "Results") changes_comparison = true;
    if (group == "Training" && name != "--threads" && name != "--seed") changes_comparison = true;
  }
  settings.compares = settings.only.empty();
  if (settings.level == Level::quick && app.count("--epochs") == 0) settings.epochs = kQuickEpochs;
  settings.reports = asks_for_report || !changes_comparison;
}

/// A saved network brings its own settings; beside them no option but these says anything.
void check_load(const CLI::App& app) {
  const std::set<std::string> meaningful{"--load", "--data", "--data-type", "--diagnose",
                                         "--threads"};
  for (const CLI::Option* const option : app.get_options()) {
    const std::string name = option->get_name();
    expect(option->count() == 0 || meaningful.contains(name),
           name + " has no meaning beside --load, which trains nothing");
  }
}

void parse(CLI::App& app, int argc, char** argv, Settings& settings, Raw& raw) {
  try {
    app.parse(argc, argv);
    settings.activation = activations.at(raw.activation);
    settings.data_type = data_types.at(raw.data_type);
    settings.arms = make_arms(raw, settings.activation);
    check(settings);
    choose_parts(app, settings);
    if (!settings.load.empty()) check_load(app);
  } catch (const CLI::Success& help) {
    throw Exit{app.exit(help)};
  } catch (const CLI::Error& mistake) {
    app.exit(mistake);
    throw Exit{2};
  } catch (const Mistake& mistake) {
    std::fprintf(stderr, "%s: %s\n", app.get_name().c_str(), mistake.what());
    throw Exit{2};
  }
}

}  // namespace

Settings parse_settings(int argc, char** argv) {
  CLI::App app(
      "Trains a multilayer perceptron on images, with and without batch normalization, and says\n"
      "who got where in how many steps. Then trains many more, and writes a report on what batch\n"
      "normalization does. Without options: handwritten digits, two minutes.\n"
      "Options of the comparison, which are those of Network, Training and Results but for --seed\n"
      "and --threads, leave out the report, unless one of its own options asks for it.",
      "examples/run");
  app.failure_message([](const CLI::App* program, const CLI::Error& mistake) {
    return program->get_name() + ": " + mistake.what() + "\n";
  });
  app.get_formatter()->column_width(30);

  Settings settings;
  settings.data = MLP_DIGITS;
  settings.report = MLP_REPORT;
  Raw raw;
  add_data_options(app, settings);
  add_network_options(app, settings, raw);
  add_training_options(app, settings, raw);
  add_result_options(app, settings);
  add_report_options(app, settings);
  parse(app, argc, argv, settings, raw);
  return settings;
}

}  // namespace mlp
