// What this library says of safetensors files, for a comparison with another implementation:
//
//     safetensors_tool describe FILE      prints one JSON object, as recipes/safetensors.py does
//     safetensors_tool write FILE         writes tensors of every type
//     safetensors_tool judge FILE...      prints a line for each: 1 where it is taken, 0 where not
#include <batchnorm/batchnorm.hpp>
#include <batchnorm/safetensors.hpp>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace {

using batchnorm::Safetensors;
using nlohmann::ordered_json;

/// The values of a tensor of any rank, through one of rank 1 with the same bytes.
ordered_json values_of(const Safetensors& file, const batchnorm::TensorInfo& tensor) {
  if (tensor.shape.empty()) return {file.count(tensor.name)};
  if (tensor.shape.size() == 2) {
    const auto matrix = file.matrix<double>(tensor.name);
    return std::vector<double>(matrix.data(), matrix.data() + matrix.size());
  }
  if (tensor.type == "I64") {
    const auto values = file.vector<std::int64_t>(tensor.name);
    return std::vector<std::int64_t>(values.data(), values.data() + values.size());
  }
  const auto values = file.vector<double>(tensor.name);
  return std::vector<double>(values.data(), values.data() + values.size());
}

int describe(const std::string& path) {
  const auto file = Safetensors::open(path);
  ordered_json all{{"metadata", nullptr}, {"tensors", ordered_json::array()}};
  if (!file.metadata().empty()) all["metadata"] = file.metadata();
  for (const auto& tensor : file.tensors()) {
    all["tensors"].push_back({{"name", tensor.name},
                              {"dtype", tensor.type},
                              {"shape", tensor.shape},
                              {"values", values_of(file, tensor)}});
  }
  std::printf("%s\n", all.dump().c_str());
  return 0;
}

int write(const std::string& path) {
  batchnorm::BatchNorm<double> norm(3, {.momentum = batchnorm::pooled()});
  norm.forward(Eigen::MatrixXd(Eigen::MatrixXd::Random(5, 3)));
  batchnorm::SafetensorsWriter out;
  out.add("b\u00fcro.\"bn\"", norm.state(), batchnorm::pytorch);
  out.add("f32", norm.state(), batchnorm::keras, batchnorm::StoredAs::f32);
  const Eigen::MatrixXf matrix = Eigen::MatrixXf::Random(4, 3);
  out.add("matrix", matrix);
  out.add("half", matrix.cast<Eigen::half>());
  out.add("bfloat16", matrix.cast<Eigen::bfloat16>());
  out.add("counts", Eigen::Matrix<std::int64_t, 2, 1>(-1, std::int64_t{1} << 62));
  out.set_metadata("format", "pt");
  out.save(path);
  return 0;
}

int judge(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    std::ifstream in(path, std::ios::binary);
    bool taken = true;
    try {
      (void)Safetensors::read({std::istreambuf_iterator<char>(in), {}});
    } catch (const std::invalid_argument&) {
      taken = false;
    }
    std::printf("%d\n", taken ? 1 : 0);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  try {
    if (arguments.size() == 2 && arguments[0] == "describe") return describe(arguments[1]);
    if (arguments.size() == 2 && arguments[0] == "write") return write(arguments[1]);
    if (arguments.size() > 1 && arguments[0] == "judge") {
      return judge({arguments.begin() + 1, arguments.end()});
    }
    std::fprintf(stderr, "usage: safetensors_tool describe|write|judge FILE...\n");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  return 2;
}
