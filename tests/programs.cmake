# Programs of another compiler, or of other flags, than those of the build.

# batchnorm_compile_with(COMPILER OBJECT SOURCE OPTION...): the object file of one source.
function(batchnorm_compile_with compiler object source)
  add_custom_command(
    OUTPUT "${object}"
    COMMAND
      "${compiler}" -std=c++20 -Wall -Wextra -Werror -MD -MF "${object}.d"
      "-I${PROJECT_SOURCE_DIR}/include"
      -isystem "$<TARGET_PROPERTY:Eigen3::Eigen,INTERFACE_INCLUDE_DIRECTORIES>" ${ARGN}
      -c "${source}" -o "${object}"
    DEPENDS "${source}"
    DEPFILE "${object}.d"
    COMMENT "Compiling ${object}"
    VERBATIM
  )
endfunction()

# batchnorm_add_program_with(COMPILER PROGRAM SOURCES ... OPTIONS ... [LIBRARY target]): a program, built with
# everything else.
function(batchnorm_add_program_with compiler program)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "LIBRARY" "SOURCES;OPTIONS")
  cmake_path(GET program PARENT_PATH folder)
  file(MAKE_DIRECTORY "${folder}")
  foreach(source IN LISTS arg_SOURCES)
    cmake_path(GET source STEM stem)
    set(object "${program}-${stem}.o")
    batchnorm_compile_with("${compiler}" "${object}" "${source}" ${arg_OPTIONS})
    list(APPEND objects "${object}")
  endforeach()
  set(library)
  if(arg_LIBRARY)
    set(library "$<TARGET_FILE:${arg_LIBRARY}>")
  endif()
  add_custom_command(
    OUTPUT "${program}"
    COMMAND "${compiler}" ${objects} ${library} -o "${program}" -lpthread
    DEPENDS ${objects} ${arg_LIBRARY}
    VERBATIM
  )
  cmake_path(RELATIVE_PATH program BASE_DIRECTORY "${PROJECT_BINARY_DIR}" OUTPUT_VARIABLE target)
  string(MAKE_C_IDENTIFIER "batchnorm_${target}" target)
  add_custom_target(${target} ALL DEPENDS "${program}")
endfunction()
