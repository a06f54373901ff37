#pragma once

// Values in files of other systems.
// In: the bytes of a file, as they were mapped or read.
// Out: values, by the name that the file has for them, and refusals in a sentence that begins with
// the file. Nothing in a file is believed: a length, an offset or a shape is compared with the
// bytes that are there before anything is allocated for it.

#include "little_endian.hpp"
#include "mapped_file.hpp"
#include "named_state.hpp"
#include "nearest.hpp"
#include "text.hpp"
