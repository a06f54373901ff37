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

# batchnorm_compile_for(COMPILER OBJECT SOURCE): the object file of one source.
function(batchnorm_compile_for compiler object source)
  add_custom_command(
    OUTPUT "${object}"
    COMMAND
      "${compiler}" -std=c++20 -O1 -Wall -Wextra -Werror -Wno-psabi -MD -MF "${object}.d"
      "-I${PROJECT_SOURCE_DIR}/include" "-I${CMAKE_CURRENT_SOURCE_DIR}"
      -isystem "$<TARGET_PROPERTY:Eigen3::Eigen,INTERFACE_INCLUDE_DIRECTORIES>"
      -isystem "${BATCHNORM_GTEST_SOURCE}/include" -isystem "${BATCHNORM_GTEST_SOURCE}"
      -c "${source}" -o "${object}"
    DEPENDS "${source}"
    DEPFILE "${object}.d"
    COMMENT "Compiling ${object}"
    VERBATIM
  )
endfunction()

# batchnorm_add_platform(NAME TRIPLET QEMU SUITE...): one program of the suites, and a test that runs it.
function(batchnorm_add_platform name triplet qemu)
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
  foreach(suite IN LISTS ARGN)
    list(APPEND sources "${CMAKE_CURRENT_SOURCE_DIR}/${suite}_test.cpp")
  endforeach()
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/platforms/${name}")
  file(MAKE_DIRECTORY "${folder}")
  foreach(source IN LISTS sources)
    cmake_path(GET source STEM stem)
    batchnorm_compile_for("${compiler}" "${folder}/${stem}.o" "${source}")
    list(APPEND objects "${folder}/${stem}.o")
  endforeach()
  add_custom_command(
    OUTPUT "${folder}/tests"
    COMMAND "${compiler}" ${objects} -o "${folder}/tests" -lpthread
    DEPENDS ${objects}
    VERBATIM
  )
  add_custom_target(batchnorm_platform_${name} ALL DEPENDS "${folder}/tests")
  add_test(
    NAME platform.${name}
    COMMAND "${emulator}" -L "/usr/${triplet}" "${folder}/tests" --gtest_brief=1 "--gtest_filter=-${left_out}"
  )
endfunction()

batchnorm_add_platform(
  arm64 aarch64-linux-gnu qemu-aarch64 kernels exactness moments state forward backward
)
# Its long double is a double, in which the reference is no nearer to the truth than a layer of double is: so without
# the suites that compare the two.
batchnorm_add_platform(armhf arm-linux-gnueabihf qemu-arm kernels exactness moments state)
