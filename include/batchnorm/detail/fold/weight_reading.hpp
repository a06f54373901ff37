#pragma once

#include <array>

#include "../arguments/call_forms.hpp"
#include "../order/channels.hpp"

// How a weight is read: which of its axes are channels of the layer, and which channel a value
// belongs to.
namespace batchnorm::detail {

enum class LayerPlace { behind_map, in_front_of_map };

/// Of a grouped map, one of the two axes has the channels of all groups, the other those of one
/// group. A map without groups has one group.
struct WeightReading {
  LayerPlace place = LayerPlace::behind_map;
  int outputs = 0;
  int inputs = 1;
  int whole = 0;  ///< the axis that has the channels of all groups: `outputs` or `inputs`
  Index groups = 1;

  bool is_of_one_group(int axis) const { return axis != whole && groups != 1; }
};

inline Index extent(const Shape& shape, int axis) {
  return shape.extents[static_cast<std::size_t>(axis)];
}

/// Channels of the map on `axis` of its weight, in all groups.
inline Index channels_on(int axis, const WeightReading& reading, const Shape& shape) {
  return extent(shape, axis) * (axis == reading.whole ? 1 : reading.groups);
}

inline int layer_axis(const WeightReading& reading) {
  return reading.place == LayerPlace::behind_map ? reading.outputs : reading.inputs;
}

/// What `bias_size` is for a map without a bias.
inline constexpr Index no_bias = -1;

/// Whether a weight of this shape, and its bias, can be read so.
inline bool fits(const WeightReading& reading, const Shape& shape, Index channels,
                 Index bias_size) {
  return reading.groups >= 1 && extent(shape, reading.whole) % reading.groups == 0 &&
         channels_on(layer_axis(reading), reading, shape) == channels &&
         (bias_size == no_bias || bias_size == channels_on(reading.outputs, reading, shape));
}

/// The values of a weight by output, input and position in the kernel.
template <typename Scalar>
class WeightView {
 public:
  template <typename Weight>
  WeightView(Weight& weight, const WeightReading& reading) : data_(weight.data()) {
    const Shape shape = ArgumentOf<Weight>::shape(weight);
    const auto strides = ArgumentOf<Weight>::strides(weight);
    std::size_t kernel = 0;
    for (int axis = 0; axis < shape.rank; ++axis) {
      const Axis of_weight{extent(shape, axis), strides[static_cast<std::size_t>(axis)]};
      if (axis == reading.outputs) {
        outputs_ = of_weight;
      } else if (axis == reading.inputs) {
        inputs_ = of_weight;
      } else {
        kernel_[kernel++] = of_weight;
      }
    }
    group_is_of_input_ = reading.whole == reading.inputs;
    of_one_group_ = extent(shape, reading.whole) / reading.groups;
  }

  /// Calls f(value, output channel, input channel), channels counted over all groups; all values of
  /// a pair of channels in a row.
  template <typename Function>
  void for_each(const Function& f) const {
    for (Index o = 0; o < outputs_.extent; ++o) {
      for (Index i = 0; i < inputs_.extent; ++i) {
        const Index group = (group_is_of_input_ ? i : o) / of_one_group_;
        const Index output = group_is_of_input_ ? group * outputs_.extent + o : o;
        const Index input = group_is_of_input_ ? i : group * inputs_.extent + i;
        for_each_position(data_ + o * outputs_.stride + i * inputs_.stride,
                          [&](Scalar& value) { f(value, output, input); });
      }
    }
  }

 private:
  struct Axis {
    Index extent = 1;
    Index stride = 0;
  };

  template <typename Function>
  void for_each_position(Scalar* first, const Function& f) const {
    for (Index a = 0; a < kernel_[0].extent; ++a) {
      for (Index b = 0; b < kernel_[1].extent; ++b) {
        for (Index c = 0; c < kernel_[2].extent; ++c) {
          f(first[a * kernel_[0].stride + b * kernel_[1].stride + c * kernel_[2].stride]);
        }
      }
    }
  }

  Scalar* data_;
  Axis outputs_, inputs_;
  std::array<Axis, max_rank - 2> kernel_;
  bool group_is_of_input_;
  Index of_one_group_;  ///< channels of one group on the axis that has those of all groups
};

}  // namespace batchnorm::detail
