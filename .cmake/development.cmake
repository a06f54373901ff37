# What the project's own programs are built with; nothing of it reaches a consumer.

if(batchnorm_top_level AND NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release)
endif()
set(CMAKE_CXX_EXTENSIONS OFF)

set(BATCHNORM_SANITIZE "" CACHE STRING "Sanitizers of the project's own programs: address,undefined or thread")

add_library(batchnorm_warnings INTERFACE)
target_compile_options(
  batchnorm_warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
)
if(BATCHNORM_SANITIZE)
  set(sanitize -fsanitize=${BATCHNORM_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_compile_options(batchnorm_warnings INTERFACE ${sanitize})
  target_link_options(batchnorm_warnings INTERFACE ${sanitize})
endif()

# Where the kernels are built as a library anyway, the trainer, the examples and the suites of layers take them, whose
# bits are those of the header, and are built in half the time.
set(batchnorm_kernels batchnorm::batchnorm)
if(BATCHNORM_BUILD_COMPILED AND NOT BATCHNORM_SANITIZE)
  set(batchnorm_kernels batchnorm::compiled)
endif()

include(.cmake/interchange.cmake)

enable_testing()
include(.cmake/reference.cmake)

foreach(part IN ITEMS TESTS EXAMPLES BENCHMARKS)
  string(TOLOWER ${part} folder)
  if(BATCHNORM_BUILD_${part} AND EXISTS "${PROJECT_SOURCE_DIR}/${folder}/CMakeLists.txt")
    add_subdirectory(${folder})
  endif()
endforeach()
