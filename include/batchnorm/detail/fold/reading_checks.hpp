#pragma once

#include "../refusal/refusal.hpp"
#include "weight_reading.hpp"

// Refusals of folding at run time. A shape alone does not say what map a weight is of, so a message
// lists every usual map that the shape and the bias fit, each with the call that is right for it.
namespace batchnorm::detail {

/// The usual maps that fit, as the end of a message.
class ReadingHints {
 public:
  ReadingHints(const Shape& shape, Index channels, Index bias_size)
      : shape_(shape), channels_(channels), bias_size_(bias_size) {
    const int last = shape.rank - 1;
    for (int axis = 0; axis < shape.rank; ++axis) {
      if (axis < 2 || axis >= last - 1) try_outputs(axis);
    }
    try_groups_behind(1, 0);
    if (last > 1) try_groups_behind(last, last - 1);
    try_in_front(0, 1);
    try_in_front(last, last - 1);
    if (any_) add(".");
  }

  /// `otherwise` where none fits.
  const char* text(const char* otherwise) const { return any_ ? text_.text() : otherwise; }

 private:
  void try_outputs(int outputs) {
    try_reading({LayerPlace::behind_map, outputs, outputs == 0 ? 1 : 0, outputs, 1});
  }

  /// As in transposed convolutions of PyTorch, and in depthwise ones of Keras.
  void try_groups_behind(int outputs, int inputs) {
    const Index groups = quotient(channels_, extent(shape_, outputs));
    if (groups > 1) try_reading({LayerPlace::behind_map, outputs, inputs, inputs, groups});
  }

  void try_in_front(int outputs, int inputs) {
    const auto place = LayerPlace::in_front_of_map;
    try_reading({place, outputs, inputs, outputs, 1});
    const Index groups = quotient(channels_, extent(shape_, inputs));
    if (groups > 1) try_reading({place, outputs, inputs, outputs, groups});
    const bool may_be_depthwise = shape_.rank > 2 && inputs < outputs && channels_ > 1;
    if (may_be_depthwise) try_reading({place, outputs, inputs, inputs, channels_});
  }

  static Index quotient(Index whole, Index part) {
    return part > 0 && whole % part == 0 ? whole / part : 0;
  }

  void try_reading(const WeightReading& reading) {
    if (!fits(reading, shape_, channels_, bias_size_)) return;
    const bool behind = reading.place == LayerPlace::behind_map;
    add("; if the layer is ", behind ? "behind" : "in front of",
        shape_.rank == 2 ? " a map" : " a convolution",
        behind || shape_.rank == 2 ? "" : " without zero padding");
    add_axis(" with ", "outputs", reading.outputs, reading);
    if (!behind || reading.groups > 1) add_axis(" and ", "inputs", reading.inputs, reading);
    add(behind ? ", fold<" : ", fold_into_next<");
    add_policy(reading.outputs);
    add(">");
    if (reading.groups > 1) {
      add(" with groups<");
      add_policy(reading.whole);
      add(">(", reading.groups, ")");
    }
  }

  void add_axis(const char* before, const char* what, int axis, const WeightReading& reading) {
    if (reading.is_of_one_group(axis)) {
      add(before, "the ", what, " of each of ", reading.groups, " groups on axis ", Index{axis});
    } else {
      add(before, "all ", what, " on axis ", Index{axis});
    }
  }

  void add_policy(int axis) {
    if (axis == shape_.rank - 1) {
      add("ChannelsLast");
    } else {
      add("ChannelAxis<", Index{axis}, ">");
    }
  }

  template <typename... Parts>
  void add(const Parts&... parts) {
    (text_.append(parts), ...);
    any_ = true;
  }

  const Shape& shape_;
  Index channels_, bias_size_;
  Message text_;
  bool any_ = false;
};

inline void check_groups(const char* function, const WeightReading& reading, const Shape& shape,
                         Index channels, Index bias_size) {
  if (reading.groups < 1)
    refuse(function, ": expected at least 1 group, got ", reading.groups, ".");
  if (extent(shape, reading.whole) % reading.groups == 0) return;
  const ReadingHints hints(shape, channels, bias_size);
  refuse(function, ": expected a number of groups that divides axis ", reading.whole, " of weight ",
         shape, ", got ", reading.groups, hints.text("; are these the groups of another map?"));
}

inline void check_layer_channels(const char* function, const char* what,
                                 const WeightReading& reading, const Shape& shape, Index channels,
                                 Index bias_size) {
  const int axis = layer_axis(reading);
  if (channels_on(axis, reading, shape) == channels) return;
  const ReadingHints hints(shape, channels, bias_size);
  const char* const cure =
      hints.text("; are this layer and this map beside each other in the network?");
  if (reading.is_of_one_group(axis)) {
    refuse(function, ": expected ", channels, " ", what, ", got ", reading.groups, " groups of ",
           extent(shape, axis), " on axis ", axis, " of weight ", shape, cure);
  }
  refuse(function, ": expected ", channels, " ", what, " on axis ", axis, " of weight, got ", shape,
         cure);
}

inline void check_bias_size(const char* function, const WeightReading& reading, const Shape& shape,
                            Index channels, Index bias_size) {
  const Index outputs = channels_on(reading.outputs, reading, shape);
  if (bias_size == no_bias || bias_size == outputs) return;
  const ReadingHints hints(shape, channels, bias_size);
  refuse(function, ": expected a bias of ", outputs, " values for weight ", shape, ", got ",
         bias_size, hints.text("; is it the bias of another map?"));
}

/// Refuses what does not fit, with the usual maps that do.
inline void check_reading(const WeightReading& reading, const Shape& shape, Index channels,
                          Index bias_size) {
  const bool behind = reading.place == LayerPlace::behind_map;
  const char* const function = behind ? "fold" : "fold_into_next";
  const char* const layer_side = behind ? "outputs" : "inputs";
  check_groups(function, reading, shape, channels, bias_size);
  check_layer_channels(function, layer_side, reading, shape, channels, bias_size);
  check_bias_size(function, reading, shape, channels, bias_size);
}

}  // namespace batchnorm::detail
