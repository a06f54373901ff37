#pragma once

#include <Eigen/Core>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

// The committed files, and those in JSON.
namespace interchange {

inline std::string path_of(const std::string& name) {
  return std::string(BATCHNORM_INTERCHANGE) + "/files/" + name;
}

inline nlohmann::json json_of(const std::string& name) {
  std::ifstream in(path_of(name));
  if (!in) throw std::runtime_error(name + " is missing");
  return nlohmann::json::parse(in);
}

/// Rows of numbers.
inline Eigen::MatrixXd matrix_of(const nlohmann::json& rows) {
  const auto values = rows.get<std::vector<std::vector<double>>>();
  Eigen::MatrixXd matrix(static_cast<Eigen::Index>(values.size()),
                         static_cast<Eigen::Index>(values.at(0).size()));
  for (Eigen::Index i = 0; i < matrix.rows(); ++i) {
    for (Eigen::Index j = 0; j < matrix.cols(); ++j) {
      matrix(i, j) = values.at(static_cast<std::size_t>(i)).at(static_cast<std::size_t>(j));
    }
  }
  return matrix;
}

inline Eigen::VectorXd vector_of(const nlohmann::json& values) {
  const auto all = values.get<std::vector<double>>();
  return Eigen::Map<const Eigen::VectorXd>(all.data(), static_cast<Eigen::Index>(all.size()));
}

inline std::string bytes_of_file(const std::string& name) {
  std::ifstream in(path_of(name), std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace interchange
