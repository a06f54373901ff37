#include "ours.hpp"

namespace benchmarks {
namespace {

/// The buffers themselves.
struct InPlace {
  InPlace(const Problem& problem, Eigen::ArrayXf& buffer)
      : array(buffer.data(), problem.extents()) {}

  void take() {}
  void give() {}

  Eigen::TensorMap<Eigen::Tensor<float, 3, Eigen::RowMajor>> array;
};

template <typename Place, typename Axis, typename Activation>
class OursThreaded : public Ours<Place, Axis, Activation> {
 public:
  explicit OursThreaded(const Problem& problem)
      : Ours<Place, Axis, Activation>(problem),
        pool_(problem.threads),
        device_(&pool_, problem.threads) {}

  void forward() override { this->trained_.forward(device_, this->x_.array, this->y_.array); }
  void backward() override {
    this->trained_.backward(device_, this->x_.array, this->dy_.array, this->dx_.array);
  }
  void inference() override { this->deployed_.forward(device_, this->x_.array, this->y_.array); }

 private:
  Eigen::ThreadPool pool_;
  Eigen::ThreadPoolDevice device_;
};

std::unique_ptr<Contender> make_threaded(const Problem& problem) {
  return problem.threads > 1 ? make_ours<OursThreaded, InPlace>(problem) : nullptr;
}

}  // namespace

Entry ours() {
  return {"ours", "this library", Role::ours, Scope::everywhere, make_ours<Ours, InPlace>};
}

Entry ours_threads() {
  return {"ours-threads", "this library on an Eigen::ThreadPoolDevice", Role::threaded,
          Scope::everywhere, make_threaded};
}

}  // namespace benchmarks
