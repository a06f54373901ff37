# Runs two commands, which must print the same:
#
#   cmake "-Done=program;argument" "-Dother=program;argument" -P same_output.cmake

foreach(command IN ITEMS one other)
  execute_process(COMMAND ${${command}} OUTPUT_VARIABLE of_${command} COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "[^\n]+" of_${command} "${of_${command}}")
endforeach()

list(LENGTH of_one cases)
if(cases EQUAL 0)
  message(FATAL_ERROR "${one} printed nothing")
endif()
if(of_one STREQUAL of_other)
  return()
endif()
set(differing ${of_other})
list(REMOVE_ITEM differing ${of_one})
list(LENGTH differing count)
list(SUBLIST differing 0 20 differing)
list(JOIN differing "\n" differing)
message(FATAL_ERROR "${count} of ${cases} lines of\n  ${other}\nare not those of\n  ${one}\nsuch as\n${differing}")
