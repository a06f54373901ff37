#pragma once

#include <memory>

#include "experiments/material.hpp"
#include "experiments/recipe.hpp"
#include "probes/observer.hpp"

namespace mlp {

/// The observer for a probe; null for Probe::none. Material and device must outlive it.
std::unique_ptr<Observer> make_observer(const Recipe& recipe, const Material& material,
                                        const nn::Device& device);

/// `gradient_norm`, at the number of the linear layer, from 1: that of the loss of the first batch
/// with respect to the weights.
std::unique_ptr<Observer> observe_gradients(const Recipe& recipe, const Material& material,
                                            const nn::Device& device);

/// The inputs of the last hidden activation for fixed test images, normalised as in training:
/// `p15`, `p50` and `p85`, their percentiles for the first unit; and at the end, as means over all
/// units and without the untrained network, `median_range` (the largest median less the smallest),
/// `width_ratio` (the largest p85 - p15 over the smallest) and `saturated` (share of |x| > 4).
std::unique_ptr<Observer> observe_distributions(const Recipe& recipe, const Material& material,
                                                const nn::Device& device);

/// At the end, `batch_accuracy` and `sorted_accuracy`, at the batch size: of batches in random
/// order, and of test images sorted by class. The layer refuses a batch of one in training; what it
/// would give, beta, is what a batch of the same image twice gives.
std::unique_ptr<Observer> observe_batch_statistics(const Material& material,
                                                   const nn::Device& device);

/// At a few steps, `eval_accuracy` (running statistics) and `batch_accuracy` (those of batches of
/// 250 test images), of the same weights.
std::unique_ptr<Observer> observe_both_modes(const Material& material, const nn::Device& device);

}  // namespace mlp
