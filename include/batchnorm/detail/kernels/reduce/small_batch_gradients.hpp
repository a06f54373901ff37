#ifndef BATCHNORM_REDUCE_SMALL_BATCH_GRADIENTS
#define BATCHNORM_REDUCE_SMALL_BATCH_GRADIENTS

#include "gradient_kernel.hpp"
#include "small_batch_planes.hpp"
#include "small_batch_rows.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

/// The sums of a `GradientKernel` over few values.
template <typename Kernel>
struct SmallBatchGradients {
  using Data = typename Kernel::Data;
  using Scalar = typename Kernel::Scalar;
  using Wide = PacketOf<Scalar>;
  static constexpr std::size_t inputs = Kernel::inputs;
  static constexpr Index most_rows_near = 48;
  static constexpr Index most_rows_far = 8;
  static constexpr Index most_in_runs = 128;
  static constexpr bool looks_again = false;

  struct Part {
    typename Kernel::template Coefficients<Wide> coefficients;
    Widened<Scalar> sum;
    Widened<Scalar> product;
  };

  Kernel kernel;

  Part begin(Index channel, Spread how, const Pointers<SmallBatchGradients>& /*from*/) const {
    return {kernel.template coefficients<Wide>(channel, how), Widened<Scalar>::zero(),
            Widened<Scalar>::zero()};
  }

  void add(Part& part, const Pointers<SmallBatchGradients>& from) const {
    const auto row = row_at<SmallBatchGradients>(from);
    const Wide centred = Kernel::centred(part.coefficients, row);
    const Widened<Scalar> a(centred);
    const Widened<Scalar> g(Kernel::gated(part.coefficients, centred, row));
    unroll<a.size>([&](auto k) {
      part.sum[k] = kernels::add(part.sum[k], g[k]);
      part.product[k] = multiply_add(g[k], a[k], part.product[k]);
    });
  }

  std::array<Wide, inputs> idle(const Part& part) const { return Kernel::idle(part.coefficients); }

  void write(const Part& part, double /*share*/, const Slots& slots, Index channel) const {
    part.sum.write(slots.row(0) + channel);
    part.product.write(slots.row(1) + channel);
  }

  void write_one(const Part& part, double /*share*/, const Slots& slots, Index channel) const {
    slots(0, channel) = part.sum.total();
    slots(1, channel) = part.product.total();
  }
};

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
