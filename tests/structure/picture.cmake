# Draws the picture again and compares it with the committed one.

execute_process(COMMAND "${python}" "${rooms}" --svg "${drawn}" COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${CMAKE_COMMAND}" -E compare_files "${drawn}" "${committed}" RESULT_VARIABLE differ)
if(differ)
  message(FATAL_ERROR "docs/structure.svg is not today's: draw it with tests/structure/rooms --svg docs/structure.svg")
endif()
