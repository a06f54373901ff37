# The tests of the kernels once per instruction set that this machine has and on other platforms, and the threads under
# TSan.

file(READ /proc/cpuinfo cpuinfo)

set(kernel_sources exactness_test.cpp double_test.cpp equal_channels_test.cpp kernels_test.cpp moments_test.cpp nonfinite_test.cpp)

function(batchnorm_add_kernel_variant name)
  batchnorm_add_test_program(
    batchnorm_kernel_tests_${name} PREFIX "${name}." SOURCES ${kernel_sources} ${ARGN}
  )
endfunction()

batchnorm_add_kernel_variant(scalar DEFINITIONS EIGEN_DONT_VECTORIZE)
if(cpuinfo MATCHES " avx2 " AND cpuinfo MATCHES " fma ")
  batchnorm_add_kernel_variant(avx2 OPTIONS -mavx2 -mfma)
endif()
if(cpuinfo MATCHES " avx512f " AND cpuinfo MATCHES " avx512dq " AND cpuinfo MATCHES " avx512vl ")
  # g++ 12 finds an uninitialised value in its own AVX-512 intrinsics (GCC bug 105593).
  batchnorm_add_kernel_variant(
    avx512 OPTIONS -mavx512f -mavx512dq -mavx512vl -mfma
                   $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
  )
endif()

# -Wno-tsan: Eigen's pool sleeps and wakes through a fence, which TSan does not model.
batchnorm_add_test_program(
  batchnorm_thread_tests_tsan
  PREFIX "tsan."
  SOURCES threads_test.cpp
  DEFINITIONS EIGEN_USE_THREADS
  OPTIONS -fsanitize=thread -O1 $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>
)

include(platforms.cmake)
