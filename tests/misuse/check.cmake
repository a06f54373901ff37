# Compiles SOURCE and checks how that ends:
#
#   cmake -DSOURCE=case.cpp "-DCOMMAND=compiler;flags" -P check.cmake
#
# A source with a line `// error: SENTENCE` must be refused: the compiler gives exactly one error, its text holds
# SENTENCE, and the output names the line that ends in `// here`. A source without one must compile.

function(find_expectation)
  file(READ "${SOURCE}" text)
  if(text MATCHES "\n// error: ([^\n]+)\n")
    set(sentence "${CMAKE_MATCH_1}" PARENT_SCOPE)
    string(REGEX REPLACE "// here\n.*" "" text "${text}")
    string(REGEX REPLACE "[^\n]" "" newlines_before "${text}")
    string(LENGTH "-${newlines_before}" line)
    set(line ${line} PARENT_SCOPE)
  endif()
endfunction()

function(refuse what)
  message(FATAL_ERROR "${SOURCE}: ${what}; the compiler said:\n${output}")
endfunction()

function(check_refusal)
  if(status EQUAL 0)
    refuse("it must not compile, but does")
  endif()
  string(FIND "${output}" ": error: " first)
  string(FIND "${output}" ": error: " last REVERSE)
  if(first EQUAL -1 OR NOT first EQUAL last)
    refuse("there must be exactly one error")
  endif()
  string(SUBSTRING "${output}" ${first} -1 error)
  string(REGEX REPLACE "\n.*" "" error "${error}")
  string(FIND "${error}" "${sentence}" position)
  if(position EQUAL -1)
    refuse("the error must say \"${sentence}\"")
  endif()
  string(FIND "${output}" "${SOURCE}:${line}:" position)
  if(position EQUAL -1)
    refuse("the output must name line ${line}")
  endif()
endfunction()

find_expectation()
execute_process(
  COMMAND ${COMMAND} "${SOURCE}"
  RESULT_VARIABLE status
  OUTPUT_VARIABLE output
  ERROR_VARIABLE output
)
if(DEFINED sentence)
  check_refusal()
elseif(NOT status EQUAL 0)
  refuse("it must compile")
endif()
