#include "progress.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>

#include "format.hpp"
#include "interrupt.hpp"
#include "names.hpp"
#include "terminal.hpp"

namespace mlp {
namespace {

constexpr std::chrono::milliseconds kBetweenBars{100};
constexpr std::chrono::seconds kBetweenLines{2};

std::string title(const Run& run) {
  return format("%-16s  seed %lld", long_name(run.arm.placement), static_cast<long long>(run.seed));
}

std::string ending(const Run& run) {
  const int epochs = run.epochs.empty() ? 0 : run.epochs.back().number;
  switch (run.ending) {
    case Ending::diverged:
      return format("diverged in epoch %d", epochs);
    case Ending::interrupted:
      return format("stopped after epoch %d", epochs);
    case Ending::finished:
      break;
  }
  return format("%d epochs", epochs);
}

double seconds_between(std::chrono::steady_clock::time_point from,
                       std::chrono::steady_clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

Progress::Progress(const Settings& settings, const Dataset& data, Csv& csv)
    : settings_(settings),
      csv_(csv),
      epoch_samples_(static_cast<double>(data.train.images.rows())),
      columns_(terminal_columns()),
      begin_(Clock::now()),
      run_begin_(begin_),
      shown_(begin_) {}

Progress::~Progress() { clear(); }

void Progress::on_start(const Run&) {
  run_begin_ = Clock::now();
  warned_ = 0;
}

void Progress::on_batch(const Run& run, const nn::Score& score) {
  const auto now = Clock::now();
  if (columns_ == 0 || now - shown_ < kBetweenBars) return;
  shown_ = now;
  draw(run, score);
}

void Progress::on_epoch(const Run& run) {
  csv_.write(run);
  print_warnings(run);
  const auto now = Clock::now();
  if (columns_ > 0 || now - shown_ < kBetweenLines) return;
  shown_ = now;
  const Epoch& epoch = run.epochs.back();
  print(format("%s  epoch %d/%d  loss %.4f  accuracy %.1f %%  test %.1f %%  %s samples/s  %s left",
               title(run).c_str(), epoch.number, settings_.epochs, epoch.train_loss,
               100 * epoch.train_accuracy, 100 * epoch.test_accuracy,
               format_count(epoch.samples_per_second).c_str(),
               format_duration(seconds_left(epoch.number)).c_str()));
}

void Progress::on_end(const Run& run) {
  ++runs_ended_;
  clear();
  std::string line = title(run) + "  " + ending(run);
  if (!run.epochs.empty()) {
    const Epoch& last = run.epochs.back();
    if (run.ending != Ending::diverged) line += format("  loss %.4f", last.train_loss);
    line += format("  test %.1f %%  %.2f s of training", 100 * last.test_accuracy, last.seconds);
  }
  print(line);
  if (columns_ == 0) shown_ = Clock::now();
}

bool Progress::wants_to_stop() const { return noted_signal() != 0; }

void Progress::draw(const Run& run, const nn::Score& score) {
  const auto whole = static_cast<int>(run.epochs.size());
  const double epochs = whole + static_cast<double>(score.samples) / epoch_samples_;
  const double per_second = epochs * epoch_samples_ / seconds_between(run_begin_, Clock::now());
  const char* const detail =
      columns_ < 110 ? " %*d/%d loss %.3f %5.1f %% %4s/s %s left"
                     : "  epoch %*d/%d  loss %.4f  accuracy %5.1f %%  %4s samples/s  %s left";
  const int digits = static_cast<int>(std::to_string(settings_.epochs).size());
  const std::string right =
      format(detail, digits, whole + 1, settings_.epochs, score.mean_loss(), 100 * score.accuracy(),
             format_count(per_second).c_str(), format_duration(seconds_left(epochs)).c_str());
  const std::string left = title(run) + ' ';
  const int room = columns_ - static_cast<int>(left.size() + right.size()) - 3;
  const auto width = static_cast<std::size_t>(std::clamp(room, 5, 40));
  std::string line = left + bar(epochs / settings_.epochs, width) + right;
  line.resize(std::min(line.size(), static_cast<std::size_t>(columns_ - 1)));
  std::printf("\r%s\033[K", line.c_str());
  std::fflush(stdout);
  drawn_ = true;
}

void Progress::print(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

void Progress::print_warnings(const Run& run) {
  for (; warned_ < run.warnings.size(); ++warned_) {
    clear();
    print(title(run) + "  warning: " + run.warnings[warned_]);
  }
}

void Progress::clear() {
  if (drawn_) std::printf("\r\033[K");
  drawn_ = false;
}

/// `epochs` of the present run are done, or no run is under way.
double Progress::seconds_left(double epochs) const {
  const double done = runs_ended_ * static_cast<double>(settings_.epochs) + epochs;
  const double all = static_cast<double>(settings_.arms.size()) * settings_.seeds *
                     static_cast<double>(settings_.epochs);
  return seconds_between(begin_, Clock::now()) * (all - done) / done;
}

}  // namespace mlp
