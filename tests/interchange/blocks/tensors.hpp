// Tensors by name, from text: for each a line with its name and shape, and a line with its values
// in row-major order.
#pragma once

#include <Eigen/Core>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace example {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

class Tensors {
 public:
  explicit Tensors(const std::string& file) {
    std::ifstream in(file);
    std::string head, values;
    while (std::getline(in, head) && std::getline(in, values)) read(head, values);
    if (tensors_.empty()) throw std::runtime_error(file + ": holds no tensors");
  }

  Eigen::Map<const Matrix> matrix(const std::string& name) const {
    const Tensor& tensor = find(name);
    if (tensor.shape.size() != 2) throw std::runtime_error(name + " is no matrix");
    return {tensor.values.data(), tensor.shape[0], tensor.shape[1]};
  }

  Eigen::Map<const Eigen::VectorXf> vector(const std::string& name) const {
    const Tensor& tensor = find(name);
    return {tensor.values.data(), static_cast<Eigen::Index>(tensor.values.size())};
  }

 private:
  struct Tensor {
    std::vector<Eigen::Index> shape;
    std::vector<float> values;
  };

  void read(const std::string& head, const std::string& values) {
    std::istringstream in_head(head), in_values(values);
    std::string name;
    in_head >> name;
    Tensor& tensor = tensors_[name];
    Eigen::Index count = 1;
    for (Eigen::Index extent = 0; in_head >> extent; count *= extent)
      tensor.shape.push_back(extent);
    for (float value = 0; in_values >> value;) tensor.values.push_back(value);
    if (static_cast<Eigen::Index>(tensor.values.size()) != count)
      throw std::runtime_error(name + ": its shape and its values do not fit");
  }

  const Tensor& find(const std::string& name) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) throw std::runtime_error("there is no tensor " + name);
    return found->second;
  }

  std::map<std::string, Tensor> tensors_;
};

}  // namespace example
