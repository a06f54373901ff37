#include <algorithm>
#include <vector>

#include "probes/probes.hpp"
#include "probes/training_mode.hpp"

namespace mlp {
namespace {

class BatchStatistics final : public Observer {
 public:
  BatchStatistics(const Material& material, const nn::Device& device)
      : samples_(nn::pick(material.test,
                          first_rows(std::min<Index>(1000, material.test.images.rows())))),
        device_(device) {}

  void observe(const Learner& learner, Index, bool last, Figures& figures) override {
    if (!last) return;
    const std::vector<Index> random = random_order();
    const std::vector<Index> sorted = sorted_order(random);
    for (const std::size_t size : {1U, 2U, 3U, 4U, 8U, 16U, 32U, 64U, 250U}) {
      const auto accuracy = [&](const std::vector<Index>& order) {
        return accuracy_in_training_mode(learner.network(), samples_,
                                         size == 1 ? doubled(order) : order,
                                         std::max<std::size_t>(size, 2), device_);
      };
      add(figures, "batch_accuracy", static_cast<double>(size), accuracy(random));
      add(figures, "sorted_accuracy", static_cast<double>(size), accuracy(sorted));
    }
  }

 private:
  std::vector<Index> random_order() const {
    Eigen::Vector<Index, Eigen::Dynamic> order = Eigen::Vector<Index, Eigen::Dynamic>::LinSpaced(
        samples_.labels.size(), 0, samples_.labels.size() - 1);
    nn::Random(0, 0).shuffle(order);
    return {order.begin(), order.end()};
  }

  std::vector<Index> sorted_order(std::vector<Index> order) const {
    std::stable_sort(order.begin(), order.end(),
                     [this](Index a, Index b) { return samples_.labels[a] < samples_.labels[b]; });
    return order;
  }

  static std::vector<Index> doubled(const std::vector<Index>& order) {
    std::vector<Index> twice;
    for (const Index sample : order) twice.insert(twice.end(), 2, sample);
    return twice;
  }

  nn::Samples<float> samples_;
  const nn::Device& device_;
};

}  // namespace

std::unique_ptr<Observer> observe_batch_statistics(const Material& material,
                                                   const nn::Device& device) {
  return std::make_unique<BatchStatistics>(material, device);
}

}  // namespace mlp
