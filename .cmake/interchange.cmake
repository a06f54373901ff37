# What the readers of other systems' files need, found or not: targets batchnorm_safetensors, batchnorm_onnx and
# batchnorm_keras, each with the compiled or header-only library and what its header includes.

find_package(nlohmann_json CONFIG QUIET)
find_package(Protobuf QUIET)
find_package(ONNX CONFIG QUIET)
find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(batchnorm_hdf5 QUIET IMPORTED_TARGET hdf5)
  pkg_check_modules(batchnorm_libzip QUIET IMPORTED_TARGET libzip)
endif()

# Adds the target of a format, or says what it lacks.
function(batchnorm_add_format name packages)
  foreach(need IN LISTS ARGN)
    if(NOT TARGET ${need})
      message(STATUS "batchnorm: what reads ${name} is left out, because ${need} is missing "
                     "(Debian: apt-get install ${packages})")
      return()
    endif()
  endforeach()
  add_library(batchnorm_${name} INTERFACE)
  target_link_libraries(batchnorm_${name} INTERFACE ${batchnorm_kernels} ${ARGN})
endfunction()

batchnorm_add_format(safetensors "nlohmann-json3-dev" nlohmann_json::nlohmann_json)
batchnorm_add_format(onnx "libonnx-dev libprotobuf-dev" onnx_proto)
batchnorm_add_format(
  keras "pkg-config libhdf5-dev libzip-dev nlohmann-json3-dev"
  PkgConfig::batchnorm_hdf5 PkgConfig::batchnorm_libzip nlohmann_json::nlohmann_json
)
