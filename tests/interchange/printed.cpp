// Compares the layers that `port print` printed with those that `port convert` converted: printed
// FOLDER
#include <batchnorm/safetensors.hpp>
#include <cstdio>
#include <string>

#include "keras.hpp"
#include "onnx.hpp"

namespace {

template <int Channels>
bool same(const batchnorm::State<float, Channels>& printed, const std::string& file,
          const char* layer) {
  const auto state = batchnorm::Safetensors::open(file).state(layer, batchnorm::pytorch);
  const bool equal = printed.gamma == state.gamma && printed.beta == state.beta &&
                     printed.running_mean == state.running_mean &&
                     printed.running_variance == state.running_variance &&
                     printed.batches == state.batches;
  if (!equal) std::fprintf(stderr, "%s is another layer\n", layer);
  return equal;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::string folder = argv[1];
  const bool onnx = same(ported::layer_1_BatchNormalization(), folder + "/onnx.safetensors",
                         "/1/BatchNormalization");
  const bool shift_only = same(ported::no_scale(), folder + "/keras.safetensors", "no_scale");
  const bool both =
      same(ported::batch_normalization_2(), folder + "/keras.safetensors", "batch_normalization_2");
  const bool epsilons =
      ported::no_scale_epsilon == 1e-5 && ported::batch_normalization_2_epsilon == 1e-3;
  return onnx && shift_only && both && epsilons ? 0 : 1;
}
