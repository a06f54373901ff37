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
  if (has(0)) return "; is the axis of samples missing, or is this ChannelAxis<0>?";
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

/// An output that would have to be resized.
template <typename Out, typename Scalar, std::size_t N>
void check_resizing(const char* name, const Out& out, const Shape& expected, int axis,
                    const std::array<View<const Scalar>, N>& inputs) {
  using Traits = ArgumentOf<Out>;
  const Shape shape = Traits::shape(out);
  if (!Traits::can_resize(expected)) {
    refuse("expected ", name, " of x's shape ", expected, ", got ", shape,
           "; a view or a fixed size can't be resized: map memory of x's shape, or pass an "
           "object that owns its values.");
  }
  const auto before = read_view(out, axis);
  for (const auto& input : inputs) {
    if (!shares_memory(before, input)) continue;
    refuse(name, " overlaps an input and would have to be resized from ", shape, " to ", expected,
           ", which frees what the input views; write to a tensor of its own.");
  }
}

/// An output that is written as it is.
template <typename Scalar, std::size_t N>
void check_in_place(const char* name, const View<Scalar>& output,
                    const std::array<View<const Scalar>, N>& inputs) {
  if (!is_injective(output))
    refuse(name,
           " has strides with which two indices name one element, or negative ones: expected ",
           "an element of its own for every index, and strides above 0.");
  for (const auto& input : inputs) check_overlap(name, output, "an input", input, true);
}

/// Refuses an output that can't have the shape of x, or that overlaps an input in part. Touches
/// nothing.
template <typename Out, typename Scalar, std::size_t N>
void check_output_shape(const char* name, Out& out, const Shape& expected, int axis,
                        const std::array<View<const Scalar>, N>& inputs) {
  if (ArgumentOf<Out>::shape(out) == expected) {
    check_in_place(name, write_view(out, axis), inputs);
  } else {
    check_resizing(name, out, expected, axis, inputs);
  }
}

/// Refuses two outputs that are the same, or share memory. Touches nothing.
template <typename A, typename B>
void check_apart(const char* a_name, A& a, const char* b_name, B& b, int axis) {
  const bool one = static_cast<const void*>(&a) == static_cast<const void*>(&b);
  if (!one && ArgumentOf<A>::shape(a) == ArgumentOf<B>::shape(b))
    return check_overlap(a_name, write_view(a, axis), b_name, write_view(b, axis), false);
  if (one || shares_memory(write_view(a, axis), write_view(b, axis)))
    refuse(a_name, " overlaps ", b_name,
           ": expected separate memory; write to a tensor of its own.");
}

/// The view of an output that was checked, which gets the shape of x as by Eigen's assignment.
template <typename Out>
auto prepared_output(Out& out, const Shape& expected, int axis) {
  if (ArgumentOf<Out>::shape(out) != expected) ArgumentOf<Out>::resize(out, expected);
  return write_view(out, axis);
}

}  // namespace batchnorm::detail
