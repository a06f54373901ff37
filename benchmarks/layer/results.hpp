#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "busy.hpp"
#include "contender.hpp"
#include "machine.hpp"

namespace benchmarks {

/// What one contender did in one task.
struct Figure {
  std::vector<double> rounds{};          ///< microseconds of a call
  double microseconds = 0.0;             ///< their median
  double spread = 0.0;                   ///< of them
  double error = 0.0;                    ///< largest of y or dx against double; x from N(0, 1)
  std::optional<double> offset_error{};  ///< the same with means about 1000; forward only
};

/// One operation at one shape in one layout.
struct Result {
  std::string operation;  ///< such as "forward" or "forward+relu"
  std::string layout;
  Shape shape;
  std::size_t bytes;  ///< of all arrays that a call reads and writes
  Level level;
  std::map<std::string, Figure> figures;  ///< by contender
};

/// Everything that was measured, and the questions that the report asks.
struct Results {
  std::vector<Entry> contenders;
  std::vector<Result> all;
  double others = 0.0;  ///< processors that others kept busy meanwhile

  /// The fastest contender with a role, and its time.
  std::optional<std::string> fastest(const Result& result, Role role) const;
  std::optional<double> least(const Result& result, Role role) const;
  /// Time of the fastest way to move the bytes.
  std::optional<double> floor(const Result& result) const;
  /// Time of a contender, if it took part.
  static std::optional<double> time(const Result& result, const std::string& name);
  /// Of a contender against the floor, and against this library.
  std::optional<double> over_floor(const Result& result, const std::string& name) const;
  static std::optional<double> over_ours(const Result& result, const std::string& name);
  /// How far the rounds of a contender, or of the fastest with a role, lie apart; 0 if there is
  /// none.
  static double spread(const Result& result, const std::string& name);
  double spread(const Result& result, Role role) const;
  /// Whether the figures can be trusted: with the median of the spreads of the floor.
  Quiet quiet() const;

  /// Whether a contender was in any race.
  bool took_part(const std::string& name) const;
  /// Names of those with a role that took part anywhere, in their order.
  std::vector<std::string> names(Role role) const;
};

/// Nothing where one is missing.
std::optional<double> divide(std::optional<double> above, std::optional<double> below);

/// Geometric mean, of those that are there; nothing where none is.
class GeometricMean {
 public:
  void add(std::optional<double> value);
  std::optional<double> value() const;

 private:
  double logs_ = 0.0;
  int count_ = 0;
};

}  // namespace benchmarks
