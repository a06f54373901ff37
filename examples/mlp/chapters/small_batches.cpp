#include <algorithm>
#include <cmath>
#include <utility>

#include "chapters/chapters.hpp"
#include "chapters/families.hpp"
#include "chapters/telling.hpp"

namespace mlp {
namespace {

std::vector<Index> batches(const Scope& scope) {
  return scope.choose<std::vector<Index>>({2, 3, 4, 8, 64}, {2, 3, 4, 8, 16, 64},
                                          {2, 3, 4, 5, 6, 8, 16, 32, 64, 128});
}

/// Those where batch renormalization and ghost batches stand beside batch normalization.
std::vector<Index> small(const Scope& scope) {
  std::vector<Index> sizes = batches(scope);
  std::erase_if(sizes, [](Index size) { return size > 8; });
  return sizes;
}

/// What is compared.
enum class Norm { none, batch, renormalised, ghost };

/// What ghost batches are blocks of.
constexpr Index kGhostBatch = 64;

/// Learning rates at a batch of 64; in proportion at others.
std::vector<double> rates(const Scope& scope) {
  return scope.choose<std::vector<double>>({0.1}, {0.1, 0.3}, {0.03, 0.1, 0.3, 1});
}

/// The same number of images for every number of images that are normalised together, in the
/// average of the running statistics too.
std::vector<Recipe> arm(const Scope& scope, Index together, Norm norm) {
  constexpr double kDecayOf64 = 0.9;
  const Index batch = norm == Norm::ghost ? kGhostBatch : together;
  std::vector<Recipe> all;
  for (const double rate : rates(scope)) {
    all.push_back({.hidden = {100, 100},
                   .activation = Activation::relu,
                   .placement = norm == Norm::none ? Placement::none : Placement::before_activation,
                   .learning_rate = rate * static_cast<double>(batch) / 64,
                   .batch = batch,
                   .steps = scope.steps(6000, 12000, 60000) / batch,
                   .decay = std::pow(kDecayOf64, static_cast<double>(together) / 64),
                   .renormalised = norm == Norm::renormalised,
                   .ghost = norm == Norm::ghost ? together : 0});
  }
  return all;
}

std::vector<Recipe> recipes(const Scope& scope) {
  std::vector<Recipe> all;
  for (const Index size : batches(scope)) {
    append(all, arm(scope, size, Norm::none));
    append(all, arm(scope, size, Norm::batch));
  }
  for (const Index size : small(scope)) {
    append(all, arm(scope, size, Norm::renormalised));
    append(all, arm(scope, size, Norm::ghost));
  }
  return all;
}

/// At its best rate.
Recipe best(const Evidence& evidence, Index together, Norm norm) {
  return evidence.best(arm(evidence.scope(), together, norm));
}

std::string accuracy_text(const Evidence& evidence, Index together, Norm norm) {
  return text_of(at_end(evidence.trials(best(evidence, together, norm)), kTest, 100));
}

/// How much higher one ends than another, in points.
double difference(const Evidence& evidence, const Recipe& one, const Recipe& other) {
  return tenths(end_of(evidence, one) - end_of(evidence, other));
}

double gain_at(const Evidence& evidence, Index batch) {
  return difference(evidence, best(evidence, batch, Norm::batch),
                    best(evidence, batch, Norm::none));
}

double renormalization_gains(const Evidence& evidence, Index batch) {
  return difference(evidence, best(evidence, batch, Norm::renormalised),
                    best(evidence, batch, Norm::batch));
}

/// Beside the whole batch.
double blocks_gain(const Evidence& evidence, Index block) {
  return difference(evidence, best(evidence, block, Norm::ghost),
                    best(evidence, kGhostBatch, Norm::batch));
}

/// The batch size, of those that `chosen` takes, where batch normalization gains least.
template <typename Chosen>
Index worst(const Evidence& evidence, const Chosen& chosen) {
  std::vector<Index> sizes = batches(evidence.scope());
  sizes.erase(std::remove_if(sizes.begin(), sizes.end(), [&](Index size) { return !chosen(size); }),
              sizes.end());
  return *std::min_element(sizes.begin(), sizes.end(), [&](Index a, Index b) {
    return gain_at(evidence, a) < gain_at(evidence, b);
  });
}

/// "+3.1 points at 2 and +0.4 points at 3".
template <typename Gain>
std::string gains_text(const Evidence& evidence, const Gain& gain,
                       const std::vector<Index>& sizes) {
  std::vector<std::string> parts;
  for (const Index size : sizes) {
    parts.push_back(points(gain(evidence, size)) + " at " + number(static_cast<double>(size)));
  }
  return joined(parts);
}

std::vector<Finding> findings(const Evidence& evidence) {
  const Scope& scope = evidence.scope();
  const Recipe any = arm(scope, 64, Norm::none).front();
  const std::string conditions = network_text(any, scope.inputs, scope.classes) + "; " +
                                 number(static_cast<double>(scope.steps(6000, 12000, 60000))) +
                                 " images in whole batches at every size; " + choice(rates(scope)) +
                                 " at a batch of 64, in proportion at others; " +
                                 std::to_string(any.seeds) + " seeds";
  const Index least = worst(evidence, [](Index size) { return size >= 8; });
  return {{.claim = "At batches of 2 and 3, BatchNorm costs more than 2 points",
           .measured = gains_text(evidence, gain_at, {2, 3}),
           .setting = conditions,
           .holds = gain_at(evidence, 2) < -2 && gain_at(evidence, 3) < -2},
          {.claim = "From a batch of 8 on, it costs less than 1 point",
           .measured = "at worst " + gains_text(evidence, gain_at, {least}),
           .setting = conditions,
           .holds = gain_at(evidence, least) > -1},
          {.claim = "At batches of 2, batch renormalization ends more than 2 points higher",
           .measured = gains_text(evidence, renormalization_gains, small(scope)),
           .setting = conditions,
           .holds = renormalization_gains(evidence, 2) > 2},
          {.claim = "In blocks of 2, a batch of 64 ends more than 2 points lower than as a whole",
           .measured = gains_text(evidence, blocks_gain, small(scope)),
           .setting = conditions,
           .holds = blocks_gain(evidence, 2) < -2}};
}

std::string claim(const Evidence& evidence) {
  const Index largest = batches(evidence.scope()).back();
  const double two = gain_at(evidence, 2);
  const double gain = renormalization_gains(evidence, 2);
  return "From batches of 2, a network with batch normalization ends " + higher(two) +
         (tenths(two) == 0 ? " as" : " than") + " one without" +
         (two < -2 ? ": the statistics of two values are mostly noise" : "") +
         ". From batches of " + number(static_cast<double>(largest)) + " it ends " +
         higher(gain_at(evidence, largest)) + ". With batch renormalization, batches of 2 end " +
         higher(gain) + (tenths(gain) == 0 ? " as" : " than") + " without it.";
}

Line line(const Evidence& evidence, const std::vector<Index>& sizes, Norm norm, std::string name,
          Tone tone) {
  std::vector<Recipe> arm;
  for (const Index size : sizes) arm.push_back(best(evidence, size, norm));
  const auto together = [](const Recipe& recipe) {
    return static_cast<double>(recipe.ghost > 0 ? recipe.ghost : recipe.batch);
  };
  return accuracy_over(evidence, arm, together, std::move(name), tone);
}

Chart chart(const Evidence& evidence) {
  const auto all = batches(evidence.scope());
  const auto few = small(evidence.scope());
  return {.title = "ReLU, 2 hidden layers",
          .x_label = "images that are normalised together in training",
          .y_label = "test accuracy at the end, %",
          .lines = {line(evidence, all, Norm::none, "no BatchNorm", Tone::plain),
                    line(evidence, all, Norm::batch, "BatchNorm", Tone::norm),
                    line(evidence, few, Norm::renormalised, "renormalization", Tone::third),
                    line(evidence, few, Norm::ghost, "blocks of a batch of 64", Tone::fourth)},
          .log_x = true};
}

Table table(const Evidence& evidence) {
  Table result{.columns = {"images", "without, %", "with, %", "BatchNorm gains", "renormalised, %",
                           "blocks of a batch of 64, %"}};
  const auto few = small(evidence.scope());
  for (const Index size : batches(evidence.scope())) {
    const bool is_small = size <= few.back();
    const auto if_small = [&](Norm norm) {
      return is_small ? accuracy_text(evidence, size, norm) : std::string();
    };
    result.rows.push_back(
        {number(static_cast<double>(size)), accuracy_text(evidence, size, Norm::none),
         accuracy_text(evidence, size, Norm::batch), points(gain_at(evidence, size)),
         if_small(Norm::renormalised), if_small(Norm::ghost)});
  }
  return result;
}

Account account(const Evidence& evidence) {
  return {
      .claim = claim(evidence),
      .text =
          {"Networks see the same number of images at every batch size, but for what is left of a "
           "last batch, and their running statistics average over the same number. In mode Eval "
           "they use the running statistics: the noise of small batches is not in the test, but in "
           "what was learnt. A batch of one has no variance at all: the layer refuses it, with a "
           "sentence.",
           "Batch renormalization looks to the running statistics in training too, once these have "
           "arrived. Ghost batches are blocks of a batch of 64, each normalised by itself: steps "
           "are those of the large batch, and the noise of the statistics is that of a small one."},
      .charts = {chart(evidence)},
      .table = table(evidence),
      .findings = findings(evidence),
      .limit =
          "Where memory allows no larger batch, renormalise, merge the statistics of several small "
          "batches, take another normalisation (layer, group), or train on with mode Frozen from "
          "statistics that are already good.",
      .code =
          "BatchNorm<float> norm(100, {.momentum = decay(std::pow(0.9, 2.0 / 64))});\n"
          "norm.set_renormalization({.r_max = 3, .d_max = 5});  // once the statistics are good"};
}

}  // namespace

Chapter small_batches() { return {"batches", "Small batches", recipes, account}; }

}  // namespace mlp
