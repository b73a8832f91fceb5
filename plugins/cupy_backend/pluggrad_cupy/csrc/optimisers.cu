// Steps of optimisers over a list of parameters in one launch, as pluggrad/backends/updates.py defines them.
//
// `addresses` holds K of them for each parameter: its own, its gradient's, and those of what is remembered of it.
// The lists are cut into chunks of the same size, so that large parameters and small ones share the work: for each
// chunk its parameter and its first element.

#include "common.cuh"

const index_t CHUNK = 4096;

// What a step reads and writes of one element: v[0] the parameter, v[1] the gradient (not written), then the memories.
template <typename T, int K, typename Step>
__device__ void over_lists(const index_t* addresses, const index_t* sizes, const index_t* chunks, index_t count,
                           const Step& step) {
    typedef wide<T> W;
    for (index_t c = blockIdx.x; c < count; c += gridDim.x) {
        index_t which = chunks[2 * c], first = chunks[2 * c + 1], size = sizes[which];
        index_t last = first + CHUNK < size ? first + CHUNK : size;
        T* arrays[K];
        for (int k = 0; k < K; ++k) arrays[k] = (T*)addresses[which * K + k];
        for (index_t i = first + threadIdx.x; i < last; i += blockDim.x) {
            W v[K];
            for (int k = 0; k < K; ++k) v[k] = W(widen(arrays[k][i]));
            step(v);
            for (int k = 0; k < K; ++k)
                if (k != 1) arrays[k][i] = narrow<T>(v[k]);
        }
    }
}

// The gradient to descend along. (Without decay an infinite parameter adds nothing: 0 times infinity is NaN.)
template <typename W> __device__ inline W directed(W p, W g, double weight_decay, int maximize) {
    g = maximize ? -g : g;
    return weight_decay != 0 ? g + W(weight_decay) * p : g;
}

struct SGD {
    double lr, weight_decay;
    int maximize;
    template <typename W> __device__ void operator()(W* v) const {
        v[0] -= W(lr) * directed(v[0], v[1], weight_decay, maximize);
    }
};

template <typename T>
__global__ void sgd(const index_t* addresses, const index_t* sizes, const index_t* chunks, index_t count, double lr,
                    double weight_decay, int maximize) {
    SGD step = {lr, weight_decay, maximize};
    over_lists<T, 2>(addresses, sizes, chunks, count, step);
}

struct Momentum {
    double lr, weight_decay, momentum, dampening;
    int maximize, nesterov, first;
    template <typename W> __device__ void operator()(W* v) const {
        W g = directed(v[0], v[1], weight_decay, maximize);
        v[2] = first ? g : W(momentum) * v[2] + W(1 - dampening) * g;
        v[0] -= W(lr) * (nesterov ? g + W(momentum) * v[2] : v[2]);
    }
};

template <typename T>
__global__ void sgd_momentum(const index_t* addresses, const index_t* sizes, const index_t* chunks, index_t count,
                             double lr, double weight_decay, int maximize, double momentum, double dampening,
                             int nesterov, int first) {
    Momentum step = {lr, weight_decay, momentum, dampening, maximize, nesterov, first};
    over_lists<T, 3>(addresses, sizes, chunks, count, step);
}

// `correction1` = 1 - beta1**step, `correction2` = sqrt(1 - beta2**step).
struct Adam {
    double lr, beta1, beta2, eps, weight_decay, correction1, correction2;
    int decoupled, maximize;
    template <typename W> __device__ W averages(W* v) const {
        if (decoupled) v[0] *= W(1 - lr * weight_decay);
        W g = directed(v[0], v[1], decoupled ? 0.0 : weight_decay, maximize);
        v[2] += W(1 - beta1) * (g - v[2]);
        v[3] = W(beta2) * v[3] + W(1 - beta2) * (g * g);
        return v[3];
    }
    template <typename W> __device__ void move(W* v, W second) const {
        v[0] -= W(lr / correction1) * (v[2] / (sqrt(second) / W(correction2) + W(eps)));
    }
    template <typename W> __device__ void operator()(W* v) const { move(v, averages(v)); }
};

