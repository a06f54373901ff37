// Any bytes are an ONNX model or are refused by one sentence; what is read of a model is there.
#include <batchnorm/batchnorm.hpp>
#include <batchnorm/onnx.hpp>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string_view>

namespace {

using batchnorm::OnnxModel;

template <typename Read>
void read(const Read& read) {
  try {
    read();
  } catch (const std::invalid_argument&) {
  }
}

void read_all(const OnnxModel& model) {
  for (const auto& layer : model.layers()) {
    read([&] { (void)model.state<double>(layer.name); });
    read([&] {
      batchnorm::BatchNorm<float, batchnorm::Eval>(model.state(layer.name), layer.options());
    });
    read([&] { (void)model.layer(layer.name + "x"); });
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  read([&] { read_all(OnnxModel::read({reinterpret_cast<const char*>(data), size})); });
  return 0;
}
