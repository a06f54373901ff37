#include <array>
#include <cstdio>
#include <optional>
#include <string>

#include "calls.hpp"

namespace benchmarks {
namespace {

/// What valgrind counts in all of a program that makes so many calls; nothing where it fails, as it
/// does of instructions that it does not know (AVX-512).
std::optional<double> count(const std::string& program, const CallCase& of, int calls) {
  const std::string command = "valgrind --tool=callgrind --callgrind-out-file=/dev/null '" +
                              program + "' --case '" + of.row + "/" + of.column + "' --calls " +
                              std::to_string(calls) + " 2>&1";
  FILE* const output = popen(command.c_str(), "r");
  if (output == nullptr) return std::nullopt;
  std::optional<double> found;
  std::array<char, 512> line{};
  while (std::fgets(line.data(), static_cast<int>(line.size()), output) != nullptr) {
    const std::string text = line.data();
    const std::string name = "Collected : ";
    const std::size_t at = text.find(name);
    if (at != std::string::npos) found = std::stod(text.substr(at + name.size()));
  }
  return pclose(output) == 0 ? found : std::nullopt;
}

}  // namespace

std::optional<double> instructions(const std::string& program, const CallCase& of) {
  constexpr int few = 1000;
  constexpr int many = 3000;
  const auto with_few = count(program, of, few);
  const auto with_many = count(program, of, many);
  if (!with_few || !with_many) return std::nullopt;
  return (*with_many - *with_few) / (many - few);
}

}  // namespace benchmarks
