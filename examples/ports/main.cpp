// Weights of batch normalization from other systems: lists what is in a file, converts it to
// safetensors, or prints it as C++.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <batchnorm/safetensors_writer.hpp>
#include <cstdio>
#include <exception>
#include <map>
#include <string>
#include <vector>

#include "initializer.hpp"
#include "layers.hpp"

namespace ports {
namespace {

/// What the command line says.
struct Settings {
  std::vector<std::string> files;
  std::string output;
  std::vector<std::string> layers;
  Affine affine = Affine::unknown;
  bool f32 = false;
  bool keras_names = false;
};

const char* present(const Eigen::VectorXd& values, const char* yes) {
  return values.size() > 0 ? yes : "";
}

void list_layer(const Layer& layer) {
  std::printf("  %s: %s\n", layer.name.c_str(), layer.kind.c_str());
  if (layer.refusal.empty()) {
    const auto& state = layer.state;
    const auto channels = std::max(state.running_mean.size(), state.gamma.size());
    std::printf("      %td channel%s:%s%s%s, %lld batches\n", channels, channels == 1 ? "" : "s",
                present(state.gamma, " gamma"), present(state.beta, " beta"),
                present(state.running_mean, " running mean and variance"),
                static_cast<long long>(state.batches));
  } else {
    std::printf("      not read: %s\n", layer.refusal.c_str());
  }
  for (const std::string& note : layer.notes) std::printf("      It %s\n", note.c_str());
}

void list(const Settings& settings) {
  for (const std::string& file : settings.files) {
    const Content content = read(file, settings.affine);
    const std::size_t count = content.layers.size();
    std::printf("%s: %s, %zu layer%s of batch normalization\n", file.c_str(),
                content.format.c_str(), count, count == 1 ? "" : "s");
    for (const std::string& note : content.notes) std::printf("  %s\n", note.c_str());
    for (const Layer& layer : content.layers) list_layer(layer);
  }
}

/// The layers that were asked for, or all; throws where one is not there or could not be read.
std::vector<Layer> chosen(const Settings& settings) {
  const std::string& file = settings.files.front();
  std::vector<Layer> found = read(file, settings.affine).layers;
  for (const std::string& name : settings.layers) {
    const auto has_name = [&](const Layer& layer) { return layer.name == name; };
    if (std::none_of(found.begin(), found.end(), has_name)) {
      throw std::runtime_error(file + ": has no layer " + name + "; \"list\" says which it has");
    }
  }
  std::vector<Layer> result;
  for (Layer& layer : found) {
    const bool wanted = settings.layers.empty() ||
                        std::find(settings.layers.begin(), settings.layers.end(), layer.name) !=
                            settings.layers.end();
    if (wanted && !layer.refusal.empty()) throw std::runtime_error(layer.refusal);
    if (wanted) result.push_back(std::move(layer));
  }
  if (result.empty()) throw std::runtime_error(file + ": has no layer of batch normalization");
  return result;
}

void convert(const Settings& settings) {
  batchnorm::SafetensorsWriter out;
  for (const Layer& layer : chosen(settings)) {
    out.add(layer.name, layer.state, settings.keras_names ? batchnorm::keras : batchnorm::pytorch,
            settings.f32 ? batchnorm::StoredAs::f32 : batchnorm::StoredAs::f64);
  }
  out.save(settings.output);
}

void print(const Settings& settings) {
  const std::vector<Layer> layers = chosen(settings);
  std::printf("#pragma once\n\n#include <batchnorm/state.hpp>\n");
  for (const Layer& layer : layers) {
    std::printf("\n%s", initializer_of(layer, settings.files.front()).c_str());
  }
}

void add_affine(CLI::App& command, Settings& settings) {
  const std::map<std::string, Affine> names{{"scale-and-shift", Affine::scale_and_shift},
                                            {"scale-only", Affine::scale_only},
                                            {"shift-only", Affine::shift_only},
                                            {"none", Affine::none}};
  command
      .add_option("--affine", settings.affine,
                  "What the layers of a .weights.h5 have, which does not\n"
                  "say it: scale-and-shift, scale-only (center=False),\n"
                  "shift-only (scale=False) or none")
      ->transform(CLI::CheckedTransformer(names).description(""))
      ->type_name("NAME")
      ->default_str("");
}

void add_one_file(CLI::App& command, Settings& settings) {
  command.add_option("FILE", settings.files, "safetensors, ONNX, .keras, .weights.h5 or .h5")
      ->required()
      ->expected(1);
  command.add_option("--layer", settings.layers, "This layer alone; may be given again")
      ->type_name("NAME")
      ->allow_extra_args(false);
  add_affine(command, settings);
}

void add_commands(CLI::App& app, Settings& settings) {
  CLI::App& listing = *app.add_subcommand("list", "Say what is in files");
  listing.add_option("FILE", settings.files, "safetensors, ONNX, .keras, .weights.h5 or .h5")
      ->required();
  add_affine(listing, settings);
  listing.final_callback([&settings] { list(settings); });

  CLI::App& converting = *app.add_subcommand("convert", "Write the layers as safetensors");
  add_one_file(converting, settings);
  converting.add_option("--output", settings.output, "The file to write, replaced in one step")
      ->required()
      ->type_name("FILE");
  converting.add_flag("--f32", settings.f32, "Store float in place of double, which is exact");
  converting.add_flag("--keras-names", settings.keras_names,
                      "gamma, beta, moving_mean, moving_variance in place of\nPyTorch's names");
  converting.final_callback([&settings] { convert(settings); });

  CLI::App& printing =
      *app.add_subcommand("print", "Print the layers as C++, for programs without files");
  add_one_file(printing, settings);
  printing.final_callback([&settings] { print(settings); });
}

int run(int argc, char** argv) {
  CLI::App app(
      "Reads what batch normalization has learnt in other systems: safetensors (PyTorch),\n"
      "ONNX and Keras.",
      "examples/port");
  app.require_subcommand(1);
  app.set_help_flag("");
  app.set_help_all_flag("-h,--help", "Print this help message and exit");
  app.failure_message([](const CLI::App* program, const CLI::Error& mistake) {
    return program->get_name() + ": " + mistake.what() + "\n";
  });
  Settings settings;
  add_commands(app, settings);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::Error& mistake) {
    app.exit(mistake);
    return 2;
  }
  return 0;
}

}  // namespace
}  // namespace ports

int main(int argc, char** argv) {
  try {
    return ports::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "examples/port: %s\n", error.what());
  }
  return 1;
}
