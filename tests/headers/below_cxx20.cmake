# Compiles SOURCE for a standard that is too old: the compiler says so in one sentence, and stops there.
#
#   cmake -DSOURCE=caller.cpp "-DCOMMAND=compiler;flags" -P below_cxx20.cmake

execute_process(
  COMMAND ${COMMAND} "${SOURCE}"
  RESULT_VARIABLE status
  OUTPUT_VARIABLE output
  ERROR_VARIABLE output
)
string(REGEX MATCHALL "\n" lines "${output}")
list(LENGTH lines count)
if(status EQUAL 0 OR count GREATER 10 OR NOT output MATCHES "error: .*batchnorm: needs C\\+\\+20; compile with -std=c\\+\\+20")
  message(FATAL_ERROR "one sentence was expected, and at most 10 lines; the compiler said:\n${output}")
endif()
