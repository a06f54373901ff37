#include "page/report_file.hpp"

#include <batchnorm/replace_file.hpp>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>

#include "page/document.hpp"

namespace mlp {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error(file.string() + ": cannot be read, so there is no report");
  return {std::istreambuf_iterator<char>(in), {}};
}

/// JSON that may stand in a script element, which only "<" could end or confuse.
std::string for_script(const std::string& json) {
  std::string text;
  for (const char c : json) text += c == '<' ? std::string("\\u003c") : std::string(1, c);
  return text;
}

void fill(std::string& page, std::string_view place, const std::string& text) {
  const std::size_t at = page.find(place);
  if (at == std::string::npos) throw std::logic_error("page.html lacks a place");
  page.replace(at, place.size(), text);
}

}  // namespace

std::string report_hindrance() {
  return fs::exists(MLP_CHART_JS) ? "" : std::string(MLP_CHART_JS) + ", Chart.js, is missing";
}

void write_report(const fs::path& html, const Told& told) {
  const fs::path parts = MLP_PAGE;
  const auto document = document_of(told);
  std::string page = read(parts / "page.html");
  fill(page, "/*style*/", read(parts / "page.css"));
  fill(page, "/*script*/", read(parts / "page.js"));
  fill(page, "/*data*/", for_script(document.dump()));
  fill(page, "/*chart.js*/", read(MLP_CHART_JS));
  batchnorm::replace_file(html, page);
  batchnorm::replace_file(fs::path(html).replace_extension(".json"), document.dump(1) + "\n");
}

}  // namespace mlp
