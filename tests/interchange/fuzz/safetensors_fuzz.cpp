// Any bytes are a safetensors file or are refused by one sentence; what is read of a file is there.
#include <batchnorm/batchnorm.hpp>
#include <batchnorm/safetensors.hpp>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace {

using batchnorm::Safetensors;

template <typename Read>
void read(const Read& read) {
  try {
    read();
  } catch (const std::invalid_argument&) {
  }
}

void read_all(const Safetensors& file) {
  for (const auto& tensor : file.tensors()) {
    read([&] { (void)file.vector<float>(tensor.name); });
    read([&] { (void)file.matrix<double>(tensor.name); });
    read([&] { (void)file.count(tensor.name); });
  }
  for (const batchnorm::TensorNames& names : {batchnorm::pytorch, batchnorm::keras}) {
    for (const std::string& layer : file.layers(names)) {
      read([&] { batchnorm::BatchNorm<float>(file.state<float>(layer, names)); });
      read([&] { (void)file.state<double>(layer + "x", names); });
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  read([&] { read_all(Safetensors::read({reinterpret_cast<const char*>(data), size})); });
  return 0;
}
