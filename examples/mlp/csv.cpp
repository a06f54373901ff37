#include "csv.hpp"

#include <cmath>
#include <stdexcept>

#include "format.hpp"
#include "names.hpp"

namespace mlp {

Csv::Csv(const std::string& path) : path_(path) {
  if (path_.empty()) return;
  file_.open(path_);
  file_ << "norm,learning_rate,seed,epoch,steps,train_loss,train_accuracy,test_loss,test_accuracy,"
           "seconds,"
           "samples_per_second"
        << std::endl;
  check();
}

void Csv::write(const Run& run) {
  if (path_.empty()) return;
  const Epoch& epoch = run.epochs.back();
  // Nine digits bring every float back as it was. A loss has no sign, but NaN may show one.
  file_ << format("%s,%.9g,%lld,%d,%lld,%.9g,%.9g,%.9g,%.9g,%.6f,%.0f",
                  short_name(run.arm.placement), run.arm.learning_rate,
                  static_cast<long long>(run.seed), epoch.number,
                  static_cast<long long>(epoch.steps), std::abs(epoch.train_loss),
                  epoch.train_accuracy, std::abs(epoch.test_loss), epoch.test_accuracy,
                  epoch.seconds, epoch.samples_per_second)
        << std::endl;
  check();
}

void Csv::check() {
  if (!file_) throw std::runtime_error(path_ + ": cannot be written");
}

}  // namespace mlp
