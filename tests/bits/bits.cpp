#define EIGEN_USE_THREADS

#include <batchnorm/batchnorm.hpp>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <memory>
#include <string>
#include <unsupported/Eigen/CXX11/Tensor>
#include <vector>

// What a layer computes, as one line per case with a hash over the bits of all results. Builds and
// machines whose lines are equal compute the same. The inputs come of integers alone, so that no
// library of mathematics has a say in them.
//
//   bits            all cases
//   bits few        those of few elements
//   bits target     the instruction set whose kernels are used

namespace {

using namespace batchnorm;

/// FNV-1a over the bits of numbers.
class Hash {
 public:
  template <typename Number>
  void take(const Number* numbers, Index count) {
    for (Index k = 0; k < count; ++k) take_bits(numbers[k]);
  }

  template <typename Values>
  void take(const Values& values) {
    take(values.data(), static_cast<Index>(values.size()));
  }

  std::uint64_t value() const { return value_; }

 private:
  template <typename Number>
  void take_bits(Number number) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &number, sizeof(number));
    for (std::size_t byte = 0; byte < sizeof(number); ++byte)
      value_ = (value_ ^ ((bits >> (8 * byte)) & 0xffU)) * 0x100000001b3U;
  }

  std::uint64_t value_ = 0xcbf29ce484222325U;
};

/// Numbers of [-1, 1) that are multiples of 2^-52, so that their sums round (SplitMix64).
class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : state_(seed) {}

  double next() {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t bits = (state_ ^ (state_ >> 30U)) * 0xbf58476d1ce4e5b9U;
    bits = (bits ^ (bits >> 27U)) * 0x94d049bb133111ebU;
    return static_cast<double>((bits ^ (bits >> 31U)) >> 11U) * 0x1p-52 - 1;
  }

 private:
  std::uint64_t state_;
};

/// What values are like: mean and unit, and the epsilon of the layer that takes them.
struct Kind {
  const char* name;
  double mean;
  double unit;
  double epsilon;
};

constexpr Kind near{"near", 0, 1, 1e-5};
constexpr Kind far{"far", 1000, 1, 1e-3};
constexpr Kind tiny{"tiny", 0, 0x1p-130, 0};

struct Extent {
  Index samples, channels, height, width;

  Index size() const { return samples * channels * height * width; }
};

template <typename Scalar>
std::vector<Scalar> values_of(const Extent& extent, const Kind& kind, std::uint64_t seed) {
  Numbers numbers(seed);
  std::vector<Scalar> values(static_cast<std::size_t>(extent.size()));
  for (Scalar& value : values)
    value = static_cast<Scalar>(kind.mean + numbers.next()) * static_cast<Scalar>(kind.unit);
  return values;
}

template <typename Scalar>
State<Scalar> state_of(Index channels, const Kind& kind) {
  Numbers numbers(7);
  State<Scalar> state;
  for (auto* values : {&state.gamma, &state.beta}) {
    values->resize(channels);
    for (Scalar& value : *values) value = static_cast<Scalar>(numbers.next());
  }
  state.running_mean.setConstant(channels, kind.mean * kind.unit);
  state.running_variance.resize(channels);
  for (double& value : state.running_variance)
    value = (1.5 + numbers.next()) * kind.unit * kind.unit;
  return state;
}

// How memory is read as an argument, and where the channels of that are.

struct Planes {
  static constexpr const char* name = "NCHW";
  using Axis = ChannelsFirst;
  template <typename Scalar>
  static auto read(std::vector<Scalar>& from, const Extent& e) {
    return Eigen::TensorMap<Eigen::Tensor<Scalar, 4, Eigen::RowMajor>>(
        from.data(), e.samples, e.channels, e.height, e.width);
  }
};

struct Pixels {
  static constexpr const char* name = "NHWC";
  using Axis = ChannelsLast;
  template <typename Scalar>
  static auto read(std::vector<Scalar>& from, const Extent& e) {
    return Eigen::TensorMap<Eigen::Tensor<Scalar, 4, Eigen::RowMajor>>(
        from.data(), e.samples, e.height, e.width, e.channels);
  }
};

template <typename Scalar>
auto matrix(std::vector<Scalar>& from, const Extent& e, Index row_stride, Index column_stride) {
  using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using Stride = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
  return Eigen::Map<Matrix, 0, Stride>(from.data(), e.samples * e.height * e.width, e.channels,
                                       Stride(column_stride, row_stride));
}

struct Rows {
  static constexpr const char* name = "rows";
  using Axis = ChannelsFirst;
  template <typename Scalar>
  static auto read(std::vector<Scalar>& from, const Extent& e) {
    return matrix(from, e, e.channels, 1);
  }
};

