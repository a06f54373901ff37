#include <dlfcn.h>

#include <filesystem>
#include <fstream>

#include "trainer.hpp"

namespace benchmarks {
namespace {

template <typename Function>
Function* find(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

/// The file that a symbol was loaded from.
std::string file_of(const char* symbol) {
  Dl_info info{};
  void* const address = dlsym(RTLD_DEFAULT, symbol);
  if (address == nullptr || dladdr(address, &info) == 0) return "none found";
  return std::filesystem::canonical(info.dli_fname).string();
}

}  // namespace

std::string use_blas_on_one_thread() {
  const std::string file = file_of("sgemm_");
  auto* const set_threads = find<void(int)>("openblas_set_num_threads");
  auto* const describe = find<char*()>("openblas_get_config");
  if (set_threads == nullptr || describe == nullptr) return file + " (not OpenBLAS)";
  set_threads(1);
  auto* const core = find<char*()>("openblas_get_corename");
  return file + " (" + describe() + (core == nullptr ? "" : std::string("; runs on ") + core()) +
         ")";
}

}  // namespace benchmarks
