#pragma once

// Below C++20 nothing here compiles, and only a file that is not there stops a compiler at once.
#if (defined(_MSVC_LANG) && _MSVC_LANG <= 201703L) || \
    (!defined(_MSVC_LANG) && __cplusplus <= 201703L)
#error batchnorm: needs C++20; compile with -std=c++20 (MSVC: /std:c++20)
#include <C++20>
#endif

// batchnorm: batch normalization over Eigen, the only header to include. In reading order:
//
//   mode.hpp        Train, Frozen, Eval: which statistics normalise, and what may change
//   policies.hpp    where the channels are, which parameters are learnt
//   activation.hpp  the fused activation
//   arithmetic.hpp  what an activation is written with
//   momentum.hpp    how much a batch moves the running statistics, as a type
//   options.hpp     what is decided per layer at run time
//   scalar.hpp      values of 16 bits, and what is computed with in their place
//   state.hpp       what a layer has learnt, as plain values
//   residual.hpp    the marks of a call: residual(r), accumulate
//   sample_weights.hpp, affine.hpp, second_gradients.hpp    weights of samples; gamma and beta from
//                   outside; what second_backward returns
//   execution.hpp   where a call runs
//   group.hpp       workers that train one batch together (thread_group.hpp: threads, not included)
//   view.hpp        the one shape that all layouts are: (outer, channels, inner) with strides
//   moments.hpp, moments_of.hpp    the mergeable value of forward: (count, mean, m2) per channel
//   gradient_sums.hpp              that of backward: sums of g and g * x_hat
//   layer.hpp       BatchNorm in the modes Train and Frozen
//   eval.hpp        BatchNorm in the mode Eval
//   prepared.hpp    a forward of Eval that was checked once
//   target.hpp      the instruction set that this process uses
//   fold.hpp        an Eval layer taken into the linear map or convolution beside it
//   refused.hpp     what a refusal calls in a build without exceptions
//   version.hpp     BATCHNORM_VERSION_MAJOR, _MINOR, _PATCH, the only macros
//
// Below the layer stand two primitives, detail/kernels/reduce/reduce.hpp (per-channel sums) and
// detail/kernels/transform/transform.hpp (a per-channel map), and the formulas between them,
// detail/kernels/formulas/formulas.hpp. Training forward is reduce, transform; inference is
// transform; backward is reduce, transform.

#include "activation.hpp"
#include "affine.hpp"
#include "arithmetic.hpp"
#include "eval.hpp"
#include "execution.hpp"
#include "fold.hpp"
#include "gradient_sums.hpp"
#include "group.hpp"
#include "layer.hpp"
#include "mode.hpp"
#include "moments.hpp"
#include "moments_of.hpp"
#include "momentum.hpp"
#include "options.hpp"
#include "policies.hpp"
#include "prepared.hpp"
#include "refused.hpp"
#include "residual.hpp"
#include "sample_weights.hpp"
#include "scalar.hpp"
#include "second_gradients.hpp"
#include "state.hpp"
#include "target.hpp"
#include "version.hpp"
#include "view.hpp"
