#pragma once

#include <map>
#include <string>
#include <vector>

#include "contender.hpp"

namespace benchmarks {

struct Racer {
  std::string name;
  Contender* contender;
  int rounds;
};

/// Microseconds of a call, one entry per round.
using Rounds = std::map<std::string, std::vector<double>>;

/// Times one operation of several contenders, whose rounds stand in random order between each
/// other. A round is a batch of calls that takes about `seconds`, after one call that is not timed.
Rounds race(const std::vector<Racer>& racers, Operation operation, double seconds);

}  // namespace benchmarks
