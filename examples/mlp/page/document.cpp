#include "page/document.hpp"

#include "experiments/promises.hpp"
#include "names.hpp"

namespace mlp {
namespace {

using Json = nlohmann::ordered_json;

template <typename Values, typename ToJson>
Json list(const Values& values, const ToJson& to_json) {
  Json all = Json::array();
  for (const auto& value : values) all.push_back(to_json(value));
  return all;
}

Json json(const Point& point) {
  return {{"x", point.x}, {"y", point.y.mean}, {"least", point.y.least}, {"most", point.y.most}};
}

Json json(const Line& line) {
  return {{"name", line.name},
          {"tone", name(line.tone)},
          {"dashed", line.dashed},
          {"points", list(line.points, [](const Point& point) { return json(point); })}};
}

Json json(const Chart& chart) {
  return {{"title", chart.title},
          {"x", chart.x_label},
          {"y", chart.y_label},
          {"log_x", chart.log_x},
          {"log_y", chart.log_y},
          {"bars", chart.bars},
          {"lines", list(chart.lines, [](const Line& line) { return json(line); })}};
}

Json json(const Finding& finding) {
  return {{"claim", finding.claim},
          {"brief", finding.brief.empty() ? finding.measured : finding.brief},
          {"measured", finding.measured},
          {"setting", finding.setting},
          {"holds", finding.holds}};
}

Json json(const ToldChapter& chapter) {
  const Account& account = chapter.account;
  return {{"name", chapter.name},
          {"title", chapter.title},
          {"claim", account.claim},
          {"text", account.text},
          {"charts", list(account.charts, [](const Chart& chart) { return json(chart); })},
          {"columns", account.table.columns},
          {"rows", account.table.rows},
          {"findings", list(account.findings, [](const Finding& any) { return json(any); })},
          {"limit", account.limit},
          {"code", account.code},
          {"command", chapter.command}};
}

Json json(const Promise& promise) {
  Json findings = Json::array();
  for (std::size_t i = 0; i < promise.findings.size(); ++i) {
    findings.push_back(json(promise.findings[i]));
    findings.back()["chapter"] = promise.chapters[i];
  }
  return {{"promise", promise.text}, {"verdict", promise.verdict()}, {"findings", findings}};
}

}  // namespace

Json document_of(const Told& told) {
  return {{"data", told.data},
          {"machine", told.machine},
          {"program", told.program},
          {"date", told.date},
          {"level", told.level},
          {"command", told.command},
          {"networks", told.trials},
          {"seconds", told.seconds},
          {"promises", list(promises(told), [](const Promise& promise) { return json(promise); })},
          {"chapters", list(told.chapters, [](const ToldChapter& any) { return json(any); })},
          {"missing", told.missing}};
}

}  // namespace mlp
