// Any bytes are an ONNX model or are refused by one sentence; what is read of a model is there.
#include <batchnorm/batchnorm.hpp>
#include <batchnorm/onnx.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "or_refused.hpp"

namespace {

using batchnorm::OnnxModel;

void read_all(const OnnxModel& model) {
  for (const auto& layer : model.layers()) {
    or_refused([&] { (void)model.state<double>(layer.name); });
    or_refused([&] {
      batchnorm::BatchNorm<float, batchnorm::Eval>(model.state(layer.name), layer.options());
    });
    or_refused([&] { (void)model.layer(layer.name + "x"); });
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  or_refused([&] { read_all(OnnxModel::read({reinterpret_cast<const char*>(data), size})); });
  return 0;
}
