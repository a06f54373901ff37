#include <algorithm>

#include "chapters/chapters.hpp"
#include "chapters/families.hpp"
#include "chapters/telling.hpp"

namespace mlp {
namespace {

std::vector<Index> batches(const Scope& scope) {
  return scope.choose<std::vector<Index>>({2, 3, 4, 8, 64}, {2, 3, 4, 8, 16, 64},
                                          {2, 3, 4, 5, 6, 8, 16, 32, 64, 128});
}

/// Learning rates at a batch of 64; in proportion at others.
std::vector<double> rates(const Scope& scope) {
  return scope.choose<std::vector<double>>({0.1}, {0.1, 0.3}, {0.03, 0.1, 0.3, 1});
}

/// The same number of images for every batch size.
std::vector<Recipe> arm(const Scope& scope, Index batch, Placement placement) {
  std::vector<Recipe> all;
  for (const double rate : rates(scope)) {
    all.push_back({.hidden = {100, 100},
                   .activation = Activation::relu,
                   .placement = placement,
                   .learning_rate = rate * static_cast<double>(batch) / 64,
                   .batch = batch,
                   .steps = scope.steps(6000, 12000, 60000) / batch});
  }
  return all;
}

std::vector<Recipe> recipes(const Scope& scope) {
  std::vector<Recipe> all;
  for (const Index batch : batches(scope)) {
    append(all, arm(scope, batch, Placement::none));
    append(all, arm(scope, batch, Placement::before_activation));
  }
  return all;
}

/// One recipe for each batch size, at its best rate.
std::vector<Recipe> best_arm(const Evidence& evidence, Placement placement) {
  std::vector<Recipe> all;
  for (const Index batch : batches(evidence.scope())) {
    all.push_back(evidence.best(arm(evidence.scope(), batch, placement)));
  }
  return all;
}

/// How much higher the network ends with batch normalization, in points.
double gain_at(const Evidence& evidence, Index batch) {
  const Scope& scope = evidence.scope();
  return tenths(end_of(evidence, evidence.best(arm(scope, batch, Placement::before_activation))) -
                end_of(evidence, evidence.best(arm(scope, batch, Placement::none))));
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

std::string gain_text(const Evidence& evidence, Index batch) {
  return points(gain_at(evidence, batch)) + " at " + number(static_cast<double>(batch));
}

std::vector<Finding> findings(const Evidence& evidence) {
  const Scope& scope = evidence.scope();
  const Recipe any = arm(scope, 64, Placement::none).front();
  const std::string conditions = network_text(any, scope.inputs, scope.classes) + "; " +
                                 number(static_cast<double>(scope.steps(6000, 12000, 60000))) +
                                 " images in whole batches at every size; " + choice(rates(scope)) +
                                 " at a batch of 64, in proportion at others; " +
                                 std::to_string(any.seeds) + " seeds";
  const Index least = worst(evidence, [](Index size) { return size >= 8; });
  return {{.claim = "At batches of 2 and 3, BatchNorm costs more than 2 points",
           .measured = gain_text(evidence, 2) + ", " + gain_text(evidence, 3),
           .setting = conditions,
           .holds = gain_at(evidence, 2) < -2 && gain_at(evidence, 3) < -2},
          {.claim = "From a batch of 8 on, it costs less than 1 point",
           .measured = "at worst " + gain_text(evidence, least),
           .setting = conditions,
           .holds = gain_at(evidence, least) > -1}};
}

std::string claim(const Evidence& evidence) {
  const Index largest = batches(evidence.scope()).back();
  const double two = gain_at(evidence, 2);
  return "From batches of 2, a network with batch normalization ends " + higher(two) +
         (tenths(two) == 0 ? " as" : " than") + " one without" +
         (two < -2 ? ": the statistics of two values are mostly noise" : "") +
         ". From batches of " + number(static_cast<double>(largest)) + " it ends " +
         higher(gain_at(evidence, largest)) + ".";
}

Account account(const Evidence& evidence) {
  const auto batch = [](const Recipe& recipe) { return static_cast<double>(recipe.batch); };
  const auto plain = best_arm(evidence, Placement::none);
  const auto norm = best_arm(evidence, Placement::before_activation);
  Account account{
      .claim = claim(evidence),
      .text =
          {"Networks see the same number of images at every batch size, but for what is left of a "
           "last batch. In mode Eval they use "
           "the running statistics, so that the noise of small batches is not in the test, "
           "but in what was learnt. A batch of one has no variance at all: the layer refuses "
           "it, with a sentence."},
      .charts = {{.title = "ReLU, 2 hidden layers",
                  .x_label = "batch size in training",
                  .y_label = "test accuracy at the end, %",
                  .lines = {accuracy_over(evidence, plain, batch, "no BatchNorm", Tone::plain),
                            accuracy_over(evidence, norm, batch, "BatchNorm", Tone::norm)},
                  .log_x = true}},
      .table = {.columns = {"batch", "without, %", "with, %", "BatchNorm gains"}},
      .findings = findings(evidence),
      .limit =
          "Where memory allows no larger batch, take another normalisation (layer, group), or "
          "train on with mode Frozen from statistics that are already good."};
  for (std::size_t i = 0; i < plain.size(); ++i) {
    account.table.rows.push_back({number(batch(plain[i])),
                                  text_of(at_end(evidence.trials(plain[i]), kTest, 100)),
                                  text_of(at_end(evidence.trials(norm[i]), kTest, 100)),
                                  points(gain_at(evidence, plain[i].batch))});
  }
  return account;
}

}  // namespace

Chapter small_batches() { return {"batches", "Small batches", recipes, account}; }

}  // namespace mlp
