#include <batchnorm/batchnorm.hpp>

#include "calls.hpp"

namespace benchmarks {
namespace {

using namespace batchnorm;
using Row = Eigen::Matrix<float, 1, Eigen::Dynamic>;

template <typename Layer>
struct Sample {
  BatchNorm<float> trained;
  Layer layer;
  Row x, y;

  explicit Sample(Index channels)
      : trained(channels), layer(trained), x(Row::Random(channels)), y(Row::Zero(channels)) {}
};

/// A loop that an application would write, over what the layer hands out.
[[gnu::noinline]] void normalize(const float* x, const float* centre, const float* scale,
                                 const float* shift, Index channels, float* y) {
  for (Index c = 0; c < channels; ++c) y[c] = (x[c] - centre[c]) * scale[c] + shift[c];
}

template <typename Layer, typename Call>
std::unique_ptr<Contender> timed(Index channels, const Call& call) {
  const auto sample = std::make_shared<Sample<Layer>>(channels);
  return std::make_unique<TimedCall>([sample, call = call(*sample)] { call(); });
}

using Dynamic = BatchNorm<float, Eval>;

template <int channels>
void add(std::vector<CallCase>& cases) {
  const std::string row = "1x" + std::to_string(channels);
  cases.push_back({row, "loop", [] {
                     return timed<Dynamic>(channels, [](auto& of) {
                       return [&of] {
                         normalize(of.x.data(), of.layer.centre().data(), of.layer.scale().data(),
                                   of.layer.shift().data(), channels, of.y.data());
                       };
                     });
                   }});
  const auto forward = [](auto& of) { return [&of] { of.layer.forward(of.x, of.y); }; };
  cases.push_back({row, "forward", [=] { return timed<Dynamic>(channels, forward); }});
  cases.push_back({row, "prepared", [] {
                     return timed<Dynamic>(channels,
                                           [](auto& of) { return of.layer.prepared(of.x, of.y); });
                   }});
  using Fixed = BatchNorm<float, Eval, Channels<channels>>;
  cases.push_back({row, "forward, Channels<N>", [=] { return timed<Fixed>(channels, forward); }});
}

}  // namespace

std::vector<CallCase> samples() {
  std::vector<CallCase> cases;
  add<8>(cases);
  add<16>(cases);
  add<32>(cases);
  add<64>(cases);
  add<128>(cases);
  add<256>(cases);
  return cases;
}

}  // namespace benchmarks
