# Builds and runs the program that does without exceptions:
#
#   cmake -Dcompiler=g++ "-Dincludes=-I...;-isystem;..." -Dsources=... -Dfolder=... -P check.cmake
#
# A refusal reaches the hook, or without one the standard error and an abort; its message needs no heap and no stream.
# A program with a layer of a fixed number of channels names no heap at all.

function(build name)
  execute_process(
    COMMAND "${compiler}" -std=c++20 -O1 -fno-exceptions -fno-rtti -Wall -Wextra -Wpedantic -Wconversion -Wshadow
            -Werror ${ARGN} ${includes} "${sources}/program.cpp" -o "${folder}/${name}"
    COMMAND_ERROR_IS_FATAL ANY
  )
  execute_process(COMMAND "${folder}/${name}" COMMAND_ERROR_IS_FATAL ANY)
  execute_process(
    COMMAND "${folder}/${name}" refuse RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE error
  )
  set(status "${status}" PARENT_SCOPE)
  set(output "${output}" PARENT_SCOPE)
  set(error "${error}" PARENT_SCOPE)
endfunction()

set(sentence "BatchNorm: expected 4 channels on axis 1 of x, got \\(8, 5\\); was the layer made")

file(MAKE_DIRECTORY "${folder}")
build(hooked -DWITH_HOOK)
if(NOT status EQUAL 3 OR NOT output MATCHES "^the hook got: ${sentence}")
  message(FATAL_ERROR "the hook was not called as it should be: ${status} ${output} ${error}")
endif()
build(plain)
if(status EQUAL 0 OR NOT error MATCHES "^${sentence}")
  message(FATAL_ERROR "a refusal without a hook must print its sentence and abort: ${status} ${output} ${error}")
endif()

set(options -std=c++20 -O1 -fno-exceptions -fno-rtti)
execute_process(
  COMMAND "${compiler}" ${options} ${includes} -c "${sources}/message.cpp" -o "${folder}/message.o"
  COMMAND_ERROR_IS_FATAL ANY
)
find_program(nm nm)
if(nm)
  execute_process(
    COMMAND "${compiler}" ${options} -Wall -Wextra -Werror ${includes} "${sources}/no_heap.cpp" -o "${folder}/no_heap"
    COMMAND_ERROR_IS_FATAL ANY
  )
  execute_process(COMMAND "${folder}/no_heap" COMMAND_ERROR_IS_FATAL ANY)
  execute_process(
    COMMAND "${nm}" -C --undefined-only "${folder}/no_heap" OUTPUT_VARIABLE names COMMAND_ERROR_IS_FATAL ANY
  )
  set(unwanted "operator new|operator delete|alloc|free@|free\n|__cxa_throw|__cxa_begin_catch|thread_create|ios_base|ostream")
  if(NOT names MATCHES "memcpy|memset|abort" OR names MATCHES "${unwanted}")
    message(FATAL_ERROR "a layer of Channels<16> must need no heap, but its program names:\n${names}")
  endif()
  execute_process(COMMAND "${nm}" -C "${folder}/message.o" OUTPUT_VARIABLE names COMMAND_ERROR_IS_FATAL ANY)
  if(NOT names MATCHES "refuse_channels" OR names MATCHES "operator new|malloc|stream|std::locale")
    message(FATAL_ERROR "a message must need no heap and no stream, but its object file names:\n${names}")
  endif()
endif()
