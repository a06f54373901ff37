// Times a layer with each of the library's activations beside one without, on one thread: what a
// fused activation costs.

#include <benchmark/benchmark.h>

#include <batchnorm/batchnorm.hpp>
#include <string>
#include <unsupported/Eigen/CXX11/Tensor>
#include <vector>

namespace {

using namespace batchnorm;

using Tensor = Eigen::Tensor<float, 4, Eigen::RowMajor>;

/// NCHW, with values about 0, so that an activation meets both of its sides.
struct Images {
  Tensor x, y, dy, dx;

  explicit Images(const benchmark::State& state)
      : x(state.range(0), state.range(1), state.range(2), state.range(2)),
        y(x.dimensions()),
        dy(x.dimensions()),
        dx(x.dimensions()) {
    x.setRandom();
    dy.setRandom();
  }
};

template <typename Activation>
void forward(benchmark::State& state) {
  Images images(state);
  BatchNorm<float, Train, Activation> layer(state.range(1));
  for (auto _ : state) {
    layer.forward(images.x, images.y);
    benchmark::DoNotOptimize(images.y.data());
  }
}

template <typename Activation>
void backward(benchmark::State& state) {
  Images images(state);
  BatchNorm<float, Train, Activation> layer(state.range(1));
  layer.forward(images.x, images.y);
  for (auto _ : state) {
    layer.backward(images.x, images.dy, images.dx);
    benchmark::DoNotOptimize(images.dx.data());
  }
}

template <typename Activation>
void inference(benchmark::State& state) {
  Images images(state);
  const BatchNorm<float, Eval, Activation> layer{
      BatchNorm<float, Train, Activation>(state.range(1))};
  for (auto _ : state) {
    layer.forward(images.x, images.y);
    benchmark::DoNotOptimize(images.y.data());
  }
}

void add(const std::string& name, void (*function)(benchmark::State&)) {
  benchmark::RegisterBenchmark(name.c_str(), function)
      ->Args({2, 64, 28})
      ->Args({64, 64, 56})
      ->Unit(benchmark::kMicrosecond);
}

template <typename Activation>
void add_all() {
  const std::string name = Activation::name;
  add("forward/" + name, &forward<Activation>);
  add("backward/" + name, &backward<Activation>);
  add("inference/" + name, &inference<Activation>);
}

}  // namespace

int main(int argc, char** argv) {
  add_all<NoActivation>();
  add_all<ReLU>();
  add_all<LeakyReLU<>>();
  add_all<ReLU6>();
  add_all<SiLU>();
  add_all<GELU>();
  add_all<TanhGELU>();
  // In turns, so that all meet the same noise.
  std::string defaults[] = {"--benchmark_repetitions=7", "--benchmark_min_time=0.05",
                            "--benchmark_enable_random_interleaving=true",
                            "--benchmark_report_aggregates_only=true"};
  std::vector<char*> arguments{argv[0]};
  for (std::string& option : defaults) arguments.push_back(option.data());
  arguments.insert(arguments.end(), argv + 1, argv + argc);
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 1;
  benchmark::AddCustomContext("batchnorm", target());
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
