#include "experiments/material.hpp"

#include <zlib.h>

#include <algorithm>
#include <vector>

namespace mlp {
namespace {

template <typename Values>
std::uint32_t add_to_checksum(std::uint32_t sum, const Values& values) {
  const auto size = static_cast<std::size_t>(values.size()) * sizeof(typename Values::Scalar);
  return static_cast<std::uint32_t>(
      crc32_z(sum, reinterpret_cast<const Bytef*>(values.data()), size));
}

}  // namespace

Material make_material(const Dataset& data) {
  constexpr Index kMostValidating = 2000;
  const Index count = data.train.images.rows();
  const Index stride = std::max<Index>(10, count / kMostValidating);
  std::vector<Index> train;
  std::vector<Index> validation;
  for (Index i = 0; i < count; ++i) (i % stride == stride - 1 ? validation : train).push_back(i);
  Material material{.train = nn::pick(data.train, train),
                    .validation = nn::pick(data.train, validation),
                    .test = data.test,
                    .classes = data.classes};
  for (const nn::Samples<float>* const part : {&data.train, &data.test}) {
    material.checksum = add_to_checksum(material.checksum, part->images);
    material.checksum = add_to_checksum(material.checksum, part->labels);
  }
  return material;
}

}  // namespace mlp
