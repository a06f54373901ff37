#pragma once

#include <batchnorm/batchnorm.hpp>

#include "architecture.hpp"

namespace mlp {

/// The limits of batch renormalization behind `step` of `steps` steps of a training, whose running
/// statistics have momentum `decay`: those of batch normalization for a twentieth of the steps, and
/// for as many as the running statistics need to lose 95 % of their start values. Then d_max rises
/// to 5 and r_max to 3, within 15 and 25 % of the steps, as about in section 4 of Ioffe 2017.
batchnorm::Renormalization limits_at(Index step, Index steps, double decay);

}  // namespace mlp
