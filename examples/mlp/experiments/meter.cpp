#include "experiments/meter.hpp"

#include <algorithm>
#include <cstdio>

#include "format.hpp"
#include "terminal.hpp"

namespace mlp {

Meter::~Meter() { clear(); }

void Meter::begin(const std::string& part, double work) {
  part_ = part;
  part_work_ = work;
  part_done_ = 0;
  draw();
}

void Meter::advance(double work) {
  done_ += work;
  part_done_ += work;
  constexpr std::chrono::milliseconds kBetweenBars{100};
  if (Clock::now() - shown_ >= kBetweenBars) draw();
}

void Meter::end(const std::string& line) {
  clear();
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

void Meter::draw() {
  const int columns = terminal_columns();
  if (columns == 0) return;
  shown_ = Clock::now();
  const double whole = work_ > 0 ? std::min(done_ / work_, 1.0) : 1;
  const double part = part_work_ > 0 ? std::min(part_done_ / part_work_, 1.0) : 1;
  const double seconds = std::chrono::duration<double>(shown_ - begin_).count();
  const std::string left =
      whole > 0.01 ? format_duration(seconds * (1 - whole) / whole) + " left" : "";
  std::string line = format("Report %s %3.0f %%  %-12s  %s %s", bar(whole, 20).c_str(), 100 * whole,
                            left.c_str(), bar(part, 10).c_str(), part_.c_str());
  line.resize(std::min(line.size(), static_cast<std::size_t>(columns - 1)));
  std::printf("\r%s\033[K", line.c_str());
  std::fflush(stdout);
  drawn_ = true;
}

void Meter::clear() {
  if (drawn_) std::printf("\r\033[K");
  drawn_ = false;
}

}  // namespace mlp
