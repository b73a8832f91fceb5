// What all kernels share: wide types to compute in, and sums over the threads of a block.
//
// A file of kernels begins with #include "common.cuh", which pluggrad_cupy/launch.py replaces by this text: CuPy hands
// one text to the compiler. The same texts are compiled for the host, in tests, by tests/host/cuda_on_host.h.

#pragma once

#include <cuda_fp16.h>
#include <cupy/complex.cuh>

typedef long long index_t;

// The type to compute in: float for half, in which sums lose their digits past 2048 and overflow past 65504.
template <typename T> struct Wide { typedef T type; };
template <> struct Wide<__half> { typedef float type; };
template <typename T> using wide = typename Wide<T>::type;

__device__ inline float widen(__half x) { return __half2float(x); }
template <typename T> __device__ inline T widen(T x) { return x; }

template <typename T> struct Narrow {
    template <typename W> static __device__ inline T from(W x) { return T(x); }
};
template <> struct Narrow<__half> {
    template <typename W> static __device__ inline __half from(W x) { return __float2half_rn(float(x)); }
};
template <typename T, typename W> __device__ inline T narrow(W x) { return Narrow<T>::from(x); }

template <typename W> __device__ inline W infinity() { return W(1) / W(0); }

// -- over the threads of a block --------------------------------------------------------------------------------
//
// Blocks have a multiple of 32 threads, at most 1024. All threads of the block must call these, and get the result.
// The order of the additions depends on nothing but the number of threads: the same bits each time.

const int WARP = 32;
const unsigned ALL_LANES = 0xffffffffu;

template <typename W> __device__ inline W warp_sum(W x) {
    for (int step = WARP / 2; step; step /= 2) x += __shfl_xor_sync(ALL_LANES, x, step);
    return x;
}

template <typename W> __device__ inline W block_sum(W x) {
    __shared__ W parts[WARP];
    x = warp_sum(x);
    __syncthreads();  // parts may still be read by who was last here
    if (threadIdx.x % WARP == 0) parts[threadIdx.x / WARP] = x;
    __syncthreads();
    W total = 0;
    for (int i = 0; i < (int)(blockDim.x / WARP); ++i) total += parts[i];
    return total;
}

// A NaN is larger than any number, so that it is found.
template <typename W> __device__ inline W larger(W a, W b) { return a > b || a != a ? a : b; }

template <typename W> __device__ inline W block_max(W x) {
    __shared__ W parts[WARP];
    for (int step = WARP / 2; step; step /= 2) x = larger(x, __shfl_xor_sync(ALL_LANES, x, step));
    __syncthreads();
    if (threadIdx.x % WARP == 0) parts[threadIdx.x / WARP] = x;
    __syncthreads();
    W most = parts[0];
    for (int i = 1; i < (int)(blockDim.x / WARP); ++i) most = larger(most, parts[i]);
    return most;
}

// The number of this thread among all of the grid, and how many there are: for loops over any number of elements.
__device__ inline index_t first_element() { return (index_t)blockIdx.x * blockDim.x + threadIdx.x; }
__device__ inline index_t all_threads() { return (index_t)gridDim.x * blockDim.x; }
