# The tests of the kernels once per instruction set that this machine has and on other platforms, the same bits from
# all of them, and the threads under TSan.

file(READ /proc/cpuinfo cpuinfo)
set(has_avx2 OFF)
if(cpuinfo MATCHES " avx2 " AND cpuinfo MATCHES " fma " AND cpuinfo MATCHES " f16c ")
  set(has_avx2 ON)
endif()

set(has_avx512 OFF)
if(cpuinfo MATCHES " avx512f " AND cpuinfo MATCHES " avx512dq " AND cpuinfo MATCHES " avx512vl ")
  set(has_avx512 ON)
endif()

set(kernel_sources
  target_test.cpp exactness_test.cpp double_test.cpp equal_channels_test.cpp kernels_test.cpp moments_test.cpp
  nonfinite_test.cpp
)

# The filter that leaves a program the suites of the given sources.
function(batchnorm_suites_of result)
  set(filters)
  foreach(source IN LISTS ARGN)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${source}")
    file(STRINGS "${source}" tests REGEX "^(TYPED_)?TEST(_P)?\\(")
    foreach(test IN LISTS tests)
      string(REGEX REPLACE "^[A-Z_]+\\(([A-Za-z]+),.*" "\\1" suite "${test}")
      list(APPEND filters "${suite}.*" "${suite}/*" "*/${suite}.*")
    endforeach()
  endforeach()
  list(REMOVE_DUPLICATES filters)
  list(JOIN filters ":" filters)
  set(${result} "${filters}" PARENT_SCOPE)
endfunction()

# batchnorm_add_run(NAME TARGET SOURCES LEFT_OUT COMMAND...): the suites of some sources again, by a command that runs
# the program of all tests, with the kernels of TARGET.
function(batchnorm_add_run name target sources left_out)
  batchnorm_suites_of(filter target_test.cpp ${sources})
  add_test(NAME ${name} COMMAND ${ARGN} --gtest_brief=1 "--gtest_filter=${filter}-${left_out}")
  set_property(TEST ${name} PROPERTY ENVIRONMENT "BATCHNORM_EXPECTED_TARGET=${target}")
endfunction()

# The program of all tests takes the best that the processor has; here once more the least.
if(TARGET batchnorm_tests AND has_avx2)
  batchnorm_add_run(best.target avx2 "" "" batchnorm_tests)
  foreach(source IN LISTS kernel_sources ITEMS activation_test.cpp)
    string(REPLACE "_test.cpp" "" suite "${source}")
    batchnorm_add_run(sse2.${suite} sse2 ${source} "" batchnorm_tests)
    set_property(TEST sse2.${suite} APPEND PROPERTY ENVIRONMENT BATCHNORM_TARGET=sse2)
  endforeach()
  batchnorm_add_run(sse2.sixteen_bits sse2 sixteen_bits_test.cpp "" batchnorm_layer_tests)
  set_property(TEST sse2.sixteen_bits APPEND PROPERTY ENVIRONMENT BATCHNORM_TARGET=sse2)
endif()

# batchnorm_add_kernel_variant(NAME TARGET SOURCES ... OPTIONS ... DEFINITIONS ...)
function(batchnorm_add_kernel_variant name target)
  batchnorm_add_test_program(
    batchnorm_kernel_tests_${name}
    PREFIX "${name}."
    ENVIRONMENT "BATCHNORM_EXPECTED_TARGET=${target}"
    ${ARGN}
  )
endfunction()

batchnorm_add_kernel_variant(
  scalar portable SOURCES ${kernel_sources} sixteen_bits_test.cpp DEFINITIONS EIGEN_DONT_VECTORIZE
)
# Flags that allow AVX2 leave one copy of the kernels, and no choice: that they are those of the plain build, the bits
# say.
if(has_avx2)
  batchnorm_add_kernel_variant(
    avx2 avx2
    SOURCES target_test.cpp exactness_test.cpp equal_channels_test.cpp
    OPTIONS -mavx2 -mfma
  )
endif()
if(has_avx512)
  # g++ 12 finds an uninitialised value in its own AVX-512 intrinsics (GCC bug 105593): in Eigen's maxCoeff, which the
  # tests use. That it finds none in the library's kernels, headers/ and mixed_flags/ say.
  batchnorm_add_kernel_variant(
    avx512 avx512
    SOURCES ${kernel_sources} activation_test.cpp sixteen_bits_test.cpp
    OPTIONS -mavx512f -mavx512dq -mavx512vl -mfma $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
  )
endif()

# Rows and planes: how work is shared does not look at a layout. -Wno-tsan: Eigen's pool sleeps and wakes through a
# fence, which TSan does not model.
batchnorm_add_test_program(
  batchnorm_thread_tests_tsan
  PREFIX "tsan."
  FILTER "-Threads/1*:Threads/2*:Threads/3*:Threads/5*:Threads/6*"
  SOURCES threads_test.cpp group_test.cpp
  DEFINITIONS EIGEN_USE_THREADS
  OPTIONS -fsanitize=thread -O1 $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>
)

find_program(BATCHNORM_GXX g++ REQUIRED)
find_program(BATCHNORM_CLANGXX clang++ REQUIRED)
find_program(BATCHNORM_x86_64_QEMU NAMES qemu-x86_64 qemu-x86_64-static)
# Haswell is the first processor with AVX2; less what this QEMU would say that it lacks.
set(haswell Haswell-noTSX,-pcid,-x2apic,-tsc-deadline,-invpcid)

include(programs.cmake)
include(platforms.cmake)
add_subdirectory(bits)
add_subdirectory(user_activations)
add_subdirectory(mixed_flags)
