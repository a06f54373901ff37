// Times layers over values of 16 bits beside one over float, and beside other libraries with
// bfloat16; and says how exact they are.

#include <cmath>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <random>
#include <set>

#include "fairness.hpp"
#include "machine.hpp"
#include "parse_or_exit.hpp"
#include "race.hpp"
#include "statistics.hpp"
#include "table.hpp"
#include "typed.hpp"

namespace benchmarks {

Images::Images(const Shape& of_shape, Layout of_layout, float mean)
    : shape(of_shape), layout(of_layout), x(shape.size()), dy(shape.size()) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  const auto exact = [](float value) { return static_cast<float>(Eigen::bfloat16(value)); };
  for (float& value : x) value = exact(mean + normal(random));
  for (float& value : dy) value = exact(normal(random));
}

namespace {

struct Settings {
  int rounds = 9;
  double seconds = 0.02;
  bool quick = false;
};

Settings parse(int argc, char** argv) {
  Settings settings;
  CLI::App app(
      "Times layers over values of 16 bits beside one over float, and beside other libraries.",
      "benchmarks/run types");
  app.footer(usual_script_options);
  app.add_flag("--quick", settings.quick, "one small shape");
  add_rounds(app, settings.rounds, settings.seconds);
  parse_or_exit(app, argc, argv);
  return settings;
}

std::vector<Shape> shapes(bool quick) {
  if (quick) return {{"4x16x8x8", 4, 16, 64}};
  return {{"32x64x112x112", 32, 64, 12544}, {"32x256x56x56", 32, 256, 3136},
          {"32x512x28x28", 32, 512, 784},   {"64x256x14x14", 64, 256, 196},
          {"8x64x28x28", 8, 64, 784},       {"4x16x28x28", 4, 16, 784}};
}

struct Running {
  std::string name;
  std::unique_ptr<TypedContender> contender;
};

std::vector<Running> running(const Images& images) {
  std::vector<Running> result;
  for (const TypedEntry& entry : entries()) {
    auto contender = entry.make(images);
    if (contender != nullptr) result.push_back({entry.name, std::move(contender)});
  }
  return result;
}

/// Of each contender, the time over that of float; of the others the time over bfloat16 here.
void add_times(Table& table, const Images& images, const Settings& settings) {
  const std::vector<Running> all = running(images);
  for (const Running& each : all) each.contender->forward();
  for (const Operation operation :
       {Operation::forward, Operation::backward, Operation::inference}) {
    std::vector<Racer> racers;
    for (const Running& each : all)
      racers.push_back({each.name, each.contender.get(), settings.rounds});
    Rounds rounds = race(racers, operation, settings.seconds);
    const auto time = [&](const std::string& name) -> std::optional<double> {
      if (rounds[name].empty()) return std::nullopt;
      return median(rounds[name]);
    };
    const auto ratio = [&](const std::string& name, const std::string& to) {
      const auto a = time(name);
      return format(a ? std::optional(*a / *time(to)) : std::nullopt);
    };
    table.add({layout_name(images.shape, images.layout), images.shape.name, to_string(operation),
               format(time("float"), 1), ratio("bfloat16", "float"), ratio("half", "float"),
               ratio("oneDNN", "bfloat16"), ratio("libtorch", "bfloat16")});
  }
}

void print_times(const Settings& settings) {
  Table table(
      {"layout", "shape", "operation", "float, us", "bfloat16", "half", "oneDNN", "libtorch"}, 3);
  for (const Shape& shape : shapes(settings.quick)) {
    for (const Layout layout : {Layout::planes, Layout::rows})
      add_times(table, Images(shape, layout, 0), settings);
  }
  std::cout << "Times: float in microseconds; bfloat16 and half over float; oneDNN and libtorch, "
               "both with bfloat16, over bfloat16 here.\n\n"
            << table << '\n';
}

/// Of a channel: the mean of y, which is 0, and the largest error.
struct Errors {
  double mean = 0;
  double largest = 0;
};

/// Of channel `c` of images in planes, against the definition in double.
Errors errors_of(const Images& images, const Eigen::ArrayXf& y, Index c) {
  const Shape& shape = images.shape;
  const auto sum = [&](const auto& term) {
    double total = 0;
    for (Index n = 0; n < shape.samples; ++n)
      for (Index s = 0; s < shape.spatial; ++s)
        total += term((n * shape.channels + c) * shape.spatial + s);
    return total;
  };
  const auto count = static_cast<double>(shape.count());
  const double mean = sum([&](Index k) { return double{images.x[k]}; }) / count;
  const double squares = sum([&](Index k) { return std::pow(images.x[k] - mean, 2); });
  const double deviation = std::sqrt(squares / count + double{Images::epsilon});
  Errors errors;
  errors.mean = sum([&](Index k) {
                  const double expected = (images.x[k] - mean) / deviation;
                  errors.largest = larger(errors.largest, std::abs(y[k] - expected));
                  return double{y[k]};
                }) /
                count;
  return errors;
}

void print_errors() {
  const Shape shape{"16x4x32x32", 16, 4, 1024};
  Table table({"mean of x", "contender", "mean of y", "largest error"}, 2);
  for (const float mean : {0.0F, 10.3F, 100.3F}) {
    const Images images(shape, Layout::planes, mean);
    for (const Running& each : running(images)) {
      each.contender->forward();
      Errors worst;
      for (Index c = 0; c < shape.channels; ++c) {
        const Errors errors = errors_of(images, each.contender->y(), c);
        if (std::abs(errors.mean) > std::abs(worst.mean)) worst.mean = errors.mean;
        worst.largest = larger(worst.largest, errors.largest);
      }
      table.add({format(mean, 1), each.name, format(worst.mean, 4), format(worst.largest, 4)});
    }
  }
  std::cout << "Errors of y against the definition in double of the same values, which are exact "
               "in bfloat16 (batch of 16 images of 32x32):\n\n"
            << table;
}

int run(int argc, char** argv) {
  const Settings settings = parse(argc, argv);
  std::cout << machine(find_caches(std::size_t{32} << 20U)) << "\n" << compiler();
  std::set<std::string> libraries;
  for (const TypedEntry& entry : entries()) libraries.insert(entry.library);
  for (const std::string& library : libraries) std::cout << ", " << library;
  std::cout << "\n\n";
  print_times(settings);
  print_errors();
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace benchmarks

int main(int argc, char** argv) {
  benchmarks::be_fair();
  try {
    return benchmarks::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "benchmarks/run types: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
