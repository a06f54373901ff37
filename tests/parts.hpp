#pragma once

#include <utility>
#include <vector>

#include "layouts.hpp"

/// A batch in parts of uneven sizes, one of them a single sample and one empty, and the same values
/// as one, for the laws about steps that are taken apart.
namespace fixtures {

inline constexpr Index part_channels = 5;

template <typename L>
struct Part {
  using Kind = typename L::Kind;

  Part(Index samples, std::uint64_t seed)
      : dimensions(L::dimensions(samples, part_channels, 3)),
        x(L::filled(dimensions, pattern_of(seed))),
        r(L::filled(dimensions, pattern_of(seed + 1))),
        dy(L::filled(dimensions, pattern_of(seed + 2))),
        y(dimensions),
        dx(dimensions),
        dr(dimensions) {}

  Values pattern_of(std::uint64_t seed) const {
    using Scalar = typename std::remove_cvref_t<decltype(std::declval<Kind&>().get())>::Scalar;
    return pattern<Scalar>(L::shape(dimensions), seed);
  }

  typename L::Dims dimensions;
  Kind x, r, dy, y, dx, dr;
};

template <typename L>
std::vector<Part<L>> some_parts(const std::vector<Index>& sizes = {4, 1, 0, 9}) {
  std::vector<Part<L>> parts;
  for (const Index samples : sizes)
    parts.emplace_back(samples, 500 + 10 * static_cast<std::uint64_t>(parts.size()));
  return parts;
}

/// One step of a layer, every part with the statistics of all, and what its parameters learnt from.
/// `backwards` sums the gradients from the last part to the first.
template <typename Layer, typename L>
std::pair<typename Layer::Saved, batchnorm::GradientSums> step_of_parts(Layer& layer,
                                                                        std::vector<Part<L>>& parts,
                                                                        bool backwards = false) {
  using batchnorm::residual;
  std::vector<typename Layer::Saved> saved(parts.size());
  batchnorm::Moments moments;
  for (Part<L>& part : parts) moments.merge(layer.moments(part.x.get()));
  for (std::size_t k = 0; k < parts.size(); ++k)
    layer.forward(saved[k], parts[k].x.get(), moments, residual(parts[k].r.get()),
                  parts[k].y.get());
  layer.observe(moments);
  batchnorm::GradientSums sums;
  for (std::size_t step = 0; step < parts.size(); ++step) {
    const std::size_t k = backwards ? parts.size() - 1 - step : step;
    sums.merge(layer.gradient_sums(saved[k], parts[k].x.get(), residual(parts[k].r.get()),
                                   parts[k].dy.get()));
  }
  for (std::size_t k = 0; k < parts.size(); ++k)
    layer.backward(saved[k], parts[k].x.get(), residual(parts[k].r.get()), parts[k].dy.get(), sums,
                   parts[k].dx.get(), parts[k].dr.get());
  layer.learn(saved[0], sums);
  return {saved[0], sums};
}

/// The values of all parts behind each other, as one value per position.
template <typename L>
Values joined(std::vector<Part<L>>& parts, typename L::Kind Part<L>::*which) {
  Index count = 0;
  for (Part<L>& part : parts) count += L::shape(part.dimensions).count();
  Values all({count, part_channels, 1});
  Index before = 0;
  for (Part<L>& part : parts) {
    const Values values = L::values(part.*which, part.dimensions);
    const reference::Shape& shape = values.shape();
    reference::for_each(shape, [&](Index o, Index c, Index i) {
      all(before + o * shape.inner + i, c, 0) = values(o, c, i);
    });
    before += shape.count();
  }
  return all;
}

}  // namespace fixtures
