#pragma once

#include <string>

namespace mlp {

/// What printf would print.
[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...);

/// 1234567 as "1.2M", 51234 as "51k".
std::string format_count(double count);

/// Seconds as "0:04" or "1:02:03".
std::string format_duration(double seconds);

}  // namespace mlp