struct AMSGrad : Adam {
    template <typename W> __device__ void operator()(W* v) const {
        v[4] = larger(averages(v), v[4]);
        move(v, v[4]);
    }
};

template <typename T>
__global__ void adam(const index_t* addresses, const index_t* sizes, const index_t* chunks, index_t count, double lr,
                     double beta1, double beta2, double eps, double weight_decay, double correction1,
                     double correction2, int decoupled, int maximize) {
    Adam step = {lr, beta1, beta2, eps, weight_decay, correction1, correction2, decoupled, maximize};
    over_lists<T, 4>(addresses, sizes, chunks, count, step);
}

template <typename T>
__global__ void adam_amsgrad(const index_t* addresses, const index_t* sizes, const index_t* chunks, index_t count,
                             double lr, double beta1, double beta2, double eps, double weight_decay,
                             double correction1, double correction2, int decoupled, int maximize) {
    AMSGrad step;
    (Adam&)step = {lr, beta1, beta2, eps, weight_decay, correction1, correction2, decoupled, maximize};
    over_lists<T, 5>(addresses, sizes, chunks, count, step);
}

// `now` and `ahead`: the parts of the gradient and of its average in a step.
struct NAdam : Adam {
    double now, ahead;
    template <typename W> __device__ void operator()(W* v) const {
        W g = directed(v[0], v[1], decoupled ? 0.0 : weight_decay, maximize);
        W second = averages(v);
        v[0] -= (W(now) * g + W(ahead) * v[2]) / (sqrt(second) / W(correction2) + W(eps));
    }
};

template <typename T>
__global__ void nadam(const index_t* addresses, const index_t* sizes, const index_t* chunks, index_t count, double lr,
                      double beta1, double beta2, double eps, double weight_decay, double correction1,
                      double correction2, int decoupled, int maximize, double now, double ahead) {
    NAdam step;
    (Adam&)step = {lr, beta1, beta2, eps, weight_decay, correction1, correction2, decoupled, maximize};
    step.now = now;
    step.ahead = ahead;
    over_lists<T, 4>(addresses, sizes, chunks, count, step);
}

// `rectify`: what the adaptive step is multiplied by; 0 where it is not adaptive yet.
struct RAdam : Adam {
    double rectify;
    template <typename W> __device__ void operator()(W* v) const {
        W second = averages(v), change = W(lr / correction1) * v[2];
        v[0] -= rectify != 0 ? change * W(rectify * correction2) / (sqrt(second) + W(eps)) : change;
    }
};

template <typename T>
__global__ void radam(const index_t* addresses, const index_t* sizes, const index_t* chunks, index_t count, double lr,
                      double beta1, double beta2, double eps, double weight_decay, double correction1,
                      double correction2, int decoupled, int maximize, double rectify) {
    RAdam step;
    (Adam&)step = {lr, beta1, beta2, eps, weight_decay, correction1, correction2, decoupled, maximize};
    step.rectify = rectify;
    over_lists<T, 4>(addresses, sizes, chunks, count, step);
}

struct Adamax {
    double lr, beta1, beta2, eps, weight_decay, correction1;
    int maximize;
    template <typename W> __device__ void operator()(W* v) const {
        W g = directed(v[0], v[1], weight_decay, maximize);
        v[2] += W(1 - beta1) * (g - v[2]);
        v[3] = larger(W(fabs(g)) + W(eps), W(beta2) * v[3]);
        v[0] -= W(lr / correction1) * (v[2] / v[3]);
    }
};

template <typename T>
__global__ void adamax(const index_t* addresses, const index_t* sizes, const index_t* chunks, index_t count, double lr,
                       double beta1, double beta2, double eps, double weight_decay, double correction1, int maximize) {
    Adamax step = {lr, beta1, beta2, eps, weight_decay, correction1, maximize};
    over_lists<T, 4>(addresses, sizes, chunks, count, step);
}

