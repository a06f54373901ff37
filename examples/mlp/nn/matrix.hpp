// What all parts of the network share: matrices with one sample per row, and the place where they
// compute.
#pragma once

#include <Eigen/Core>
#include <batchnorm/scalar.hpp>
#include <unsupported/Eigen/CXX11/Tensor>

namespace nn {

using Eigen::Index;

/// What layers of `Scalar` compute in, and keep their parameters in: `Scalar`, or float where the
/// activations have 16 bits.
using batchnorm::ArithmeticOf;

/// Row-major; one row per sample, one column per feature.
template <typename Scalar>
using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <typename Scalar>
using RowVector = Eigen::Matrix<Scalar, 1, Eigen::Dynamic>;

/// The class of each sample, counted from 0.
using Labels = Eigen::Vector<int, Eigen::Dynamic>;

/// A pool of one or more threads; no result depends on how many.
using Device = Eigen::ThreadPoolDevice;

}  // namespace nn
