# A consumer with strict warnings of its own, and the proof that the library brings none.

foreach(property IN ITEMS COMPILE_OPTIONS COMPILE_DEFINITIONS LINK_OPTIONS)
  get_target_property(value batchnorm::batchnorm INTERFACE_${property})
  if(value)
    message(FATAL_ERROR "batchnorm::batchnorm leaks INTERFACE_${property}: ${value}")
  endif()
endforeach()

get_target_property(libraries batchnorm::batchnorm INTERFACE_LINK_LIBRARIES)
if(NOT libraries STREQUAL "Eigen3::Eigen")
  message(FATAL_ERROR "batchnorm::batchnorm must link Eigen3::Eigen alone, not: ${libraries}")
endif()

if(TARGET batchnorm_warnings OR TARGET GTest::gtest)
  message(FATAL_ERROR "what the library is developed with reaches the consumer")
endif()

if(CMAKE_BUILD_TYPE OR NOT CMAKE_CXX_FLAGS STREQUAL "")
  message(FATAL_ERROR "the consumer's flags were changed: ${CMAKE_BUILD_TYPE} ${CMAKE_CXX_FLAGS}")
endif()

add_executable(consumer ../main.cpp)
target_compile_options(consumer PRIVATE -Wall -Wextra -Werror)
target_link_libraries(consumer PRIVATE batchnorm::batchnorm)

add_executable(careless ../careless.cpp)
target_link_libraries(careless PRIVATE batchnorm::batchnorm)
