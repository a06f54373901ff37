# Provides the target Eigen3::Eigen, unless the surrounding project already has it.

set(BATCHNORM_EIGEN_DIR "" CACHE PATH "Source tree of Eigen to build against, instead of a package")

if(TARGET Eigen3::Eigen)
  return()
endif()

if(BATCHNORM_EIGEN_DIR)
  if(NOT EXISTS "${BATCHNORM_EIGEN_DIR}/unsupported/Eigen/CXX11/Tensor")
    message(FATAL_ERROR "batchnorm: BATCHNORM_EIGEN_DIR is \"${BATCHNORM_EIGEN_DIR}\", which has no "
                        "unsupported/Eigen/CXX11/Tensor; give the root of an Eigen source tree")
  endif()
  add_library(Eigen3::Eigen INTERFACE IMPORTED)
  target_include_directories(Eigen3::Eigen SYSTEM INTERFACE "${BATCHNORM_EIGEN_DIR}")
  return()
endif()

# No version is asked for here: no version expression accepts both 3.4.0 and 5.
find_package(Eigen3 CONFIG REQUIRED)
if(Eigen3_VERSION VERSION_LESS 3.4)
  message(FATAL_ERROR "batchnorm: needs Eigen 3.4 or newer, but found ${Eigen3_VERSION} in ${Eigen3_DIR}; "
                      "set Eigen3_DIR or BATCHNORM_EIGEN_DIR to a newer one")
endif()
