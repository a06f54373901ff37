# The target batchnorm::compiled: the library's kernels, compiled once. It is built only where something links it, unless
# BATCHNORM_BUILD_COMPILED asks for it, with which it is also installed.

# The activations stand in the header alone.
set(header include/batchnorm/detail/kernels/compiled.hpp)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${header})
file(READ ${header} text)

# One unit for each, so that a program takes along only what it calls.
set(sources .cmake/compiled/any_activation.cpp)

# add_activations(LIST SCALAR...): the units of the activations in LIST.
macro(add_activations list)
  if(NOT text MATCHES "${list} =[ \n]*TypeList<([^;]+)>;")
    message(FATAL_ERROR "batchnorm: no ${list} in ${header}")
  endif()
  string(REGEX REPLACE ",[ \n]*" ";" activations "${CMAKE_MATCH_1}")
  foreach(activation IN LISTS activations)
    foreach(scalar IN ITEMS ${ARGN})
      string(MAKE_C_IDENTIFIER "${activation}_${scalar}" name)
      set(source "${PROJECT_BINARY_DIR}/compiled/${name}.cpp")
      configure_file(.cmake/compiled/activation.cpp.in "${source}" @ONLY)
      list(APPEND sources "${source}")
    endforeach()
  endforeach()
endmacro()

add_activations(CompiledActivations float double)
add_activations(CompiledActivationsOf16Bits Eigen::bfloat16 Eigen::half)

add_library(batchnorm_compiled STATIC ${sources})
add_library(batchnorm::compiled ALIAS batchnorm_compiled)
set_target_properties(
  batchnorm_compiled PROPERTIES
    EXPORT_NAME compiled
    POSITION_INDEPENDENT_CODE ON
    UNITY_BUILD OFF
    EXCLUDE_FROM_ALL "$<NOT:$<BOOL:${BATCHNORM_BUILD_COMPILED}>>"
)
target_include_directories(batchnorm_compiled PRIVATE "${PROJECT_SOURCE_DIR}/.cmake/compiled")
target_link_libraries(batchnorm_compiled PUBLIC batchnorm)
target_compile_definitions(
  batchnorm_compiled
  PRIVATE BATCHNORM_WANTS_AVX512
  INTERFACE BATCHNORM_COMPILED
)
# Kernels that are not optimised are of no use to anybody, a debug build included.
target_compile_options(
  batchnorm_compiled
  PRIVATE "$<$<AND:$<CXX_COMPILER_ID:GNU,Clang,AppleClang>,$<NOT:$<CONFIG:Release,RelWithDebInfo>>>:-O2>"
)
