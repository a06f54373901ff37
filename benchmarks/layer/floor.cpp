// The fastest way to move the bytes of a call once: x to y, or x and dy to dx. With ordinary
// stores, and with non-temporal ones.

#include <algorithm>
#include <unsupported/Eigen/CXX11/Tensor>

#include "contender.hpp"
#include "floor_loops.hpp"

namespace benchmarks {
namespace {

struct Ordinary {
  static FloorLoops loops() { return floor_loops().ordinary; }
};

struct NonTemporal {
  static FloorLoops loops() { return floor_loops().non_temporal; }
};

template <typename Store>
class Floor : public Contender {
 public:
  explicit Floor(const Problem& problem)
      : buffers_(*problem.buffers), size_(problem.shape.size()) {}

  void forward() override { move(0, size_); }
  void backward() override { combine(0, size_); }
  void inference() override { move(0, size_); }

 protected:
  /// y = x + 1 from `first` to `last`.
  void move(Index first, Index last) {
    loops_.move(buffers_.x.data() + first, buffers_.y.data() + first, last - first);
  }

  /// dx = x + dy, likewise.
  void combine(Index first, Index last) {
    loops_.combine(buffers_.x.data() + first, buffers_.dy.data() + first,
                   buffers_.dx.data() + first, last - first);
  }

  FloorLoops loops_ = Store::loops();
  Buffers& buffers_;
  Index size_;
};

template <typename Store>
class FloorThreaded : public Floor<Store> {
 public:
  explicit FloorThreaded(const Problem& problem)
      : Floor<Store>(problem), pool_(problem.threads), device_(&pool_, problem.threads) {}

  void forward() override {
    share([this](Index first, Index last) { this->move(first, last); });
  }
  void backward() override {
    share([this](Index first, Index last) { this->combine(first, last); });
  }
  void inference() override { forward(); }

 private:
  template <typename Work>
  void share(const Work& work) {
    const Index parts = device_.numThreads();
    const Index size = this->size_;
    constexpr Index group = 64;  // of values, so that all parts lie as the first one does
    const Index part = (size / parts / group + 1) * group;
    const auto bytes = static_cast<double>(part * Index{sizeof(float)});
    const Eigen::TensorOpCost cost(bytes, bytes, 0.0);
    device_.parallelFor(parts, cost, [&](Index first, Index last) {
      work(std::min(size, first * part), std::min(size, last * part));
    });
  }

  Eigen::ThreadPool pool_;
  Eigen::ThreadPoolDevice device_;
};

template <template <typename> class Which, typename Store>
std::unique_ptr<Contender> make(const Problem& problem) {
  return std::make_unique<Which<Store>>(problem);
}

template <typename Store>
std::unique_ptr<Contender> make_threaded(const Problem& problem) {
  return problem.threads > 1 ? make<FloorThreaded, Store>(problem) : nullptr;
}

}  // namespace

Entry floor() {
  return {"floor", "moves the bytes of a call once, ordinary stores", Role::floor,
          Scope::everywhere, make<Floor, Ordinary>};
}

Entry floor_nt() {
  return {"floor-nt", "the same with non-temporal stores, where the arrays exceed the caches",
          Role::floor, Scope::memory, make<Floor, NonTemporal>};
}

Entry floor_threads() {
  return {"floor-threads", "the floor on an Eigen::ThreadPoolDevice", Role::threaded_floor,
          Scope::everywhere, make_threaded<Ordinary>};
}

Entry floor_nt_threads() {
  return {"floor-nt-threads", "the same with non-temporal stores", Role::threaded_floor,
          Scope::memory, make_threaded<NonTemporal>};
}

}  // namespace benchmarks
