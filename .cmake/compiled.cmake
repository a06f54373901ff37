# The target batchnorm::compiled: the library's kernels, compiled once. It is built only where something links it, unless
# BATCHNORM_BUILD_COMPILED asks for it, with which it is also installed.

add_library(batchnorm_compiled STATIC .cmake/compiled.cpp)
add_library(batchnorm::compiled ALIAS batchnorm_compiled)
set_target_properties(
  batchnorm_compiled PROPERTIES
    EXPORT_NAME compiled
    POSITION_INDEPENDENT_CODE ON
    EXCLUDE_FROM_ALL "$<NOT:$<BOOL:${BATCHNORM_BUILD_COMPILED}>>"
)
target_link_libraries(batchnorm_compiled PUBLIC batchnorm)
target_compile_definitions(
  batchnorm_compiled
  PRIVATE BATCHNORM_WANTS_AVX512
  INTERFACE BATCHNORM_COMPILED
)
# Kernels that are not optimised are of no use to anybody, a debug build included.
target_compile_options(
  batchnorm_compiled PRIVATE "$<$<AND:$<CXX_COMPILER_ID:GNU,Clang,AppleClang>,$<NOT:$<CONFIG:Release,RelWithDebInfo>>>:-O2>"
)
