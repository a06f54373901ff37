// Weights of batch normalization from other systems: lists what is in a file, converts it to
// safetensors, or prints it as C++.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <batchnorm/safetensors_writer.hpp>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <vector>

#include "initializer.hpp"
#include "layers.hpp"

namespace ports {

/// An error of which the user was told.
struct Told : std::exception {};

namespace {

/// What the command line says.
struct Settings {
  std::vector<std::string> files;
  std::string output;
  std::vector<std::string> layers;
  std::string affine_name;
  Affine affine = Affine::unknown;
  bool f32 = false;
  bool keras_names = false;
};

/// The fewest digits that tell it from others, of those that a person reads.
std::string exact(double value) {
  char text[32];  // NOLINT(cppcoreguidelines-avoid-c-arrays)
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

const char* present(const Eigen::VectorXd& values, const char* yes) {
  return values.size() > 0 ? yes : "";
}

void list_layer(const Layer& layer) {
  std::printf("  %s: %s\n", printable(layer.name).c_str(), layer.kind.c_str());
  if (layer.refusal.empty()) {
    const auto& state = layer.state;
    const auto channels = std::max(state.running_mean.size(), state.gamma.size());
    const std::string batches =
        layer.counts ? std::to_string(state.batches) + (state.batches == 1 ? " batch" : " batches")
                     : "batches not counted";
    std::printf("      %td channel%s:%s%s%s, %s\n", channels, channels == 1 ? "" : "s",
                present(state.gamma, " gamma"), present(state.beta, " beta"),
                present(state.running_mean, " running mean and variance"), batches.c_str());
  } else {
    std::printf("      Not read: %s\n", printable(layer.refusal).c_str());
  }
  for (const std::string& note : layer.notes) std::printf("      %s\n", printable(note).c_str());
}

void list_file(const std::string& file, Affine affine) {
  const auto list_content = [&](const Content& content) {
    std::printf("%s: %s, %zu layer%s of batch normalization\n", file.c_str(),
                content.format.c_str(), content.layers, content.layers == 1 ? "" : "s");
    for (const std::string& note : content.notes) std::printf("  %s\n", printable(note).c_str());
  };
  read(file, affine, {.content = list_content, .layer = list_layer});
}

/// All files, also behind one that cannot be read.
void list(const Settings& settings) {
  bool failed = false;
  for (const std::string& file : settings.files) {
    try {
      list_file(file, settings.affine);
    } catch (const std::exception& error) {
      std::fflush(stdout);
      std::fprintf(stderr, "examples/port: %s\n", without_prefix(error.what()).c_str());
      failed = true;
    }
  }
  if (failed) throw Told();
}

/// The layers that were asked for, or all; throws where one is not there or could not be read.
std::vector<Layer> chosen(const Settings& settings) {
  const std::string& file = settings.files.front();
  std::vector<std::string> missing = settings.layers;
  std::vector<Layer> result;
  std::string names;
  const auto take = [&](Layer layer) {
    names += (names.empty() ? "" : ", ") + printable(layer.name);
    const auto asked = std::find(settings.layers.begin(), settings.layers.end(), layer.name);
    if (!settings.layers.empty() && asked == settings.layers.end()) return;
    if (!layer.refusal.empty()) throw std::runtime_error(layer.refusal);
    std::erase(missing, layer.name);
    result.push_back(std::move(layer));
  };
  read(file, settings.affine, {.content = [](const Content&) {}, .layer = take});
  if (!missing.empty()) {
    throw std::runtime_error(file + ": has no layer " + missing.front() + "; it has " + names);
  }
  if (result.empty()) throw std::runtime_error(file + ": has no layer of batch normalization");
  return result;
}

/// Of safetensors, which has no other place for them.
void say_options(const Layer& layer, batchnorm::SafetensorsWriter& out) {
  if (!layer.epsilon || !layer.momentum) return;
  out.set_metadata(layer.name + ".epsilon", exact(*layer.epsilon));
  out.set_metadata(layer.name + ".momentum", exact(*layer.momentum));
  std::printf("  %s: epsilon %s, momentum %s (PyTorch's: %s), as metadata alone\n",
              printable(layer.name).c_str(), exact(*layer.epsilon).c_str(),
              exact(*layer.momentum).c_str(), exact(1.0 - *layer.momentum).c_str());
}

void convert(const Settings& settings) {
  namespace fs = std::filesystem;
  std::error_code none;
  if (fs::equivalent(settings.files.front(), settings.output, none)) {
    throw std::runtime_error(settings.output +
                             ": is the file that is read, and would lose all that is no layer of "
                             "batch normalization: take another --output");
  }
  batchnorm::SafetensorsWriter out;
  const std::vector<Layer> layers = chosen(settings);
  if (!settings.keras_names) out.set_metadata("format", "pt");
  std::printf("%s: %zu layer%s of %s\n", settings.output.c_str(), layers.size(),
              layers.size() == 1 ? "" : "s", settings.files.front().c_str());
  for (const Layer& layer : layers) {
    out.add(layer.name, layer.state, settings.keras_names ? batchnorm::keras : batchnorm::pytorch,
            settings.f32 ? batchnorm::StoredAs::f32 : batchnorm::StoredAs::f64);
    say_options(layer, out);
  }
  out.save(settings.output);
}

void print(const Settings& settings) {
  std::printf("%s", source_of(chosen(settings), settings.files.front()).c_str());
}

void add_affine(CLI::App& command, Settings& settings) {
  command
      .add_option("--affine", settings.affine_name,
                  "What the layers of a .weights.h5 have, which does not\n"
                  "say it: scale-and-shift, scale-only (center=False),\n"
                  "shift-only (scale=False) or none")
      ->check(
          CLI::IsMember({"scale-and-shift", "scale-only", "shift-only", "none"}).description(""))
      ->type_name("NAME");
}

/// By its name.
Affine affine_of(const std::string& name) {
  const std::map<std::string, Affine> names{{"", Affine::unknown},
                                            {"scale-and-shift", Affine::scale_and_shift},
                                            {"scale-only", Affine::scale_only},
                                            {"shift-only", Affine::shift_only},
                                            {"none", Affine::none}};
  return names.at(name);
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
  listing.final_callback([&settings] {
    settings.affine = affine_of(settings.affine_name);
    list(settings);
  });

  CLI::App& converting = *app.add_subcommand(
      "convert", "Write the layers of batch normalization alone, as safetensors");
  add_one_file(converting, settings);
  converting.add_option("--output", settings.output, "The file to write, replaced in one step")
      ->required()
      ->type_name("FILE");
  converting.add_flag("--f32", settings.f32, "Store float in place of double, which is exact");
  converting.add_flag("--keras-names", settings.keras_names,
                      "gamma, beta, moving_mean, moving_variance in place of\nPyTorch's names");
  converting.final_callback([&settings] {
    settings.affine = affine_of(settings.affine_name);
    convert(settings);
  });

  CLI::App& printing =
      *app.add_subcommand("print", "Print the layers as C++, for programs without files");
  add_one_file(printing, settings);
  printing.final_callback([&settings] {
    settings.affine = affine_of(settings.affine_name);
    print(settings);
  });
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
    const int status = ports::run(argc, argv);
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
      std::fprintf(stderr, "examples/port: what was to be printed could not be written\n");
      return 1;
    }
    return status;
  } catch (const ports::Told&) {
    return 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "examples/port: %s\n", ports::without_prefix(error.what()).c_str());
  }
  return 1;
}
