# `cmake --install`: the headers, and what `find_package(batchnorm)` and `pkg-config batchnorm` find.

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir "${CMAKE_INSTALL_DATADIR}/cmake/batchnorm")

install(DIRECTORY include/ DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(TARGETS batchnorm EXPORT batchnorm-targets INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
if(BATCHNORM_BUILD_COMPILED)
  install(TARGETS batchnorm_compiled EXPORT batchnorm-targets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
endif()
install(EXPORT batchnorm-targets NAMESPACE batchnorm:: DESTINATION "${package_dir}")

configure_package_config_file(
  .cmake/batchnorm-config.cmake.in "${PROJECT_BINARY_DIR}/batchnorm-config.cmake"
  INSTALL_DESTINATION "${package_dir}"
)
set(any_machine ARCH_INDEPENDENT)
if(BATCHNORM_BUILD_COMPILED)
  set(any_machine)
endif()
write_basic_package_version_file(
  "${PROJECT_BINARY_DIR}/batchnorm-config-version.cmake"
  COMPATIBILITY SameMinorVersion
  ${any_machine}
)
install(
  FILES "${PROJECT_BINARY_DIR}/batchnorm-config.cmake" "${PROJECT_BINARY_DIR}/batchnorm-config-version.cmake"
  DESTINATION "${package_dir}"
)

# Relative, so that the prefix may be moved.
file(RELATIVE_PATH pc_to_include "${CMAKE_INSTALL_FULL_DATADIR}/pkgconfig" "${CMAKE_INSTALL_FULL_INCLUDEDIR}")
configure_file(.cmake/batchnorm.pc.in "${PROJECT_BINARY_DIR}/batchnorm.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/batchnorm.pc" DESTINATION "${CMAKE_INSTALL_DATADIR}/pkgconfig")
if(BATCHNORM_BUILD_COMPILED)
  file(RELATIVE_PATH pc_to_libraries "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_FULL_LIBDIR}")
  configure_file(.cmake/batchnorm-compiled.pc.in "${PROJECT_BINARY_DIR}/batchnorm-compiled.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/batchnorm-compiled.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endif()

install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")

# A surrounding project packs itself.
if(batchnorm_top_level)
  include(.cmake/package.cmake)
endif()
