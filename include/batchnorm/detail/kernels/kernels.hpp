#pragma once

#include "formulas/formulas.hpp"
#include "reduce/batch_gradients.hpp"
#include "reduce/batch_moments.hpp"
#include "reduce/not_finite.hpp"
#include "transform/in_units.hpp"
#include "transform/operations.hpp"
#include "transform/transform.hpp"

// All that computes: two primitives, reduce/ and transform/, which loop over views; formulas/
// between them, per channel; packet/ below them. Training forward is reduce, formulas, transform;
// inference is transform; backward is reduce, formulas, transform.
// In: views that were checked.
// Out: moments, sums, and elements written.
