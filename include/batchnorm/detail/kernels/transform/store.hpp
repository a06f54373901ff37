#ifndef BATCHNORM_TRANSFORM_STORE
#define BATCHNORM_TRANSFORM_STORE

#include "../packet/packet.hpp"

// How results are written. The rest of the library calls these by their names only.
namespace batchnorm::detail::BATCHNORM_TARGET {

enum class Store {
  ordinary,  ///< through the caches: right wherever somebody reads the result soon
  streaming  ///< whole packets, aligned, around the caches, which saves reading what is overwritten
};

/// Writes a packet, or a scalar, which is never streamed. Chosen as the program runs: a branch that
/// always goes the same way costs nothing beside a store, a second copy of every loop would.
template <typename P, typename Data>
void put(Store how, Data* to, const P& value) {
  if constexpr (!is_scalar<P>) {
    if (how == Store::streaming) return Access<P>::stream(to, value);
  }
  store(to, value);
}

/// Makes what was streamed visible to other threads before anything that follows.
inline void finish(Store how) {
  if (how == Store::streaming) finish_streams();
}

}  // namespace batchnorm::detail::BATCHNORM_TARGET

#endif
