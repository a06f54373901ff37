#ifndef BATCHNORM_REDUCE_COMPENSATED_SUM
#define BATCHNORM_REDUCE_COMPENSATED_SUM

#include <limits>
#include <type_traits>

#include "../packet/two_sum.hpp"
#include "../packet/widened.hpp"

namespace batchnorm::detail::BATCHNORM_TARGET {

/// The lanes of a packet in double.
template <typename P>
using InDouble = Widened<ScalarOf<P>>;

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

  void add(const P& value) { rest_ = add_by_multiplier(entered(value), rest_); }

  /// What four values leave out is joined first, so that the next four wait for less.
  void add(const std::array<P, 4>& values) {
    std::array<P, 4> left;
    unroll<4>([&](auto k) { left[k] = entered(values[k]); });
    const P some = add_by_multiplier(left[0], left[1]);
    const P others = add_by_multiplier(left[2], left[3]);
    rest_ = kernels::add(rest_, add_by_multiplier(some, others));
  }

  /// Either sum may be the larger one.
  void add(const CompensatedSum& other, const P& bias) {
    const auto both = two_sum(sum_, held(subtract(other.sum_, bias)));
    sum_ = both.sum;
    rest_ = kernels::add(rest_, kernels::add(other.rest_, both.rest));
  }

  /// Without the bias.
  InDouble<P> totals(const P& bias) const {
    using Wide = PacketOf<double>;
    const Wide none = broadcast<Wide>(0);
    const Wide infinite = broadcast<Wide>(std::numeric_limits<double>::infinity());
    InDouble<P> result(subtract(sum_, bias));
    const InDouble<P> rest(rest_);
    // Beyond the range of `Scalar` there is no rest, and the sum says so.
    unroll<result.size>([&](auto k) {
      result[k] = kernels::add(result[k], select_less(absolute(rest[k]), infinite, rest[k], none));
    });
    return result;
  }

 private:
  /// Adds a value to the rounded sum; what that leaves out.
  P entered(const P& value) {
    const P sum = held(kernels::add(sum_, value));
    const P part = held(subtract(sum, sum_));
    sum_ = sum;
    return held(subtract(value, part));
  }

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
  void add(const std::array<P, 4>& values) {
    const P some = kernels::add(values[0], values[1]);
    add(kernels::add(some, kernels::add(values[2], values[3])));
  }
  void add(const PlainSum& other, const P& /*bias*/) { add(other.sum_); }
  InDouble<P> totals(const P& /*bias*/) const { return InDouble<P>(sum_); }

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
