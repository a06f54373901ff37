#pragma once

/// \file
/// The version of the library, for the preprocessor. CMake and pkg-config read it from here.

/// The first number: changes that break code, from 1.0 on.
#define BATCHNORM_VERSION_MAJOR 0
/// The second number: before 1.0, changes that break code.
#define BATCHNORM_VERSION_MINOR 1
/// The third number: changes that break nothing.
#define BATCHNORM_VERSION_PATCH 0
