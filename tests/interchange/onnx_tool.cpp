// Writes the models whose answers recipes/onnxruntime.mjs asks for: onnx_tool FOLDER
#include <batchnorm/batchnorm.hpp>
#include <batchnorm/replace_file.hpp>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>

#include "written_models.hpp"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: onnx_tool FOLDER\n");
    return 2;
  }
  try {
    for (const auto& [name, bytes] : written_models::all()) {
      batchnorm::replace_file(std::filesystem::path(argv[1]) / (std::string(name) + ".onnx"),
                              bytes);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
