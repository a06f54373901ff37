#pragma once

// What every case of misuse names.

#include <batchnorm/batchnorm.hpp>
#include <string>
#include <vector>

using namespace batchnorm;

using Tensor4 = Eigen::Tensor<float, 4, Eigen::RowMajor>;
