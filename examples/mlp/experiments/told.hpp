#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "experiments/account.hpp"

namespace mlp {

struct ToldChapter {
  std::string name{}, title{};
  std::string command{};  ///< what repeats it
  Account account{};
};

/// All that the report says.
struct Told {
  std::string data{}, machine{}, program{}, date{}, command{};
  std::string level{};
  std::size_t trials = 0;  ///< networks that were trained for it, now or before
  double seconds = 0;      ///< of training, all together
  std::vector<ToldChapter> chapters{};
  std::vector<std::string> missing{};  ///< titles of chapters that were stopped
};

}  // namespace mlp
