// The formats of files of the time before safetensors.
#include "model_of_before.hpp"

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>

#include "bytes.hpp"

namespace mlp {
namespace {

using batchnorm::Train;
using Linear = nn::Linear<float>;
using Norm = batchnorm::BatchNorm<float, Train>;
using Values = Eigen::Vector<float, Eigen::Dynamic>;

/// What a file of before begins with, before the length of its content, the CRC-32 of it, and the
/// content.
constexpr std::string_view kMark = "batchnorm mlp 2\n";
/// The same of files in which running statistics are float.
constexpr std::string_view kOldMark = "batchnorm mlp 1\n";
static_assert(kMark.size() == kOldMark.size());
constexpr std::size_t kHeader = kMark.size() + 2 * sizeof(std::uint64_t);

std::uint64_t crc_of(std::string_view bytes) {
  return crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
}

/// The next integer, which must be in [least, most].
std::int64_t read_between(ByteReader& in, std::int64_t least, std::int64_t most) {
  const std::int64_t value = in.integer();
  if (value < least || value > most) {
    throw std::runtime_error("it has " + std::to_string(value) + " where " + std::to_string(least) +
                             " to " + std::to_string(most) + " may stand");
  }
  return value;
}

Architecture read_architecture(ByteReader& in) {
  constexpr std::int64_t kMostWidth = 1 << 24;
  constexpr std::int64_t kMostLayers = 1 << 12;
  Architecture architecture;
  architecture.inputs = read_between(in, 1, kMostWidth);
  architecture.hidden.resize(static_cast<std::size_t>(read_between(in, 0, kMostLayers)));
  for (Index& width : architecture.hidden) width = read_between(in, 1, kMostWidth);
  architecture.classes = read_between(in, 1, kMostWidth);
  architecture.activation = static_cast<Activation>(read_between(in, 0, 1));
  architecture.placement = static_cast<Placement>(read_between(in, 0, 2));
  architecture.norm.epsilon = in.real();
  architecture.norm.momentum = batchnorm::decay(in.real());
  architecture.dropout = in.real();
  architecture.dropout_seed = static_cast<std::uint64_t>(in.integer());
  return architecture;
}

/// How a file holds running statistics.
enum class Statistics { of_double, of_float };

void read(ByteReader& in, Statistics kind, Eigen::VectorXd& values) {
  if (kind == Statistics::of_double) return in.vector(values);
  Values rounded;
  in.vector(rounded);
  values = rounded.cast<double>();
}

template <typename Layer>
void read(ByteReader&, Statistics, Layer&) {}

void read(ByteReader& in, Statistics /*kind*/, Linear& linear) {
  Values weights;
  Values bias;
  in.vector(weights);
  in.vector(bias);
  if (weights.size() != linear.weights().size() || bias.size() != linear.bias().size()) {
    throw std::runtime_error("its weights do not fit its widths");
  }
  linear.weights().template reshaped<Eigen::RowMajor>() = weights;
  linear.bias() = bias;
}

void read(ByteReader& in, Statistics kind, Norm& norm) {
  batchnorm::State<float> state;
  in.vector(state.gamma);
  in.vector(state.beta);
  read(in, kind, state.running_mean);
  read(in, kind, state.running_variance);
  in.vector(state.rejected);
  state.batches = in.integer();
  norm.set_state(state);
}

Model read_content(ByteReader& in, Statistics kind, std::size_t size) {
  const Architecture architecture = read_architecture(in);
  if (count_weights(architecture) * sizeof(float) > static_cast<double>(size)) {
    throw std::runtime_error("its widths ask for more weights than it has");
  }
  const double mean = in.real();
  const double inverse_deviation = in.real();
  Model model{architecture, {mean, inverse_deviation}, Mlp<Train>(architecture, nn::Random(0, 0))};
  for (auto& layer : model.network.layers()) {
    std::visit([&](auto& part) { read(in, kind, part); }, layer);
  }
  if (!in.at_end()) throw std::runtime_error("more follows than belongs to it");
  return model;
}

/// Whether `bytes` begin with a mark, or are the beginning of one.
bool begins_with(std::string_view bytes, std::string_view mark) {
  return bytes.substr(0, mark.size()) == mark.substr(0, bytes.size());
}

/// The content of a file, after its mark, length and checksum were found right.
std::string_view content_of(std::string_view bytes) {
  if (!begins_with(bytes, kMark) && !begins_with(bytes, kOldMark)) {
    throw std::runtime_error("is no model that --save wrote");
  }
  if (bytes.size() < kHeader) throw std::runtime_error("is truncated: it ends within its header");
  ByteReader header(bytes.substr(kMark.size(), kHeader - kMark.size()));
  const auto length = static_cast<std::uint64_t>(header.integer());
  const auto expected = static_cast<std::uint64_t>(header.integer());
  const std::string_view content = bytes.substr(kHeader);
  if (content.size() != length) {
    throw std::runtime_error((content.size() < length ? "is truncated: " : "is too long: ") +
                             std::to_string(length) + " bytes should follow its header, and " +
                             std::to_string(content.size()) + " do");
  }
  if (crc_of(content) != expected) {
    throw std::runtime_error("was altered since it was saved: its checksum is another");
  }
  return content;
}

}  // namespace

bool is_model_of_before(std::string_view bytes) {
  return begins_with(bytes, kMark) || begins_with(bytes, kOldMark);
}

Model model_of_before(std::string_view bytes) {
  const std::string_view content = content_of(bytes);
  ByteReader in(content);
  const bool is_old = begins_with(bytes, kOldMark);
  return read_content(in, is_old ? Statistics::of_float : Statistics::of_double, content.size());
}

}  // namespace mlp
