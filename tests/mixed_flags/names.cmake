# Checks that an object file that links the library batchnorm::compiled defines none of the functions that choose a kernel
# or a step under a name that a file with kernels of its own, as the library is one, gives them too: a linker would keep
# one definition, and if that is the caller's, the library's own call goes to the library for ever.
#
#   cmake -Dlinked=linked.o -Downs=plain.o -P names.cmake

find_program(nm nm REQUIRED)

function(choices_in object result)
  execute_process(
    COMMAND "${nm}" -C --defined-only "${object}" OUTPUT_VARIABLE names COMMAND_ERROR_IS_FATAL ANY
  )
  string(
    REGEX MATCHALL "batchnorm::detail::(linked::)?(kernel|run_kernel|run_step|prepare_from_running|kernels_target)[<(]"
    choices "${names}"
  )
  if(NOT choices)
    message(FATAL_ERROR "${object} chooses no kernel: are the functions called something else now?")
  endif()
  list(REMOVE_DUPLICATES choices)
  set(${result} "${choices}" PARENT_SCOPE)
endfunction()

choices_in("${linked}" of_linked)
choices_in("${owns}" of_owns)
foreach(choice IN LISTS of_linked)
  list(FIND of_owns "${choice}" position)
  if(NOT position EQUAL -1)
    message(FATAL_ERROR "${linked} and ${owns} both define ${choice}")
  endif()
endforeach()