struct Columns {
  static constexpr const char* name = "columns";
  using Axis = ChannelsFirst;
  template <typename Scalar>
  static auto read(std::vector<Scalar>& from, const Extent& e) {
    return matrix(from, e, 1, e.samples * e.height * e.width);
  }
};

/// A pool where there are to be threads, and the device on it.
class Workers {
 public:
  explicit Workers(int threads)
      : pool_(threads > 1 ? std::make_unique<Eigen::ThreadPool>(threads) : nullptr),
        device_(pool_.get(), threads) {}
  const Eigen::ThreadPoolDevice& device() const { return device_; }

 private:
  std::unique_ptr<Eigen::ThreadPool> pool_;
  Eigen::ThreadPoolDevice device_;
};

/// A layer's calls in every mode, for one activation, with a residual or without.
template <typename Scalar, typename Activation, bool HasResidual>
class Calls {
 public:
  Calls(const Extent& extent, const Kind& kind, int threads)
      : extent_(extent), kind_(kind), workers_(threads) {}

  template <typename Layout>
  void print(const char* scalar, int threads) {
    const auto in = [&](const Hash& hash, const char* mode) {
      std::cout << scalar << ' ' << Activation::name << (HasResidual ? " residual " : " ")
                << Layout::name << ' ' << extent_.samples << 'x' << extent_.channels << 'x'
                << extent_.height << 'x' << extent_.width << ' ' << kind_.name << ' ' << threads
                << ' ' << mode << ' ' << std::hex << hash.value() << std::dec << '\n';
    };
    BatchNorm<Scalar, Train, typename Layout::Axis, Activation> train(
        state_of<Scalar>(extent_.channels, kind_), {.epsilon = kind_.epsilon});
    in(learning<Layout>(train, 3), Train::name);
    BatchNorm<Scalar, Frozen, typename Layout::Axis, Activation> frozen(train);
    in(learning<Layout>(frozen, 1), Frozen::name);
    in(inference<Layout>(BatchNorm<Scalar, Eval, typename Layout::Axis, Activation>(train)),
       Eval::name);
  }

 private:
  using Memory = std::vector<Scalar>;

  Memory values(std::uint64_t seed) const { return values_of<Scalar>(extent_, kind_, seed); }

  template <typename Layout, typename Layer>
  Hash learning(Layer& layer, int steps) {
    Hash hash;
    for (int step = 0; step < steps; ++step) {
      call<Layout>(layer, static_cast<std::uint64_t>(10 * step), hash);
      hash.take(layer.gamma_gradient());
      hash.take(layer.beta_gradient());
      layer.gamma() -= layer.gamma_gradient() * static_cast<Scalar>(0x1p-10);
    }
    hash.take(layer.running_mean());
    hash.take(layer.running_variance());
    return hash;
  }

  template <typename Layout, typename Layer>
  Hash inference(const Layer& layer) {
    Hash hash;
    call<Layout>(layer, 100, hash);
    return hash;
  }

  /// y, dx and the residual's gradient of one forward and its backward.
  template <typename Layout, typename Layer>
  void call(Layer& layer, std::uint64_t seed, Hash& hash) {
    Memory x = values(seed), r = values_of<Scalar>(extent_, near, seed + 1),
           dy = values_of<Scalar>(extent_, near, seed + 2);
    Memory y(x.size()), dx(x.size()), dr(HasResidual ? x.size() : 0);
    const auto in = Layout::read(x, extent_), gradient = Layout::read(dy, extent_);
    auto out = Layout::read(y, extent_), of_in = Layout::read(dx, extent_);
    const Eigen::ThreadPoolDevice& device = workers_.device();
    if constexpr (HasResidual) {
      const auto added = Layout::read(r, extent_);
      auto of_added = Layout::read(dr, extent_);
      layer.forward(device, in, residual(added), out);
      layer.backward(device, in, residual(added), gradient, of_in, of_added);
    } else {
      layer.forward(device, in, out);
      layer.backward(device, in, gradient, of_in);
    }
    for (const Memory* result : {&y, &dx, &dr}) hash.take(*result);
  }

  Extent extent_;
  Kind kind_;
  Workers workers_;
};

template <typename Layout, typename Scalar, typename Activation, bool HasResidual>
void print_calls(const char* scalar, const Extent& extent, const Kind& kind, int threads = 1) {
  Calls<Scalar, Activation, HasResidual>(extent, kind, threads)
      .template print<Layout>(scalar, threads);
}

