#pragma once

#include <Eigen/Core>

// The same training step, once from each translation unit.
Eigen::MatrixXf serial_step(const Eigen::MatrixXf& x);
Eigen::MatrixXf threaded_step(const Eigen::MatrixXf& x);
