// Results that no network had, to see what the chapters say of them.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
#include <string>

#include "experiments/chapter.hpp"
#include "experiments/material.hpp"
#include "experiments/results.hpp"

/// How a network did. Its accuracy rises from a guess to `end` within `rise` of its steps.
struct MadeUp {
  double end = 0.95, rise = 0.25;
  double loss = 0.1, train = 1;
  double growth = 1;            ///< of the gradient, per layer towards the pixels
  double drift = 1, width = 2;  ///< of a unit's inputs
  double wrong = 0.1;           ///< accuracy in mode Train of an image on its own
  double lag = 0;               ///< share of the steps until mode Eval is as good as mode Train
};

using Outcome = std::function<MadeUp(const mlp::Recipe&)>;

inline void add_curve(mlp::Figures& figures, const mlp::Recipe& recipe, const MadeUp& made) {
  constexpr double kGuess = 0.1;
  const auto steps = static_cast<double>(recipe.steps);
  const mlp::Index interval = recipe.interval == 0 ? recipe.steps : recipe.interval;
  for (mlp::Index step = interval; step <= recipe.steps; step += interval) {
    const auto at = static_cast<double>(step);
    const double share = std::min(1.0, at / (made.rise * steps));
    for (const char* const part : {"validation_accuracy", "test_accuracy"}) {
      figures[part].push_back({at, kGuess + share * (made.end - kGuess)});
    }
    figures["seconds"].push_back({at, 0.001 * at});
  }
}

inline void add_probes(mlp::Figures& figures, const mlp::Recipe& recipe, const MadeUp& made) {
  const std::size_t layers = recipe.hidden.size() + 1;
  for (std::size_t layer = 1; layer <= layers; ++layer) {
    figures["gradient_norm"].push_back(
        {static_cast<double>(layer), std::pow(made.growth, static_cast<double>(layers - layer))});
  }
  const auto steps = static_cast<double>(recipe.steps);
  for (const char* const figure : {"p15", "p50", "p85"}) figures[figure] = {{0, 0}, {steps, 1}};
  figures["median_range"] = {{steps, made.drift}};
  figures["width_ratio"] = {{steps, made.width}};
  figures["saturated"] = {{steps, 0.1}};
  for (const double at : {2.0, 100.0, 500.0}) {
    if (at > steps) continue;
    figures["eval_accuracy"].push_back({at, at < made.lag * steps ? 0.1 : made.end});
    if (recipe.probe == mlp::Probe::both_modes) {
      figures["batch_accuracy"].push_back({at, made.end});
      figures["start_left"].push_back({at, std::pow(recipe.decay, at)});
      figures["unfit_channels"].push_back({at, at < made.lag * steps ? 0.75 : 0});
    }
  }
  if (recipe.probe == mlp::Probe::both_modes) return;
  for (const double size : {1.0, 64.0, 250.0}) {
    figures["batch_accuracy"].push_back({size, size > 1 ? made.end : made.wrong});
    figures["sorted_accuracy"].push_back({size, made.wrong});
  }
}

inline mlp::Figures figures_of(const mlp::Recipe& recipe, const MadeUp& made) {
  const auto steps = static_cast<double>(recipe.steps);
  mlp::Figures figures{{"test_loss", {{steps, made.loss}}},
                       {"train_accuracy", {{steps, made.train}}}};
  add_curve(figures, recipe, made);
  add_probes(figures, recipe, made);
  return figures;
}

inline mlp::Scope digits(mlp::Level level) {
  return {
      .level = level, .inputs = 64, .classes = 10, .train = 1168, .validation = 129, .test = 500};
}

/// What a chapter says where all of its networks did so.
inline mlp::Account account_of(const mlp::Chapter& chapter, mlp::Level level,
                               const Outcome& outcome) {
  const auto file =
      std::filesystem::temp_directory_path() / ("mlp_made_up_" + std::to_string(getpid()) + ".csv");
  std::filesystem::remove(file);
  mlp::Results results(file.string(), mlp::Material{});
  const mlp::Scope scope = digits(level);
  std::set<std::string> seen;
  for (const mlp::Recipe& recipe : chapter.recipes(scope)) {
    if (!seen.insert(text_of(recipe)).second) continue;
    for (int i = 0; i < recipe.seeds; ++i) {
      results.add(recipe, scope.first_seed + i, figures_of(recipe, outcome(recipe)));
    }
  }
  std::filesystem::remove(file);
  return chapter.account(mlp::Evidence(results, scope));
}
