// Cross entropy and negative log likelihood of classes by number: x (outer, classes, inner), a sample for each of
// outer x inner. One block to a sample.
//
// With weights w, smoothing s and C classes, q_c = w_c ((1 - s) [c = t] + s / C), and 0 for ignored samples:
//     loss = sum_c q_c (-log_softmax(x)_c), where nll_loss takes x for the logarithm already.
//
// `weighted`: whether there are weights (else all are 1); `ignores`: whether `ignored` is a class to be ignored.
// Losses, and the weights by whose sum the mean is divided, are doubles: they are added up afterwards.

#include "common.cuh"
#include "note.cuh"

struct Sample {
    index_t start, target;
    bool counts;
};

__device__ inline Sample sample_at(const index_t* target, index_t i, index_t classes, index_t inner, index_t ignored,
                                   int ignores, index_t* note, index_t operation) {
    Sample s = {i / inner * classes * inner + i % inner, target[i], true};
    if (ignores && s.target == ignored) {
        s.counts = false;
    } else if (s.target < 0 || s.target >= classes) {
        if (threadIdx.x == 0) note_index(note, operation, s.target, classes, 1);
        s.counts = false;
    }
    return s;
}

template <typename T> __device__ wide<T> weight_of(const T* weight, int weighted, index_t c) {
    return weighted ? wide<T>(widen(weight[c])) : wide<T>(1);
}

// log(sum(exp(x))) of a sample's classes.
template <typename T> __device__ wide<T> log_of_sum(const T* x, index_t classes, index_t step) {
    typedef wide<T> W;
    W most = -infinity<W>(), total = 0;
    for (index_t c = threadIdx.x; c < classes; c += blockDim.x) most = larger(W(widen(x[c * step])), most);
    most = block_max(most);
    for (index_t c = threadIdx.x; c < classes; c += blockDim.x) total += exp(W(widen(x[c * step])) - most);
    return most + log(block_sum(total));
}

template <typename T>
__device__ void sample_loss(const T* x, const Sample& s, wide<T> shift, const T* weight, double* loss, double* used,
                            index_t classes, index_t step, int weighted, double smoothing) {
    typedef wide<T> W;
    W sum = 0;
    if (smoothing != 0)
        for (index_t c = threadIdx.x; c < classes; c += blockDim.x) {
            W q = weight_of(weight, weighted, c) * W(smoothing / classes);
            if (q != W(0)) sum += q * (shift - W(widen(x[s.start + c * step])));
        }
    sum = block_sum(sum);
    if (threadIdx.x == 0) {
        W w = s.counts ? weight_of(weight, weighted, s.target) : W(0);
        W q = w * W(1 - smoothing);
        if (q != W(0)) sum += q * (shift - W(widen(x[s.start + s.target * step])));
        *loss = s.counts ? double(sum) : 0.0;
        *used = double(w);
    }
}

template <typename T>
__global__ void cross_entropy(const T* x, const index_t* target, const T* weight, double* loss, double* used,
                              index_t* note, index_t samples, index_t classes, index_t inner, index_t ignored,
                              int ignores, int weighted, double smoothing, index_t operation) {
    for (index_t i = blockIdx.x; i < samples; i += gridDim.x) {
        Sample s = sample_at(target, i, classes, inner, ignored, ignores, note, operation);
        wide<T> shift = log_of_sum(x + s.start, classes, inner);
        sample_loss(x, s, shift, weight, loss + i, used + i, classes, inner, weighted, smoothing);
    }
}

template <typename T>
__global__ void nll_loss(const T* x, const index_t* target, const T* weight, double* loss, double* used, index_t* note,
                         index_t samples, index_t classes, index_t inner, index_t ignored, int ignores, int weighted,
                         double smoothing, index_t operation) {
    for (index_t i = blockIdx.x; i < samples; i += gridDim.x) {
        Sample s = sample_at(target, i, classes, inner, ignored, ignores, note, operation);
        sample_loss(x, s, wide<T>(0), weight, loss + i, used + i, classes, inner, weighted, smoothing);
    }
}

// -- gradients ----------------------------------------------------------------------------------------------------
//
// softmax times the sum of q, less q, times what each sample has of g: g for all (`each` is 0) or one of its own, over
// `total`, the sum of the weights (1 unless the loss is the mean).

template <typename T> __device__ wide<T> share_of(const T* g, const double* total, int each, index_t i) {
    return wide<T>(widen(g[each ? i : 0])) / wide<T>(*total);
}

template <typename T>
__global__ void cross_entropy_input(const T* g, const T* x, const index_t* target, const T* weight,
                                    const double* total, T* out, index_t* note, index_t samples, index_t classes,
                                    index_t inner, index_t ignored, int ignores, int weighted, int each,
                                    double smoothing, index_t operation) {
    typedef wide<T> W;
    for (index_t i = blockIdx.x; i < samples; i += gridDim.x) {
        Sample s = sample_at(target, i, classes, inner, ignored, ignores, note, operation);
        W shift = log_of_sum(x + s.start, classes, inner);
        W hard = s.counts ? weight_of(weight, weighted, s.target) * W(1 - smoothing) : W(0), sum = 0;
        if (smoothing != 0 && s.counts)
            for (index_t c = threadIdx.x; c < classes; c += blockDim.x)
                sum += weight_of(weight, weighted, c) * W(smoothing / classes);
        W of_q = hard + block_sum(sum);
        W share = of_q != W(0) ? share_of(g, total, each, i) : W(0);
        for (index_t c = threadIdx.x; c < classes; c += blockDim.x) {
            index_t at = s.start + c * inner;
            W q = smoothing != 0 ? weight_of(weight, weighted, c) * W(smoothing / classes) : W(0);
            if (c == s.target) q += hard;
            W slope = (exp(W(widen(x[at])) - shift) * of_q - q) * share;
            out[at] = narrow<T>(of_q != W(0) ? slope : W(0));
        }
    }
}

template <typename T>
__global__ void nll_loss_input(const T* g, const index_t* target, const T* weight, const double* total, T* out,
                               index_t* note, index_t samples, index_t classes, index_t inner, index_t ignored,
                               int ignores, int weighted, int each, double smoothing, index_t operation) {
    typedef wide<T> W;
    for (index_t i = blockIdx.x; i < samples; i += gridDim.x) {
        Sample s = sample_at(target, i, classes, inner, ignored, ignores, note, operation);
        W hard = s.counts ? weight_of(weight, weighted, s.target) * W(1 - smoothing) : W(0);
        for (index_t c = threadIdx.x; c < classes; c += blockDim.x) {
            W q = smoothing != 0 && s.counts ? weight_of(weight, weighted, c) * W(smoothing / classes) : W(0);
            if (c == s.target) q += hard;
            out[s.start + c * inner] = narrow<T>(q != W(0) ? -q * share_of(g, total, each, i) : W(0));
        }
    }
}
