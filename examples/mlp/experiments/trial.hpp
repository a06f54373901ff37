#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "experiments/figures.hpp"
#include "experiments/material.hpp"
#include "experiments/recipe.hpp"

namespace mlp {

/// Trains one network by the recipe. Its figures:
///
///     validation_accuracy, test_accuracy   in [0, 1], of the `Mlp<Eval>` made after `at` steps
///     test_loss, train_accuracy            likewise, at the end
///     seconds                              of training alone, up to `at` steps
///     diverged                             1 at the step where the loss was not finite, if one was
///
/// and those of the recipe's probe. What diverged guesses from there on: its accuracy is that of
/// chance. Weights and batches depend on the seed, not on the placement of BatchNorm. Returns
/// nothing once `wants_to_stop` said so, which is asked after every step.
std::optional<Figures> run_trial(const Recipe& recipe, std::int64_t seed, const Material& material,
                                 const nn::Device& device,
                                 const std::function<bool()>& wants_to_stop);

}  // namespace mlp
