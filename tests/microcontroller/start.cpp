// What stands in front of main on a Cortex-M: the vectors, and memory as the program expects it.
// With MEASURES_STACK, prints behind main how much of the stack was used.

#include <cstdint>
#include <cstdio>
#include <cstring>

extern "C" {

extern char data_begin, data_end, data_load, bss_begin, bss_end, stack_begin;
void* __dso_handle = nullptr;

void __libc_init_array();
void initialise_monitor_handles();
[[noreturn]] void exit(int status);
int main();

void _init() {}
void _fini() {}

#if defined(MEASURES_STACK)
constexpr int watched = 1 << 16;
constexpr char untouched = 0x55;

/// From far below the stack to what this function itself uses.
[[gnu::noinline]] void paint_stack() {
  for (char* at = &stack_begin - watched;
       at < reinterpret_cast<char*>(__builtin_frame_address(0)) - 64; ++at)
    *at = untouched;
}

int used_stack() {
  const char* deepest = &stack_begin - watched;
  while (*deepest == untouched) ++deepest;
  return static_cast<int>(&stack_begin - deepest);
}
#endif

[[noreturn]] void reset() {
#if defined(__ARM_FP)
  // The coprocessor of floating point, which is off at first (Cortex-M4 manual, CPACR).
  *reinterpret_cast<volatile std::uint32_t*>(0xE000ED88) |= 0xFU << 20U;
#endif
  std::memcpy(&data_begin, &data_load, static_cast<std::size_t>(&data_end - &data_begin));
  std::memset(&bss_begin, 0, static_cast<std::size_t>(&bss_end - &bss_begin));
  initialise_monitor_handles();
#if defined(MEASURES_STACK)
  paint_stack();
  __libc_init_array();
  const int before_main = used_stack();
  paint_stack();
  const int status = main();
  std::printf("stack: %d of constructors, %d of main\n", before_main, used_stack());
  exit(status);
#else
  __libc_init_array();
  exit(main());
#endif
}

[[noreturn]] void fault() {
  while (true) {
  }
}

}  // extern "C"

namespace {

using Handler = void (*)();

struct Vectors {
  char* stack;
  Handler handlers[6];
};

[[gnu::section(".vectors"), gnu::used]] const Vectors vectors{
    &stack_begin, {&reset, &fault, &fault, &fault, &fault, &fault}};

}  // namespace
