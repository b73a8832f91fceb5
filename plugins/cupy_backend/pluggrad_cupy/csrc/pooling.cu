// Maximum and average pooling of images (N·C, *size), and their gradients in gather form: each pixel looks for the
// windows that hold it, so nothing is added by two threads at once and the bits are the same each time.

#include "common.cuh"
#include "windows.cuh"

// The position of the first maximum of a window in the flattened image; a NaN is the maximum.
template <typename T> __device__ index_t first_maximum(const Windows& g, const T* image, const int* w) {
    typedef wide<T> W;
    index_t best = -1;
    W most = 0;
    for (int a = 0; a < g.kernel[0]; ++a)
        for (int b = 0; b < g.kernel[1]; ++b)
            for (int c = 0; c < g.kernel[2]; ++c) {
                int i = g.place(0, w[0], a), j = g.place(1, w[1], b), k = g.place(2, w[2], c);
                if (!g.inside(0, i) || !g.inside(1, j) || !g.inside(2, k)) continue;
                index_t at = ((index_t)i * g.size[1] + j) * g.size[2] + k;
                W value = W(widen(image[at]));
                if (best < 0 || (value > most && most == most) || (value != value && most == most)) {
                    best = at;
                    most = value;
                }
            }
    return best;
}

template <typename T> __global__ void max_pool(const T* x, T* out, const int* numbers, index_t images) {
    Windows g = read_windows(numbers);
    for (index_t i = first_element(); i < images * g.windows(); i += all_threads()) {
        int w[3];
        split(i % g.windows(), g.count, w);
        const T* image = x + i / g.windows() * g.pixels();
        index_t at = first_maximum(g, image, w);
        out[i] = at < 0 ? narrow<T>(-infinity<wide<T>>()) : image[at];
    }
}

template <typename T> __global__ void max_pool_indices(const T* x, index_t* out, const int* numbers, index_t images) {
    Windows g = read_windows(numbers);
    for (index_t i = first_element(); i < images * g.windows(); i += all_threads()) {
        int w[3];
        split(i % g.windows(), g.count, w);
        index_t at = first_maximum(g, x + i / g.windows() * g.pixels(), w);
        out[i] = at < 0 ? 0 : at;
    }
}

// values[at[i]] of each window; 0 for windows that lie outside.
template <typename T>
__global__ void max_pool_select(const T* values, const T* x, T* out, const int* numbers, index_t images) {
    Windows g = read_windows(numbers);
    for (index_t i = first_element(); i < images * g.windows(); i += all_threads()) {
        int w[3];
        split(i % g.windows(), g.count, w);
        index_t image = i / g.windows() * g.pixels();
        index_t at = first_maximum(g, x + image, w);
        out[i] = at < 0 ? narrow<T>(wide<T>(0)) : values[image + at];
    }
}

// The gradient of max pooling: for each pixel, g of the windows whose first maximum (`at`) it is.
template <typename T>
__global__ void max_pool_input(const T* gradient, const index_t* at, T* out, const int* numbers, index_t images) {
    typedef wide<T> W;
    Windows g = read_windows(numbers);
    for (index_t i = first_element(); i < images * g.pixels(); i += all_threads()) {
        index_t image = i / g.pixels(), pixel = i % g.pixels();
        int p[3], w[3];
        split(pixel, g.size, p);
        W sum = 0;
        for (int a = g.kernel[0] - 1; a >= 0; --a) {
            if (!covers(g, 0, p[0], a, &w[0])) continue;
            for (int b = g.kernel[1] - 1; b >= 0; --b) {
                if (!covers(g, 1, p[1], b, &w[1])) continue;
                for (int c = g.kernel[2] - 1; c >= 0; --c) {
                    if (!covers(g, 2, p[2], c, &w[2])) continue;
                    index_t window = image * g.windows() + ((index_t)w[0] * g.count[1] + w[1]) * g.count[2] + w[2];
                    if (at[window] == pixel) sum += W(widen(gradient[window]));
                }
            }
        }
        out[i] = narrow<T>(sum);
    }
}

// By what the sum of a window is divided: `divisor`, or how many of its elements lie in the image or in as much of the
// padding as `counted` says, (before, after) for each axis.
__device__ inline double divisor_of(const Windows& g, const int* w, const int* counted, index_t divisor) {
    if (divisor > 0) return (double)divisor;
    double total = 1;
    for (int axis = 0; axis < 3; ++axis) {
        int start = w[axis] * g.stride[axis] - g.before[axis], end = start + g.kernel[axis];
        int low = -counted[2 * axis], high = g.size[axis] + counted[2 * axis + 1];
        int length = (end < high ? end : high) - (start > low ? start : low);
        total *= length > 1 ? length : 1;
    }
    return total;
}

template <typename T>
__global__ void avg_pool(const T* x, T* out, const int* numbers, const int* counted, index_t divisor, index_t images) {
    typedef wide<T> W;
    Windows g = read_windows(numbers);
    for (index_t index = first_element(); index < images * g.windows(); index += all_threads()) {
        int w[3];
        split(index % g.windows(), g.count, w);
        const T* image = x + index / g.windows() * g.pixels();
        W sum = 0;
        for (int a = 0; a < g.kernel[0]; ++a)
            for (int b = 0; b < g.kernel[1]; ++b)
                for (int c = 0; c < g.kernel[2]; ++c) {
                    int i = g.place(0, w[0], a), j = g.place(1, w[1], b), k = g.place(2, w[2], c);
                    if (g.inside(0, i) && g.inside(1, j) && g.inside(2, k))
                        sum += W(widen(image[((index_t)i * g.size[1] + j) * g.size[2] + k]));
                }
        out[index] = narrow<T>(sum / W(divisor_of(g, w, counted, divisor)));
    }
}

template <typename T>
__global__ void avg_pool_input(const T* gradient, T* out, const int* numbers, const int* counted, index_t divisor,
                               index_t images) {
    typedef wide<T> W;
    Windows g = read_windows(numbers);
    for (index_t i = first_element(); i < images * g.pixels(); i += all_threads()) {
        index_t image = i / g.pixels();
        int p[3], w[3];
        split(i % g.pixels(), g.size, p);
        W sum = 0;
        for (int a = g.kernel[0] - 1; a >= 0; --a) {
            if (!covers(g, 0, p[0], a, &w[0])) continue;
            for (int b = g.kernel[1] - 1; b >= 0; --b) {
                if (!covers(g, 1, p[1], b, &w[1])) continue;
                for (int c = g.kernel[2] - 1; c >= 0; --c) {
                    if (!covers(g, 2, p[2], c, &w[2])) continue;
                    index_t window = image * g.windows() + ((index_t)w[0] * g.count[1] + w[1]) * g.count[2] + w[2];
                    sum += W(widen(gradient[window])) / W(divisor_of(g, w, counted, divisor));
                }
            }
        }
        out[i] = narrow<T>(sum);
    }
}
