#pragma once

// batchnorm: batch normalization over Eigen, the only header to include. In reading order:
//
//   mode.hpp        Train, Frozen, Eval: which statistics normalise, and what may change
//   policies.hpp    where the channels are, which parameters are learnt
//   activation.hpp  the fused activation
//   momentum.hpp    how much a batch moves the running statistics, as a type
//   options.hpp     what is decided per layer at run time
//   state.hpp       what a layer has learnt, as plain values
//   residual.hpp    the marks of a call: residual(r), accumulate
//   execution.hpp   where a call runs
//   view.hpp        the one shape that all layouts are: (outer, channels, inner) with strides
//   moments.hpp     the one mergeable value: (count, mean, m2) per channel
//   layer.hpp       BatchNorm in the modes Train and Frozen
//   eval.hpp        BatchNorm in the mode Eval
//   fold.hpp        an Eval layer taken into the linear map or convolution beside it
//
// Below the layer stand two primitives, detail/kernels/reduce/reduce.hpp (per-channel sums) and
// detail/kernels/transform/transform.hpp (a per-channel map), and the formulas between them,
// detail/kernels/formulas/formulas.hpp. Training forward is reduce, transform; inference is
// transform; backward is reduce, transform.

#include "activation.hpp"
#include "eval.hpp"
#include "execution.hpp"
#include "fold.hpp"
#include "layer.hpp"
#include "mode.hpp"
#include "moments.hpp"
#include "momentum.hpp"
#include "options.hpp"
#include "policies.hpp"
#include "residual.hpp"
#include "state.hpp"
#include "view.hpp"
