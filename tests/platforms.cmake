# The suites of numbers on other platforms: built by Debian's cross-compilers, run by QEMU.

find_path(BATCHNORM_GTEST_SOURCE src/gtest-all.cc PATHS /usr/src/googletest/googletest NO_DEFAULT_PATH)

# QEMU is slow: one layout of rows and one of planes, and no huge arrays.
set(left_out Huge.*)
foreach(suite IN ITEMS Exact Walks)
  foreach(layout IN ITEMS 1 2 3 5 6)
    list(APPEND left_out "${suite}/${layout}*")
  endforeach()
endforeach()
list(JOIN left_out ":" left_out)

# batchnorm_add_platform(NAME TRIPLET QEMU SUITE... [OPTIONS option...]): one program of the suites, and a test that runs
# it.
function(batchnorm_add_platform name triplet qemu)
  cmake_parse_arguments(platform "" "" "OPTIONS" ${ARGN})
  find_program(BATCHNORM_${name}_CXX ${triplet}-g++)
  find_program(BATCHNORM_${name}_QEMU NAMES ${qemu} ${qemu}-static)
  set(compiler "${BATCHNORM_${name}_CXX}")
  set(emulator "${BATCHNORM_${name}_QEMU}")
  if(NOT compiler OR NOT emulator OR NOT BATCHNORM_GTEST_SOURCE)
    message(STATUS "batchnorm: the tests on ${name} are left out, because its compiler, QEMU or GoogleTest's sources "
                   "were not found (Debian: apt-get install g++-${triplet} qemu-user googletest)")
    return()
  endif()
  set(sources "${BATCHNORM_GTEST_SOURCE}/src/gtest-all.cc" "${BATCHNORM_GTEST_SOURCE}/src/gtest_main.cc")
  foreach(suite IN LISTS platform_UNPARSED_ARGUMENTS)
    list(APPEND sources "${CMAKE_CURRENT_SOURCE_DIR}/${suite}_test.cpp")
  endforeach()
  set(program "${CMAKE_CURRENT_BINARY_DIR}/platforms/${name}")
  batchnorm_add_program_with(
    "${compiler}" "${program}"
    SOURCES ${sources}
    OPTIONS -O1 -Wno-psabi ${platform_OPTIONS} "-I${CMAKE_CURRENT_SOURCE_DIR}" -isystem "${BATCHNORM_GTEST_SOURCE}/include"
            -isystem "${BATCHNORM_GTEST_SOURCE}"
  )
  add_test(
    NAME platform.${name}
    COMMAND "${emulator}" -L "/usr/${triplet}" "${program}" --gtest_brief=1 "--gtest_filter=-${left_out}"
  )
endfunction()

batchnorm_add_platform(
  arm64 aarch64-linux-gnu qemu-aarch64 kernels exactness moments state sixteen_bits
)
batchnorm_add_platform(armhf arm-linux-gnueabihf qemu-arm kernels moments state)

# Where bytes stand the other way round.
batchnorm_add_platform(s390x s390x-linux-gnu qemu-s390x moments state)
# Its x87 computes in more digits than a type has, which no promise of bits survives: with SSE.
batchnorm_add_platform(
  i686 i686-linux-gnu qemu-i386 moments state OPTIONS -msse2 -mfpmath=sse
)

# Other processors of this machine's kind: one without AVX2, where the kernels for it must not run; and the first with
# it, which computes to the bit what this one does (bits/).
if(BATCHNORM_x86_64_QEMU AND CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64" AND TARGET batchnorm_tests)
  batchnorm_add_run(
    platform.x86_64.sse2 sse2 "equal_channels_test.cpp;kernels_test.cpp" "${left_out}"
    "${BATCHNORM_x86_64_QEMU}" -cpu qemu64 $<TARGET_FILE:batchnorm_tests>
  )
  batchnorm_add_run(
    platform.x86_64.avx2 avx2 "" "" "${BATCHNORM_x86_64_QEMU}" -cpu "${haswell}" $<TARGET_FILE:batchnorm_tests>
  )
endif()
