#pragma once

#include <string>
#include <string_view>

namespace batchnorm {

/// What a system calls the tensors of a layer, behind the layer's own name and a separator.
struct TensorNames {
  const char* system;     ///< as messages name it
  const char* separator;  ///< between the layer's name and a tensor's
  const char* gamma;      ///< learnt scale
  const char* beta;       ///< learnt shift
  const char* mean;       ///< running mean
  const char* variance;   ///< running variance
  const char* batches;    ///< how many batches were seen

  /// The full name of a tensor of `layer`, which may be empty.
  [[nodiscard]] std::string of(std::string_view layer, std::string_view tensor) const {
    std::string name(layer);
    if (!layer.empty()) name += separator;
    return name.append(tensor);
  }
};

/// PyTorch's: `encoder.bn1.weight`, `.bias`, `.running_mean`, `.running_var` and, a single integer,
/// `.num_batches_tracked` (torch.nn.BatchNorm2d.state_dict()).
inline constexpr TensorNames pytorch{
    "PyTorch", ".", "weight", "bias", "running_mean", "running_var", "num_batches_tracked"};

/// Keras': `batch_normalization/gamma`, `/beta`, `/moving_mean`, `/moving_variance`. It counts no
/// batches: the name of the counter is PyTorch's.
inline constexpr TensorNames keras{
    "Keras", "/", "gamma", "beta", "moving_mean", "moving_variance", "num_batches_tracked"};

/// What this library keeps beside them, by the same names everywhere: batches rejected, and values
/// seen by `pooled()`, per channel. Written only where there are any.
inline constexpr const char* rejected_name = "rejected";
inline constexpr const char* values_name = "values";  ///< see `rejected_name`

}  // namespace batchnorm
