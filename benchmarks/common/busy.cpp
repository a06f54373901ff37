#include "busy.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "table.hpp"

namespace benchmarks {
namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

double own_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Of all processors together, whoever used them: user, nice, system, irq, softirq and steal.
double used_seconds() {
  std::ifstream file("/proc/stat");
  std::string name;
  double user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, softirq = 0, steal = 0;
  file >> name >> user >> nice >> system >> idle >> wait >> irq >> softirq >> steal;
  return (user + nice + system + irq + softirq + steal) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double seconds_of_others() { return used_seconds() - own_seconds(); }

}  // namespace

OtherWork::OtherWork() : start_(std::chrono::steady_clock::now()), seconds_(seconds_of_others()) {}

double OtherWork::processors() const {
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start_;
  return std::max(0.0, (seconds_of_others() - seconds_) / passed.count());
}

bool Quiet::busy() const { return others > 0.2 || spread > 0.1; }

std::string Quiet::sentence(const std::string& measured) const {
  const std::string figures = "others took " + format(others) + " of its " +
                              std::to_string(sysconf(_SC_NPROCESSORS_ONLN)) +
                              " processors, and the rounds of " + measured + " differ by ±" +
                              format(100.0 * spread, 0) + " %";
  if (!busy()) return "The machine was quiet: " + figures + ".";
  return "The machine was busy: " + figures + "; measure again when it does nothing else.";
}

}  // namespace benchmarks
