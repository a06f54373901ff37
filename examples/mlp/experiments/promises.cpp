#include "experiments/promises.hpp"

#include <algorithm>
#include <cstdio>

namespace mlp {

const char* Promise::verdict() const {
  const auto holds = [](const Finding& finding) { return finding.holds; };
  if (std::all_of(findings.begin(), findings.end(), holds)) return "holds";
  return std::any_of(findings.begin(), findings.end(), holds) ? "holds in part" : "does not hold";
}

std::vector<Promise> promises(const Told& told) {
  std::vector<Promise> all;
  for (const ToldChapter& chapter : told.chapters) {
    for (const Finding& finding : chapter.account.findings) {
      if (finding.promise.empty()) continue;
      auto found = std::find_if(all.begin(), all.end(), [&](const Promise& promise) {
        return promise.text == finding.promise;
      });
      if (found == all.end()) found = all.insert(all.end(), {.text = finding.promise});
      found->findings.push_back(finding);
      found->chapters.push_back(chapter.name);
    }
  }
  return all;
}

void print_promises(const Told& told) {
  std::printf("\nWhat batch normalization promises, and what was found\n");
  for (const Promise& promise : promises(told)) {
    std::printf("\n%s: %s\n", promise.text.c_str(), promise.verdict());
    for (const Finding& finding : promise.findings) {
      std::printf("  %s %s: %s\n", finding.holds ? "+" : "-", finding.claim.c_str(),
                  finding.measured.c_str());
    }
  }
  for (const std::string& title : told.missing) {
    std::printf("\n%s: stopped; the same command goes on where it was.\n", title.c_str());
  }
}

}  // namespace mlp
