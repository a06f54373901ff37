#include "page/report_file.hpp"

namespace mlp {

std::string report_hindrance() {
  return "the trainer was built without nlohmann-json or Chart.js (Debian: apt-get install "
         "nlohmann-json3-dev libjs-chart.js)";
}

void write_report(const std::filesystem::path&, const Told&) {}

}  // namespace mlp
