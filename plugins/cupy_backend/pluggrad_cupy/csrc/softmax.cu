// softmax, its gradient, and log_softmax along an axis: (outer, n, inner), one block for each of the outer x inner rows.

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

// The gradient of softmax, of g and what softmax gave: (g - sum(g y)) y.
template <typename T>
__global__ void softmax_input(const T* g, const T* y, T* out, index_t n, index_t inner, index_t rows) {
    typedef wide<T> W;
    for (index_t row = blockIdx.x; row < rows; row += gridDim.x) {
        index_t start = row / inner * n * inner + row % inner;
        W along = 0;
        for (index_t i = threadIdx.x; i < n; i += blockDim.x)
            along += W(widen(g[start + i * inner])) * W(widen(y[start + i * inner]));
        along = block_sum(along);
        for (index_t i = threadIdx.x; i < n; i += blockDim.x) {
            index_t at = start + i * inner;
            out[at] = narrow<T>((W(widen(g[at])) - along) * W(widen(y[at])));
        }
    }
}

template <typename T> __global__ void log_softmax(const T* x, T* out, index_t n, index_t inner, index_t rows) {
    for (index_t row = blockIdx.x; row < rows; row += gridDim.x) {
        index_t start = row / inner * n * inner + row % inner;
        softmax_row<T, true>(x + start, out + start, n, inner);
    }
}
