// The windows of images as columns, for convolution as a product of matrices, and back.
// dtypes: float16 float32 float64 complex64 complex128

#include "common.cuh"
#include "windows.cuh"

// (N, C, *size) to (N, C · elements, windows).
template <typename T>
__global__ void columns(const T* x, T* out, const int* numbers, index_t images, index_t channels) {
    Windows g = read_windows(numbers);
    index_t elements = g.elements(), windows = g.windows();
    for (index_t index = first_element(); index < images * channels * elements * windows; index += all_threads()) {
        int w[3], e[3];
        split(index % windows, g.count, w);
        split(index / windows % elements, g.kernel, e);
        const T* image = x + index / (windows * elements) * g.pixels();
        int i = g.place(0, w[0], e[0]), j = g.place(1, w[1], e[1]), k = g.place(2, w[2], e[2]);
        bool inside = g.inside(0, i) && g.inside(1, j) && g.inside(2, k);
        out[index] = inside ? image[((index_t)i * g.size[1] + j) * g.size[2] + k] : narrow<T>(wide<T>(0));
    }
}

// The transpose: each pixel is the sum of the places of the columns that were read from it.
template <typename T>
__global__ void add_columns(const T* columns, T* out, const int* numbers, index_t images, index_t channels) {
    typedef wide<T> W;
    Windows g = read_windows(numbers);
    index_t elements = g.elements(), windows = g.windows();
    for (index_t index = first_element(); index < images * channels * g.pixels(); index += all_threads()) {
        const T* image = columns + index / g.pixels() * elements * windows;
        int p[3], w[3];
        split(index % g.pixels(), g.size, p);
        W sum = W(0);
        for (int a = 0; a < g.kernel[0]; ++a) {
            if (!covers(g, 0, p[0], a, &w[0])) continue;
            for (int b = 0; b < g.kernel[1]; ++b) {
                if (!covers(g, 1, p[1], b, &w[1])) continue;
                for (int c = 0; c < g.kernel[2]; ++c) {
                    if (!covers(g, 2, p[2], c, &w[2])) continue;
                    index_t element = ((index_t)a * g.kernel[1] + b) * g.kernel[2] + c;
                    index_t window = ((index_t)w[0] * g.count[1] + w[1]) * g.count[2] + w[2];
                    sum += W(widen(image[element * windows + window]));
                }
            }
        }
        out[index] = narrow<T>(sum);
    }
}
