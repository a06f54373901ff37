#pragma once

// What every example of the documents may use without an #include of its own.

#include <batchnorm/batchnorm.hpp>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>
