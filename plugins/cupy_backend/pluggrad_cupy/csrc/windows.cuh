// Sliding windows over images of three spatial axes; fewer have sizes of 1.

#pragma once

struct Windows {
    int size[3], kernel[3], stride[3], before[3], dilation[3], count[3];

    __device__ index_t pixels() const { return (index_t)size[0] * size[1] * size[2]; }
    __device__ index_t windows() const { return (index_t)count[0] * count[1] * count[2]; }
    __device__ index_t elements() const { return (index_t)kernel[0] * kernel[1] * kernel[2]; }
    // Where the k-th element of the w-th window lies along an axis; it may be outside.
    __device__ int place(int axis, int w, int k) const { return w * stride[axis] - before[axis] + k * dilation[axis]; }
    __device__ bool inside(int axis, int at) const { return at >= 0 && at < size[axis]; }
};

// The first three numbers of `index` in the mixed base `sizes`.
__device__ inline void split(index_t index, const int* sizes, int* out) {
    out[2] = (int)(index % sizes[2]);
    index /= sizes[2];
    out[1] = (int)(index % sizes[1]);
    out[0] = (int)(index / sizes[1]);
}

// Its numbers come as an array: size, kernel, stride, before, dilation, count, three of each.
__device__ inline Windows read_windows(const int* numbers) {
    Windows w;
    for (int i = 0; i < 3; ++i) {
        w.size[i] = numbers[i];
        w.kernel[i] = numbers[3 + i];
        w.stride[i] = numbers[6 + i];
        w.before[i] = numbers[9 + i];
        w.dilation[i] = numbers[12 + i];
        w.count[i] = numbers[15 + i];
    }
    return w;
}

// Which window along an axis has a place as its k-th element; false if none has.
__device__ inline bool covers(const Windows& g, int axis, int at, int k, int* window) {
    int from = at + g.before[axis] - k * g.dilation[axis];
    if (from < 0 || from % g.stride[axis]) return false;
    *window = from / g.stride[axis];
    return *window < g.count[axis];
}