template <typename Layout, typename Scalar>
void print_activations(const char* scalar, const Extent& extent, const Kind& kind) {
  print_calls<Layout, Scalar, NoActivation, false>(scalar, extent, kind);
  if constexpr (std::is_same_v<Scalar, double>) {
    print_calls<Layout, Scalar, LeakyReLU<>, true>(scalar, extent, kind);
  } else {
    print_calls<Layout, Scalar, ReLU, true>(scalar, extent, kind);
    print_calls<Layout, Scalar, LeakyReLU<>, false>(scalar, extent, kind);
  }
}

template <typename Scalar>
void print_layouts(const char* scalar, const Extent& extent, const Kind& kind) {
  print_activations<Planes, Scalar>(scalar, extent, kind);
  print_activations<Rows, Scalar>(scalar, extent, kind);
  print_activations<Columns, Scalar>(scalar, extent, kind);
  print_calls<Pixels, Scalar, NoActivation, false>(scalar, extent, kind);
}

/// Few values per channel, short runs, runs of odd length, channels that fill no packet.
const std::vector<Extent> few{{2, 1, 1, 1},  {2, 3, 1, 1},   {3, 7, 1, 1},  {5, 9, 1, 2},
                              {4, 17, 1, 3}, {9, 5, 2, 2},   {33, 3, 1, 1}, {7, 40, 1, 1},
                              {3, 2, 7, 7},  {12, 13, 1, 5}, {70, 6, 1, 1}, {1, 3, 1, 41}};

/// What takes the loops over many values: settled and compensated sums, joined rows, chunks.
const std::vector<Extent> many{{1, 2, 1, 5003}, {4, 3, 29, 31}, {301, 33, 1, 1},
                               {2003, 3, 1, 1}, {150, 7, 1, 3}, {65, 70, 2, 2}};

/// What is shared with threads.
const Extent shared{37, 33, 7, 19};

template <typename Scalar>
void print_few(const char* scalar) {
  for (const Extent& extent : few)
    for (const Kind& kind : {near, far}) print_layouts<Scalar>(scalar, extent, kind);
  for (const Extent& extent : few) {
    print_calls<Planes, Scalar, SiLU, false>(scalar, extent, near);
    print_calls<Rows, Scalar, GELU, true>(scalar, extent, near);
  }
  print_layouts<Scalar>(scalar, {9, 5, 2, 2}, tiny);
}

template <typename Scalar>
void print_many(const char* scalar) {
  for (const Extent& extent : many) print_layouts<Scalar>(scalar, extent, far);
  print_layouts<Scalar>(scalar, {4, 3, 11, 31}, near);
  print_layouts<Scalar>(scalar, {4, 3, 11, 31}, tiny);
  print_calls<Planes, Scalar, NoActivation, false>(scalar, shared, far, 3);
  print_calls<Rows, Scalar, NoActivation, false>(scalar, shared, far, 3);
}

/// What is computed beside the calls of a layer: merges of moments, and maps that take a layer in.
template <typename Scalar>
void print_values_of_channels(const char* scalar) {
  const Extent extent{9, 7, 1, 1};
  std::vector<Scalar> x = values_of<Scalar>(extent, far, 1), w = values_of<Scalar>(extent, near, 2);
  const auto read = Rows::read(x, extent), weight = Rows::read(w, extent);
  Hash hash;
  Moments merged = moments(read);
  merged.merge(moments(read.topRows(3).eval()));
  for (const auto* values : {&merged.mean, &merged.m2, &merged.mean_low}) hash.take(*values);
  const BatchNorm<Scalar, Eval> layer(state_of<Scalar>(extent.channels, far));
  const Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic> outputs = weight.transpose(),
                                                              inputs = weight;
  const Eigen::Matrix<Scalar, Eigen::Dynamic, 1> bias = weight.row(0), next = weight.col(0);
  const auto behind = fold(layer, outputs, bias);
  const auto before = fold_into_next(layer, inputs, next);
  hash.take(behind.weight);
  hash.take(behind.bias);
  hash.take(before.weight);
  hash.take(before.bias);
  std::cout << scalar << " moments and maps " << std::hex << hash.value() << std::dec << '\n';
}

}  // namespace

int main(int count, char** arguments) {
  const std::string what = count > 1 ? arguments[1] : "all";
  if (what == "target") {
    std::cout << target() << '\n';
    return 0;
  }
  print_values_of_channels<float>("float");
  print_values_of_channels<double>("double");
  print_few<float>("float");
  print_few<double>("double");
  if (what == "few") return 0;
  print_many<float>("float");
  print_many<double>("double");
}
