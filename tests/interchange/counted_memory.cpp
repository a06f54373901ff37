#include "counted_memory.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace counted_memory {
namespace {

std::atomic<std::size_t> asked{0};

void* allocate(std::size_t size) {
  asked += size;
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

std::size_t bytes() { return asked; }

}  // namespace counted_memory

void* operator new(std::size_t size) { return counted_memory::allocate(size); }
void* operator new[](std::size_t size) { return counted_memory::allocate(size); }
// Of the library's temporary buffers.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(size == 0 ? 1 : size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
