// Any bytes are a safetensors file or are refused by one sentence; what is read of a file is there.
#include <batchnorm/batchnorm.hpp>
#include <batchnorm/safetensors.hpp>
#include <cstddef>
#include <cstdint>
#include <string>

#include "or_refused.hpp"

namespace {

using batchnorm::Safetensors;

void read_all(const Safetensors& file) {
  for (const auto& tensor : file.tensors()) {
    or_refused([&] { (void)file.vector<float>(tensor.name); });
    or_refused([&] { (void)file.matrix<double>(tensor.name); });
    or_refused([&] { (void)file.count(tensor.name); });
  }
  for (const batchnorm::TensorNames& names : {batchnorm::pytorch, batchnorm::keras}) {
    for (const std::string& layer : file.layers(names)) {
      or_refused([&] { batchnorm::BatchNorm<float>(file.state<float>(layer, names)); });
      or_refused([&] { (void)file.state<double>(layer + "x", names); });
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  or_refused([&] { read_all(Safetensors::read({reinterpret_cast<const char*>(data), size})); });
  return 0;
}
