# Checks that the public header leaves no macro of the library's behind but those of its version:
#
#   cmake "-DCOMMAND=compiler;flags" -P macros.cmake

execute_process(
  COMMAND ${COMMAND} -std=c++20 -dM -E -include batchnorm/batchnorm.hpp -x c++ /dev/null
  OUTPUT_VARIABLE output
  COMMAND_ERROR_IS_FATAL ANY
)
string(REGEX MATCHALL "#define BATCHNORM_[A-Za-z0-9_]*" macros "${output}")
list(SORT macros)
set(expected "#define BATCHNORM_VERSION_MAJOR;#define BATCHNORM_VERSION_MINOR;#define BATCHNORM_VERSION_PATCH")
if(NOT macros STREQUAL expected)
  message(FATAL_ERROR "the macros of the version were expected, and no others; there are: ${macros}")
endif()
