// CUDA's language on the host: the texts of kernels, as they are, compiled by a C++ compiler and run on the CPU.
//
// Blocks run one after the other. The threads of a block are
//   - by default coroutines, which change at each barrier: quick and repeatable;
//   - with -DTHREADS real threads at a real barrier, so that the thread sanitizer sees a race;
//   - with -DSINGLE a loop, for kernels without barriers.
// What it cannot show: the memory spaces, the limits of a launch, the lock step of a warp, the speed.

#pragma once

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <complex>
#include <cstddef>
#include <limits>
#include <mutex>
#include <type_traits>
#include <utility>
#include <vector>

#if defined(THREADS)
#include <atomic>
#include <barrier>
#include <memory>
#include <thread>
#elif !defined(SINGLE)
#include <ucontext.h>
#endif

#define __device__
#define __host__
#define __global__
#define __forceinline__ inline
#define __restrict__
#define __shared__ static
#define __launch_bounds__(n)

using std::complex;
using std::size_t;

// -- half precision ---------------------------------------------------------------------------------------------

struct __half {
    _Float16 value;
    __half() = default;
    explicit __half(float x) : value((_Float16)x) {}
    operator float() const { return (float)value; }
};
static inline float __half2float(__half x) { return (float)x.value; }
static inline __half __float2half_rn(float x) { return __half(x); }

// -- mathematics ------------------------------------------------------------------------------------------------

// C's own notes the sign in a variable that all threads share.
namespace host {
static inline float log_gamma(float x) { int sign; return lgammaf_r(x, &sign); }
static inline double log_gamma(double x) { int sign; return lgamma_r(x, &sign); }
}  // namespace host
#define lgamma host::log_gamma

// -- integers ---------------------------------------------------------------------------------------------------

static inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
    return (unsigned long long)(((unsigned __int128)a * b) >> 64);
}
static inline int __popc(unsigned x) { return __builtin_popcount(x); }
static inline int __float_as_int(float x) { int i; memcpy(&i, &x, 4); return i; }
static inline float __int_as_float(int i) { float x; memcpy(&x, &i, 4); return x; }
static inline long long __double_as_longlong(double x) { long long i; memcpy(&i, &x, 8); return i; }
static inline double __longlong_as_double(long long i) { double x; memcpy(&x, &i, 8); return x; }

// -- the grid ---------------------------------------------------------------------------------------------------

struct dim3 { unsigned x, y, z; };

namespace host {

const int MOST_THREADS = 1024;

#if defined(THREADS)

inline thread_local dim3 thread_index, block_index;
inline dim3 block_size, grid_size;
inline std::unique_ptr<std::barrier<>> gate;
inline void barrier() { gate->arrive_and_wait(); }

template <typename F> void run_block(const F& f) {
    int n = block_size.x;
    gate = std::make_unique<std::barrier<>>(n);
    std::vector<std::thread> threads;
    dim3 block = block_index;
    for (int i = 0; i < n; ++i)
        threads.emplace_back([&, i] {
            thread_index = {(unsigned)i, 0, 0};
            block_index = block;
            f();
            gate->arrive_and_drop();
        });
    for (auto& t : threads) t.join();
}

#elif defined(SINGLE)

inline dim3 thread_index, block_index, block_size, grid_size;
inline void barrier() { fprintf(stderr, "a kernel without barriers met one\n"); abort(); }

template <typename F> void run_block(const F& f) {
    for (unsigned i = 0; i < block_size.x; ++i) { thread_index = {i, 0, 0}; f(); }
}

#else

inline dim3 thread_index, block_index, block_size, grid_size;

// Each thread of the block is a coroutine, which gives way to the next at a barrier. All meet at the same ones, or the
// kernel is wrong: a thread that ends while others wait is reported.
const size_t STACK = 1 << 16;
struct Fiber { ucontext_t context; bool done; int barriers; };
inline std::vector<Fiber> fibers;
inline std::vector<char> stacks;
inline ucontext_t home;
inline int running;
inline void (*entry)(const void*);
inline const void* closure;

inline void barrier() {
    ++fibers[running].barriers;
    swapcontext(&fibers[running].context, &home);
}

inline void start() {
    entry(closure);
    fibers[running].done = true;
}

template <typename F> void run_block(const F& f) {
    int n = block_size.x;
    if ((int)fibers.size() < n) { fibers.resize(n); stacks.resize(n * STACK); }
    entry = [](const void* p) { (*(const F*)p)(); };
    closure = &f;
    for (int i = 0; i < n; ++i) {
        getcontext(&fibers[i].context);
        fibers[i].context.uc_stack.ss_sp = stacks.data() + i * STACK;
        fibers[i].context.uc_stack.ss_size = STACK;
        fibers[i].context.uc_link = &home;
        fibers[i].done = false;
        fibers[i].barriers = 0;
        makecontext(&fibers[i].context, start, 0);
    }
    for (bool any = true; any;) {
        any = false;
        for (running = 0; running < n; ++running)
            if (!fibers[running].done) {
                thread_index = {(unsigned)running, 0, 0};
                swapcontext(&home, &fibers[running].context);
                any = any || !fibers[running].done;
            }
        for (int i = 1; i < n; ++i)
            if (fibers[i].barriers != fibers[0].barriers || fibers[i].done != fibers[0].done) {
                fprintf(stderr, "the threads 0 and %d of a block do not meet at the same barrier\n", i);
                abort();
            }
    }
}

#endif

inline std::mutex one_launch;

template <typename... A, size_t... I>
void call(void (*kernel)(A...), void** args, std::index_sequence<I...>) {
    kernel(*(std::remove_const_t<std::remove_reference_t<A>>*)args[I]...);
}

template <typename... A> void launch(void (*kernel)(A...), const int* shape, void** args) {
    std::lock_guard<std::mutex> guard(one_launch);
    grid_size = {(unsigned)shape[0], (unsigned)shape[1], (unsigned)shape[2]};
    block_size = {(unsigned)shape[3], 1, 1};
    for (unsigned z = 0; z < grid_size.z; ++z)
        for (unsigned y = 0; y < grid_size.y; ++y)
            for (unsigned x = 0; x < grid_size.x; ++x) {
                block_index = {x, y, z};
                run_block([&] { call(kernel, args, std::index_sequence_for<A...>{}); });
            }
}

}  // namespace host

#define threadIdx host::thread_index
#define blockIdx host::block_index
#define blockDim host::block_size
#define gridDim host::grid_size

static inline void __syncthreads() { host::barrier(); }
static inline void __threadfence() {}

// A shuffle: every lane shows its value, all wait, and each reads another's. (All threads of the block take part.)
template <typename T> T __shfl_xor_sync(unsigned, T value, int mask) {
    static T shown[host::MOST_THREADS];
    shown[threadIdx.x] = value;
    host::barrier();
    T got = shown[threadIdx.x ^ mask];
    host::barrier();
    return got;
}

// -- atomics ----------------------------------------------------------------------------------------------------

#if defined(THREADS)
template <typename T, typename U> T atomicAdd(T* place, U value) {
    return std::atomic_ref<T>(*place).fetch_add((T)value);
}
template <typename T> T atomicCAS(T* place, T expected, T value) {
    std::atomic_ref<T>(*place).compare_exchange_strong(expected, value);
    return expected;
}
#else
template <typename T, typename U> T atomicAdd(T* place, U value) {
    T before = *place;
    *place = before + (T)value;
    return before;
}
template <typename T> T atomicCAS(T* place, T expected, T value) {
    T before = *place;
    if (before == expected) *place = value;
    return before;
}
#endif
