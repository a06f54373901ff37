#pragma once

#include "../refusal/refusal.hpp"
#include "make_view.hpp"
#include "overlap.hpp"

// Misuse of arguments that shows at run time: what came, what was expected, the likely cure.
namespace batchnorm::detail {

/// What the user probably meant, given where an extent equal to the layer's channels stands.
inline const char* axis_cure(const Shape& shape, Index channels, int axis) {
  const auto has = [&](int at) {
    return at != axis && shape.extents[static_cast<std::size_t>(at)] == channels;
  };
  if (shape.rank > 2 && has(shape.rank - 1)) return "; is this ChannelsLast?";
  if (has(1)) return "; is this ChannelsFirst?";
  if (shape.rank == 2 && has(0)) return "; is this ChannelAxis<0>, samples in columns?";
  return "; was the layer made for another number of channels?";
}

inline void check_channels(const char* name, const Shape& shape, Index channels, int axis) {
  if (shape.extents[static_cast<std::size_t>(axis)] != channels) {
    refuse("expected ", channels, channels == 1 ? " channel" : " channels", " on axis ", axis,
           " of ", name, ", got ", shape, axis_cure(shape, channels, axis));
  }
}

inline void check_same_shape(const char* name, const Shape& shape, const Shape& expected) {
  if (shape != expected) {
    refuse("expected ", name, " of x's shape ", expected, ", got ", shape,
           "; is this the tensor of another layer or batch?");
  }
}

template <typename A, typename B>
void check_overlap(const char* output_name, const View<A>& output, const char* other_name,
                   const View<B>& other, bool in_place_allowed) {
  const Overlap found = overlap(output, other);
  if (found == Overlap::none || (found == Overlap::same && in_place_allowed)) return;
  refuse(output_name, " overlaps ", other_name,
         in_place_allowed ? " without being the same view" : "", ": expected separate memory",
         in_place_allowed ? ", or the very same view for a call in place" : "",
         "; write to a tensor of its own.");
}

/// Gives an output the shape of x, as Eigen's assignment would; a view must have it already.
template <typename Out, typename... Scalars>
void prepare_output(const char* name, Out& out, const Shape& expected, int axis,
                    const View<Scalars>&... inputs) {
  using Traits = ArgumentOf<Out>;
  const Shape shape = Traits::shape(out);
  if (shape == expected) return;
  if (!Traits::can_resize(expected)) {
    refuse("expected ", name, " of x's shape ", expected, ", got ", shape,
           "; a view or a fixed size can't be resized: map memory of x's shape, or pass an "
           "object that owns its values.");
  }
  const auto before = read_view(out, axis);
  if ((false || ... || shares_memory(before, inputs))) {
    refuse(name, " overlaps an input and would have to be resized from ", shape, " to ", expected,
           ", which frees what the input views; write to a tensor of its own.");
  }
  Traits::resize(out, expected);
}

}  // namespace batchnorm::detail
