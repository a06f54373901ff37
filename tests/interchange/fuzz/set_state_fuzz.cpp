// Any state is taken or refused by one sentence, and a layer that refuses one stays as it was.
#include <algorithm>
#include <batchnorm/batchnorm.hpp>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace {

using namespace batchnorm;

/// Values of any bits, and small sizes, out of the bytes of an input, which end in zeros.
class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

  template <typename Value>
  Value take() {
    std::uint8_t bytes[sizeof(Value)] = {};
    const std::size_t count = std::min(size_, sizeof(Value));
    if (count > 0) std::memcpy(bytes, data_, count);
    data_ += count;
    size_ -= count;
    return std::bit_cast<Value>(bytes);
  }

  /// Mostly of the size that fits.
  template <typename Vector>
  void fill(Vector& values) {
    const auto choice = take<std::uint8_t>();
    values.resize(choice < 200 ? 3 : choice % 5);
    for (auto& value : values) value = take<typename Vector::Scalar>();
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

template <typename Scalar>
State<Scalar> any_state(Bytes& bytes) {
  State<Scalar> state;
  bytes.fill(state.gamma);
  bytes.fill(state.beta);
  bytes.fill(state.running_mean);
  bytes.fill(state.running_variance);
  state.batches = bytes.take<std::int64_t>();
  if (bytes.take<std::uint8_t>() % 2 == 1) bytes.fill(state.rejected);
  if (bytes.take<std::uint8_t>() % 2 == 1) bytes.fill(state.values);
  return state;
}

Options any_options(Bytes& bytes) {
  Options options;
  const Momentum momenta[] = {decay(0.9), cumulative(), pooled()};
  options.momentum = momenta[bytes.take<std::uint8_t>() % 3];
  options.non_finite =
      bytes.take<std::uint8_t>() % 2 == 1 ? NonFinite::propagate : NonFinite::reject;
  return options;
}

template <typename Norm>
void try_state(const State<typename Norm::Parameter>& state, const Options& options) {
  Norm norm(3, options);
  const Norm before = norm;
  bool taken = false;
  try {
    norm.set_state(state);
    taken = true;
  } catch (const std::invalid_argument&) {
    if (!(norm == before)) std::abort();
  }
  const Eigen::MatrixXf x = Eigen::MatrixXf::Ones(4, 3);
  if (taken) (void)norm.forward(x.cast<typename Norm::Scalar>().eval());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  const Options options = any_options(bytes);
  if (bytes.take<std::uint8_t>() % 2 == 1) {
    try_state<BatchNorm<float>>(any_state<float>(bytes), options);
  } else {
    try_state<BatchNorm<double, Train, NoAffine>>(any_state<double>(bytes), options);
  }
  return 0;
}
