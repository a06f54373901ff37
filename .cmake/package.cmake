# `cpack`: a Debian package of what `cmake --install` installs.

set(debian_name libbatchnorm-dev)
set(folder "${PROJECT_BINARY_DIR}/debian")
configure_file(LICENSE "${folder}/copyright" COPYONLY)
file(STRINGS LICENSE holder REGEX "^Copyright")
string(REGEX REPLACE "^Copyright \\(c\\) [0-9]+ " "" holder "${holder}")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "${holder}")
set(CPACK_INSTALLED_DIRECTORIES "${folder}" "usr/share/doc/${debian_name}")
set(CPACK_DEBIAN_PACKAGE_NAME ${debian_name})
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libeigen3-dev (>= 3.4)")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "One C++20 header to include, forward and backward, for matrices and tensors.")
include(CPack)
