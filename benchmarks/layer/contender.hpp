#pragma once

#include <memory>
#include <string>

#include "problem.hpp"

namespace benchmarks {

/// Somebody's batch normalization, prepared for one problem.
class Contender {
 public:
  Contender() = default;
  Contender(const Contender&) = delete;
  Contender& operator=(const Contender&) = delete;
  virtual ~Contender() = default;

  virtual void forward() = 0;    ///< batch statistics and y; the running statistics move
  virtual void backward() = 0;   ///< dx and both parameters' gradients; follows a `forward`
  virtual void inference() = 0;  ///< y from running statistics

  /// Whoever computes in memory of their own takes x and dy from the buffers here, and hands y or
  /// dx over in `unload`. Neither is timed.
  virtual void load() {}
  virtual void unload(Operation /*operation*/) {}

  void run(Operation operation) {
    if (operation == Operation::forward) forward();
    if (operation == Operation::backward) backward();
    if (operation == Operation::inference) inference();
  }
};

/// What a contender is compared as.
enum class Role {
  floor,          ///< moves the bytes once and computes nothing
  ours,           ///< this library
  placed,         ///< `ours-NAME`: this library, compared with itself where arrays lie comfortably
  peer,           ///< another library or way to write it, in the caller's layout
  outsider,       ///< in a layout of its own, which the caller would have to hold
  threaded,       ///< `ours-threads`: this library on more threads, compared with itself on one
  threaded_floor  ///< the floor on more threads
};

/// Where a contender takes part.
enum class Scope {
  everywhere,
  memory,  ///< where the arrays of a call do not fit the last-level cache together
  small,   ///< up to middling shapes, in fewer rounds: so far behind that they say enough
  placed   ///< at shapes where uncomfortable places in memory are tried
};

struct Entry {
  std::string name;
  std::string description;  ///< version, instruction set and the like, for the report
  Role role;
  Scope scope;
  /// Null where the problem is not one that this contender solves.
  std::unique_ptr<Contender> (*make)(const Problem&);

  /// Whether it has an answer, or only moves bytes.
  bool computes() const { return role != Role::floor && role != Role::threaded_floor; }
};

}  // namespace benchmarks
