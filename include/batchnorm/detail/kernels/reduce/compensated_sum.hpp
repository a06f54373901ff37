#ifndef BATCHNORM_REDUCE_COMPENSATED_SUM
#define BATCHNORM_REDUCE_COMPENSATED_SUM

#include <cmath>
#include <type_traits>

#include "../packet/lanes.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

/// Where a compensated sum of values of this magnitude begins: so far out that a block's values
/// hardly move it.
template <typename P>
P bias_for(const P& magnitude) {
  const P one = broadcast<P>(1);
  const P known = select_less(broadcast<P>(0), magnitude, magnitude, one);
  return minimum(multiply(known, broadcast<P>(16384)), broadcast<P>(ScalarOf<P>(0x1p100)));
}

/// The sum of a block's values in each lane, twice as exact as `Scalar`: what the roundings of the
/// sum leave out is summed too (Dekker 1971: for |a| >= |b|, a + b = s + (b - (s - a)), where s is
/// the rounded sum). That is exact where the sum begins at a bias larger than any value; a value
/// beyond the bias, or beyond a sum that began at 0, costs no more than a rounding of itself.
template <typename P>
class CompensatedSum {
 public:
  CompensatedSum() = default;
  explicit CompensatedSum(const P& bias) : sum_(bias), rest_(broadcast<P>(0)) {}

  void add(const P& value) {
    const P sum = held(kernels::add(sum_, value));
    const P entered = held(subtract(sum, sum_));
    rest_ = add_by_multiplier(held(subtract(value, entered)), rest_);
    sum_ = sum;
  }

  void add(const CompensatedSum& other, const P& bias) {
    add(subtract(other.sum_, bias));
    rest_ = kernels::add(rest_, other.rest_);
  }

  /// Without the bias.
  auto totals(const P& bias) const {
    auto result = widened(subtract(sum_, bias));
    const auto rest = widened(rest_);
    // Beyond the range of `Scalar` there is no rest, and the sum says so.
    for (std::size_t l = 0; l < result.size(); ++l)
      result[l] += std::isfinite(rest[l]) ? rest[l] : 0.0;
    return result;
  }

 private:
  P sum_;
  P rest_;
};

/// What stands in the place of a compensated sum in double, which has digits enough.
template <typename P>
class PlainSum {
 public:
  PlainSum() = default;
  explicit PlainSum(const P& /*bias*/) : sum_(broadcast<P>(0)) {}

  void add(const P& value) { sum_ = kernels::add(sum_, value); }
  void add(const PlainSum& other, const P& /*bias*/) { add(other.sum_); }
  auto totals(const P& /*bias*/) const { return widened(sum_); }

 private:
  P sum_;
};

/// The sum of values where no more than their own roundings may be lost.
template <typename P>
using ValueSum =
    std::conditional_t<std::is_same_v<ScalarOf<P>, double>, PlainSum<P>, CompensatedSum<P>>;

/// A plain sum in two levels: of the last rows, and of what came before. Where it is settled after
/// every `settled_rows` rows, no value takes part in more than a few roundings, and many small ones
/// behind a large one are not lost.
template <typename P>
class TwoLevelSum {
 public:
  TwoLevelSum() : recent_(broadcast<P>(0)), earlier_(recent_) {}

  void add(const P& value) { recent_ = kernels::add(recent_, value); }
  void add_product(const P& a, const P& b) { recent_ = multiply_add(a, b, recent_); }
  void add(const TwoLevelSum& other) {
    earlier_ = kernels::add(total(), other.total());
    recent_ = broadcast<P>(0);
  }

  /// Closes a level: to be called after every few rows.
  void settle() {
    earlier_ = total();
    recent_ = broadcast<P>(0);
  }

  P total() const { return kernels::add(earlier_, recent_); }

 private:
  P recent_;
  P earlier_;
};

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
