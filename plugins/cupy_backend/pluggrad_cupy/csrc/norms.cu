// Layer normalisation of rows, and batch normalisation of channels: out = (x - mean) * rstd * weight + bias.
//
// A row is what one block normalises: for layer_norm n elements side by side; for batch_norm, of (N, C, L), those of
// one channel. Mean and variance take two passes: the difference of two large sums would lose its digits.

#include "common.cuh"

// Where element i of row r stands: row by row, or in the images of (N, C, L).
struct Rows {
    index_t n;
    __device__ index_t at(index_t row, index_t i) const { return row * n + i; }
};
struct Channels {
    index_t channels, length;
    __device__ index_t at(index_t row, index_t i) const {
        return (i / length * channels + row) * length + i % length;
    }
};

// `affine`: 0 without weights, 1 with weight, 2 with weight and bias. `own`: a weight for each element of a row, else
// for each row.
template <typename T, typename Layout>
__device__ void normalize(const Layout& layout, index_t row, index_t n, const T* x, const T* weight, const T* bias,
                          T* out, T* mean, T* rstd, double eps, int affine, bool own) {
    typedef wide<T> W;
    W sum = 0;
    for (index_t i = threadIdx.x; i < n; i += blockDim.x) sum += W(widen(x[layout.at(row, i)]));
    W m = block_sum(sum) / W(n);
    W squares = 0;
    for (index_t i = threadIdx.x; i < n; i += blockDim.x) {
        W d = W(widen(x[layout.at(row, i)])) - m;
        squares += d * d;
    }
    W r = W(1) / sqrt(block_sum(squares) / W(n) + W(eps));
    for (index_t i = threadIdx.x; i < n; i += blockDim.x) {
        index_t at = layout.at(row, i), which = own ? i : row;
        W y = (W(widen(x[at])) - m) * r;
        if (affine > 0) y *= W(widen(weight[which]));
        if (affine > 1) y += W(widen(bias[which]));
        out[at] = narrow<T>(y);
    }
    if (threadIdx.x == 0) {
        mean[row] = narrow<T>(m);
        rstd[row] = narrow<T>(r);
    }
}

template <typename T>
__global__ void layer_norm(const T* x, const T* weight, const T* bias, T* out, T* mean, T* rstd, index_t rows,
                           index_t n, double eps, int affine) {
    Rows layout = {n};
    for (index_t row = blockIdx.x; row < rows; row += gridDim.x)
        normalize(layout, row, n, x, weight, bias, out, mean, rstd, eps, affine, true);
}

template <typename T>
__global__ void batch_norm(const T* x, const T* weight, const T* bias, T* out, T* mean, T* rstd, index_t images,
                           index_t channels, index_t length, double eps, int affine) {
    Channels layout = {channels, length};
    for (index_t row = blockIdx.x; row < channels; row += gridDim.x)
        normalize(layout, row, images * length, x, weight, bias, out, mean, rstd, eps, affine, false);
}

// -- gradients ----------------------------------------------------------------------------------------------------
//
// With h = g * weight and x^ = (x - mean) * rstd, averages over the n elements of a row:
//     for x: rstd * (h - average(h) - x^ * average(h * x^)) + (g_mean - g_rstd * rstd^2 * x^) / n

template <typename T, typename Layout>
__device__ void gradient(const Layout& layout, index_t row, index_t n, const T* g, const T* g_mean, const T* g_rstd,
                         const T* x, const T* mean, const T* rstd, const T* weight, T* of_x, T* of_weight, T* of_bias,
                         int affine, bool own) {
    typedef wide<T> W;
    W m = W(widen(mean[row])), r = W(widen(rstd[row]));
    W sum = 0, along = 0, plain = 0, plain_along = 0;
    for (index_t i = threadIdx.x; i < n; i += blockDim.x) {
        index_t at = layout.at(row, i);
        W slope = W(widen(g[at])), normal = (W(widen(x[at])) - m) * r;
        W h = affine ? slope * W(widen(weight[own ? i : row])) : slope;
        sum += h;
        along += h * normal;
        plain += slope;
        plain_along += slope * normal;
    }
    sum = block_sum(sum);
    along = block_sum(along);
    if (affine && !own) {
        plain = block_sum(plain);
        plain_along = block_sum(plain_along);
        if (threadIdx.x == 0) {
            of_weight[row] = narrow<T>(plain_along);
            of_bias[row] = narrow<T>(plain);
        }
    }
    W shift = sum / W(n) - W(widen(g_mean[row])) / (r * W(n));
    W tilt = along / W(n) + W(widen(g_rstd[row])) * (r / W(n));
    for (index_t i = threadIdx.x; i < n; i += blockDim.x) {
        index_t at = layout.at(row, i);
        W normal = (W(widen(x[at])) - m) * r;
        W h = affine ? W(widen(g[at])) * W(widen(weight[own ? i : row])) : W(widen(g[at]));
        of_x[at] = narrow<T>((h - shift - normal * tilt) * r);
    }
}

template <typename T>
__global__ void layer_norm_gradient(const T* g, const T* g_mean, const T* g_rstd, const T* x, const T* mean,
                                    const T* rstd, const T* weight, T* of_x, index_t rows, index_t n, int affine) {
    Rows layout = {n};
    for (index_t row = blockIdx.x; row < rows; row += gridDim.x)
        gradient(layout, row, n, g, g_mean, g_rstd, x, mean, rstd, weight, of_x, (T*)0, (T*)0, affine, true);
}

template <typename T>
__global__ void batch_norm_gradient(const T* g, const T* g_mean, const T* g_rstd, const T* x, const T* mean,
                                    const T* rstd, const T* weight, T* of_x, T* of_weight, T* of_bias, index_t images,
                                    index_t channels, index_t length, int affine) {
    Channels layout = {channels, length};
    for (index_t row = blockIdx.x; row < channels; row += gridDim.x)
        gradient(layout, row, images * length, g, g_mean, g_rstd, x, mean, rstd, weight, of_x, of_weight, of_bias,
                 affine, false);
}

// Sums over some rows of g * x^ and g, for the gradients of layer_norm's weight and bias. The grid's second size are
// the parts that the rows are cut into; each writes sums of its own, (parts, n), which are added up afterwards.
template <typename T>
__global__ void layer_norm_weights(const T* g, const T* x, const T* mean, const T* rstd, double* of_weight,
                                   double* of_bias, index_t rows, index_t n) {
    typedef wide<T> W;
    index_t share = (rows + gridDim.y - 1) / gridDim.y, first = blockIdx.y * share;
    index_t last = first + share < rows ? first + share : rows;
    for (index_t i = first_element(); i < n; i += all_threads()) {
        W along = 0, plain = 0;
        for (index_t row = first; row < last; ++row) {
            W slope = W(widen(g[row * n + i]));
            along += slope * (W(widen(x[row * n + i])) - W(widen(mean[row]))) * W(widen(rstd[row]));
            plain += slope;
        }
        of_weight[blockIdx.y * n + i] = double(along);
        of_bias[blockIdx.y * n + i] = double(plain);
    }
}
