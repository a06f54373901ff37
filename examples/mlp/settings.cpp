#include "settings.hpp"

#include <cmath>

#include "format.hpp"

namespace mlp {
namespace {

void expect_between(const char* option, double value, double least, double most) {
  expect(value >= least && value <= most,
         format("%s must be from %.15g to %.15g", option, least, most));
}

}  // namespace

double default_learning_rate(Activation activation, Placement placement) {
  const bool relu = activation == Activation::relu;
  switch (placement) {
    case Placement::none:
      return relu ? 0.3 : 1;
    case Placement::before_activation:
      return 0.3;
    case Placement::after_activation:
      break;
  }
  return relu ? 1 : 0.3;
}

void expect(bool fine, const std::string& sentence) {
  if (!fine) throw Mistake(sentence);
}

void check(const Settings& settings) {
  for (const Index width : settings.hidden) {
    expect_between("--layers", static_cast<double>(width), 1, 65536);
  }
  for (const Arm& arm : settings.arms) {
    expect(arm.learning_rate > 0 && std::isfinite(arm.learning_rate),
           "--learning-rate must be greater than 0 and finite");
    expect(settings.batch > 1 || arm.placement == Placement::none,
           "--batch 1 leaves batch normalization one value per channel, which has no variance: "
           "take 2 or more, "
           "or --norm none");
  }
  expect_between("--batch", static_cast<double>(settings.batch), 1, 1e6);
  expect_between("--epochs", settings.epochs, 1, 1e6);
  expect_between("--seed", static_cast<double>(settings.seed), 0, 1e12);
  expect_between("--seeds", settings.seeds, 1, 1e4);
  expect_between("--threads", settings.threads, 1, 256);
  expect_between("--momentum", settings.momentum, 0, 1);
  expect(settings.epsilon >= 0 && std::isfinite(settings.epsilon),
         "--epsilon must be at least 0 and finite");
  expect(settings.sgd_momentum >= 0 && settings.sgd_momentum < 1,
         "--sgd-momentum must be at least 0 and less than 1");
  expect(settings.weight_decay >= 0 && std::isfinite(settings.weight_decay),
         "--weight-decay must be at least 0 and finite");
  if (settings.target) expect_between("--target", *settings.target, 0, 100);
}

}  // namespace mlp
