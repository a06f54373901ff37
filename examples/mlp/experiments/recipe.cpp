#include "experiments/recipe.hpp"

#include "format.hpp"
#include "names.hpp"

namespace mlp {
namespace {

std::string widths_text(const std::vector<Index>& widths) {
  std::string text;
  for (const Index width : widths) {
    if (!text.empty()) text += '-';
    text += std::to_string(width);
  }
  return text;
}

}  // namespace

std::string recipe_header() {
  return "hidden,activation,norm,learning_rate,batch,steps,gain,deviation,decay,renormalised,ghost,"
         "dropout,images,interval,probe";
}

std::string text_of(const Recipe& recipe) {
  return format("%s,%s,%s,%.9g,%td,%td,%.9g,%.9g,%.9g,%d,%td,%.9g,%td,%td,%s",
                widths_text(recipe.hidden).c_str(), name(recipe.activation),
                short_name(recipe.placement), recipe.learning_rate, recipe.batch, recipe.steps,
                recipe.gain, recipe.deviation, recipe.decay, recipe.renormalised ? 1 : 0,
                recipe.ghost, recipe.dropout, recipe.images, recipe.interval, name(recipe.probe));
}

std::string network_text(const Recipe& recipe, Index inputs, Index classes) {
  const std::size_t layers = recipe.hidden.size();
  const std::string hidden =
      layers > 5 ? format("%zu hidden layers of %td", layers, recipe.hidden.front())
                 : format("%td-%s-%td", inputs, widths_text(recipe.hidden).c_str(), classes);
  return hidden + (recipe.activation == Activation::relu ? ", ReLU" : ", sigmoid");
}

double cost_of(const Recipe& recipe, Index inputs) {
  // Nanoseconds of a step on some machine: for its calls, its products, its activations.
  constexpr double kPerLayer = 3000;
  constexpr double kPerProduct = 0.12;
  constexpr double kPerValue = 1.5;
  double step = 0;
  auto width = static_cast<double>(inputs);
  for (const Index next : recipe.hidden) {
    const auto outputs = static_cast<double>(next);
    step +=
        kPerLayer + static_cast<double>(recipe.batch) * outputs * (kPerProduct * width + kPerValue);
    width = outputs;
  }
  return step * static_cast<double>(recipe.steps);
}

}  // namespace mlp
