// softmax and log_softmax along an axis: (outer, n, inner), one block for each of the outer x inner rows.

#include "common.cuh"

// Each thread takes every blockDim.x-th element of the row. Three passes: the maximum, the sum, the result.
template <typename T, bool LOG>
__device__ void softmax_row(const T* x, T* out, index_t n, index_t step) {
    typedef wide<T> W;
    W most = -infinity<W>();
    for (index_t i = threadIdx.x; i < n; i += blockDim.x) most = larger(W(widen(x[i * step])), most);
    most = block_max(most);
    W total = 0;
    for (index_t i = threadIdx.x; i < n; i += blockDim.x) total += exp(W(widen(x[i * step])) - most);
    total = block_sum(total);
    W scale = LOG ? log(total) : W(1) / total;
    for (index_t i = threadIdx.x; i < n; i += blockDim.x) {
        W shifted = W(widen(x[i * step])) - most;
        out[i * step] = narrow<T>(LOG ? shifted - scale : exp(shifted) * scale);
    }
}

template <typename T> __global__ void softmax(const T* x, T* out, index_t n, index_t inner, index_t rows) {
    for (index_t row = blockIdx.x; row < rows; row += gridDim.x) {
        index_t start = row / inner * n * inner + row % inner;
        softmax_row<T, false>(x + start, out + start, n, inner);
    }
}

template <typename T> __global__ void log_softmax(const T* x, T* out, index_t n, index_t inner, index_t rows) {
    for (index_t row = blockIdx.x; row < rows; row += gridDim.x) {
        index_t start = row / inner * n * inner + row % inner;
        softmax_row<T, true>(x + start, out + start, n, inner);
    }
}
