#include "chapters/chapters.hpp"

namespace mlp {

std::vector<Chapter> chapters(const Scope& scope) {
  constexpr Index kImagesOfThePaper = 10000;
  std::vector<Chapter> all{faster(),        learning_rates(), initialisation(),
                           depth(),         distributions(),  placement(),
                           small_batches(), wrong_mode(),     running_statistics(),
                           regularisation()};
  if (scope.train >= kImagesOfThePaper) all.push_back(paper());
  return all;
}

}  // namespace mlp
