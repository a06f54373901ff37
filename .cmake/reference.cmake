# The target `reference`: the API reference in build/.../reference/html, by Doxygen, where a warning is an
# error, and so is a public name without a comment.

find_package(Doxygen 1.9.4 QUIET)
find_program(BATCHNORM_AWK awk)
if(NOT DOXYGEN_FOUND OR NOT BATCHNORM_AWK)
  message(STATUS "batchnorm: there is no target `reference`, because Doxygen is missing (Debian: apt-get install doxygen)")
  return()
endif()

configure_file("${PROJECT_SOURCE_DIR}/.doxygen/Doxyfile.in" "${PROJECT_BINARY_DIR}/Doxyfile" @ONLY)
add_custom_target(
  reference
  COMMAND "${CMAKE_COMMAND}" -E make_directory "${PROJECT_BINARY_DIR}/reference"
  COMMAND "${DOXYGEN_EXECUTABLE}" "${PROJECT_BINARY_DIR}/Doxyfile"
  COMMAND "${BATCHNORM_AWK}" -v "folder=${PROJECT_BINARY_DIR}/reference/xml"
          -f "${PROJECT_SOURCE_DIR}/.doxygen/uncommented.awk" "${PROJECT_BINARY_DIR}/reference/xml/index.xml"
  COMMENT "Writing the API reference to ${PROJECT_BINARY_DIR}/reference/html/index.html"
  VERBATIM
)
if(BATCHNORM_BUILD_TESTS AND NOT BATCHNORM_SANITIZE)
  add_test(NAME reference COMMAND "${CMAKE_COMMAND}" --build "${PROJECT_BINARY_DIR}" --target reference)
endif()
