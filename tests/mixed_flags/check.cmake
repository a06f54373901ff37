# Checks that object files which were compiled with different flags share no kernel: a linker keeps one definition of a
# name, and if that is the one with the instructions of a better processor, the callers in the other files run it on a
# processor that lacks them.
#
#   cmake "-Dobjects=plain.o;avx2.o" -P check.cmake
#
# A kernel is what stands in the namespace of an instruction set, build_* or avx2, or is made of its types. What is in
# the namespace avx2 is compiled for AVX2 whatever the flags, and files whose flags allow less may share it: it is called
# only where the processor has AVX2, which includes all that such flags allow.

find_program(nm nm REQUIRED)

# The namespaces of sets that the names which an object file defines mention.
function(sets_in object result)
  execute_process(
    COMMAND "${nm}" -C --defined-only "${object}" OUTPUT_VARIABLE names COMMAND_ERROR_IS_FATAL ANY
  )
  string(REGEX MATCHALL "detail::(build_[a-z0-9]+|avx2)::" sets "${names}")
  list(LENGTH sets count)
  if(count LESS 10)
    message(FATAL_ERROR "${object} defines ${count} kernels: are they called something else now?")
  endif()
  list(REMOVE_DUPLICATES sets)
  set(${result} "${sets}" PARENT_SCOPE)
endfunction()

set(all)
foreach(object IN LISTS objects)
  sets_in("${object}" sets)
  list(FILTER sets EXCLUDE REGEX "^detail::avx2::")
  foreach(set IN LISTS sets)
    list(FIND all "${set}" position)
    if(NOT position EQUAL -1)
      message(FATAL_ERROR "${object} has kernels of a set that another object has kernels of: ${set}")
    endif()
  endforeach()
  list(APPEND all ${sets})
endforeach()