struct Adadelta {
    double lr, rho, eps, weight_decay;
    int maximize;
    template <typename W> __device__ void operator()(W* v) const {
        W g = directed(v[0], v[1], weight_decay, maximize);
        v[2] = W(rho) * v[2] + W(1 - rho) * (g * g);
        W delta = sqrt(v[3] + W(eps)) / sqrt(v[2] + W(eps)) * g;
        v[3] = W(rho) * v[3] + W(1 - rho) * (delta * delta);
        v[0] -= W(lr) * delta;
    }
};

template <typename T>
__global__ void adadelta(const index_t* addresses, const index_t* sizes, const index_t* chunks, index_t count,
                         double lr, double rho, double eps, double weight_decay, int maximize) {
    Adadelta step = {lr, rho, eps, weight_decay, maximize};
    over_lists<T, 4>(addresses, sizes, chunks, count, step);
}

struct Adagrad {
    double lr, eps, weight_decay;
    int maximize;
    template <typename W> __device__ void operator()(W* v) const {
        W g = directed(v[0], v[1], weight_decay, maximize);
        v[2] += g * g;
        v[0] -= W(lr) * (g / (sqrt(v[2]) + W(eps)));
    }
};

template <typename T>
__global__ void adagrad(const index_t* addresses, const index_t* sizes, const index_t* chunks, index_t count, double lr,
                        double eps, double weight_decay, int maximize) {
    Adagrad step = {lr, eps, weight_decay, maximize};
    over_lists<T, 3>(addresses, sizes, chunks, count, step);
}

// v[3] is the momentum, if there is one; the last is the mean gradient, by which the square is centred.
template <bool MOMENTUM, bool CENTERED> struct RMSprop {
    double lr, alpha, eps, weight_decay, momentum;
    int maximize;
    template <typename W> __device__ void operator()(W* v) const {
        W g = directed(v[0], v[1], weight_decay, maximize);
        v[2] = W(alpha) * v[2] + W(1 - alpha) * (g * g);
        W variance = v[2];
        if (CENTERED) {
            W& mean = v[MOMENTUM ? 4 : 3];
            mean += W(1 - alpha) * (g - mean);
            variance -= mean * mean;
        }
        W change = g / (sqrt(variance) + W(eps));
        if (MOMENTUM) change = v[3] = W(momentum) * v[3] + change;
        v[0] -= W(lr) * change;
    }
};

template <typename T>
__global__ void rmsprop(const index_t* addresses, const index_t* sizes, const index_t* chunks, index_t count, double lr,
                        double alpha, double eps, double weight_decay, double momentum, int maximize) {
    RMSprop<false, false> step = {lr, alpha, eps, weight_decay, momentum, maximize};
    over_lists<T, 3>(addresses, sizes, chunks, count, step);
}

template <typename T>
__global__ void rmsprop_momentum(const index_t* addresses, const index_t* sizes, const index_t* chunks, index_t count,
                                 double lr, double alpha, double eps, double weight_decay, double momentum,
                                 int maximize) {
    RMSprop<true, false> step = {lr, alpha, eps, weight_decay, momentum, maximize};
    over_lists<T, 4>(addresses, sizes, chunks, count, step);
}

template <typename T>
__global__ void rmsprop_centered(const index_t* addresses, const index_t* sizes, const index_t* chunks, index_t count,
                                 double lr, double alpha, double eps, double weight_decay, double momentum,
                                 int maximize) {
    RMSprop<false, true> step = {lr, alpha, eps, weight_decay, momentum, maximize};
    over_lists<T, 4>(addresses, sizes, chunks, count, step);
}

template <typename T>
__global__ void rmsprop_both(const index_t* addresses, const index_t* sizes, const index_t* chunks, index_t count,
                             double lr, double alpha, double eps, double weight_decay, double momentum, int maximize) {
    RMSprop<true, true> step = {lr, alpha, eps, weight_decay, momentum, maximize};
    over_lists<T, 5>(addresses, sizes, chunks, count, step);
}
