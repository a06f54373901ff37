// The fastest way to move the bytes of a call once: x to y, or x and dy to dx. With ordinary
// stores, and with non-temporal ones, which do not read what they overwrite but leave the result in
// memory.

#include <algorithm>
#include <unsupported/Eigen/CXX11/Tensor>

#include "contender.hpp"

namespace benchmarks {
namespace {

namespace packets = Eigen::internal;

using Packet = packets::packet_traits<float>::type;
constexpr Index width = packets::packet_traits<float>::size;

struct OrdinaryStore {
  static void store(float* to, const Packet& value) { packets::pstore(to, value); }
  static void finish() {}
};

#if defined(__SSE__)
struct NonTemporalStore {
#if defined(__AVX512F__)
  static void store(float* to, __m512 value) { _mm512_stream_ps(to, value); }
#endif
#if defined(__AVX__)
  static void store(float* to, __m256 value) { _mm256_stream_ps(to, value); }
#endif
  static void store(float* to, __m128 value) { _mm_stream_ps(to, value); }
  static void finish() { _mm_sfence(); }
};
#else
using NonTemporalStore = OrdinaryStore;
#endif

constexpr Index group = 4 * width;

/// Writes the packet `value(i)` to `to + i` for every packet from `first` to `last`, which are
/// whole groups apart.
template <typename Store, typename Value>
void sweep(float* to, Index first, Index last, const Value& value) {
  for (Index i = first; i < last; i += group) {
    for (Index k = 0; k < group; k += width) Store::store(to + i + k, value(i + k));
  }
  Store::finish();
}

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
    const float* const x = buffers_.x.data();
    const Index vectors = last - (last - first) % group;
    const Packet one = packets::pset1<Packet>(1.0F);
    sweep<Store>(buffers_.y.data(), first, vectors,
                 [&](Index i) { return packets::padd(packets::pload<Packet>(x + i), one); });
    for (Index i = vectors; i < last; ++i) buffers_.y[i] = x[i] + 1.0F;
  }

  /// dx = x + dy, likewise.
  void combine(Index first, Index last) {
    const float* const x = buffers_.x.data();
    const float* const dy = buffers_.dy.data();
    const Index vectors = last - (last - first) % group;
    sweep<Store>(buffers_.dx.data(), first, vectors, [&](Index i) {
      return packets::padd(packets::pload<Packet>(x + i), packets::pload<Packet>(dy + i));
    });
    for (Index i = vectors; i < last; ++i) buffers_.dx[i] = x[i] + dy[i];
  }

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
          Scope::everywhere, make<Floor, OrdinaryStore>};
}

Entry floor_nt() {
  return {"floor-nt", "the same with non-temporal stores, where the arrays exceed the caches",
          Role::floor, Scope::memory, make<Floor, NonTemporalStore>};
}

Entry floor_threads() {
  return {"floor-threads", "the floor on an Eigen::ThreadPoolDevice", Role::threaded_floor,
          Scope::everywhere, make_threaded<OrdinaryStore>};
}

Entry floor_nt_threads() {
  return {"floor-nt-threads", "the same with non-temporal stores", Role::threaded_floor,
          Scope::memory, make_threaded<NonTemporalStore>};
}

}  // namespace benchmarks
