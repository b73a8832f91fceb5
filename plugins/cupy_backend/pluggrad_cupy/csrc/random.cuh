// Random numbers from a counter: the same bits as pluggrad's on every other device.
//
// Philox4x64-10: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw: "Parallel random numbers: as easy as 1, 2, 3",
// SC '11, 2011. Numbers are made of the bits by inversion, with sums, products, quotients and square roots alone, each
// rounded by itself: no product and sum may be contracted (--fmad=false). The quantiles are those of
// pluggrad/backends/quantiles.py, step by step.

#pragma once

__device__ inline void philox(unsigned long long number, unsigned long long seed, unsigned long long* w) {
    unsigned long long a = number, b = 0, c = 0, d = 0, key0 = seed, key1 = 0;
    for (int round = 0; round < 10; ++round) {
        unsigned long long high0 = __umul64hi(a, 0xD2E7470EE14C6C93ull), low0 = a * 0xD2E7470EE14C6C93ull;
        unsigned long long high1 = __umul64hi(c, 0xCA5A826395121157ull), low1 = c * 0xCA5A826395121157ull;
        a = high1 ^ b ^ key0;
        b = low1;
        c = high0 ^ d ^ key1;
        d = low0;
        key0 += 0x9E3779B97F4A7C15ull;
        key1 += 0xBB67AE8584CAA73Bull;
    }
    w[0] = a;
    w[1] = b;
    w[2] = c;
    w[3] = d;
}

// In [0, 1): a multiple of 2**-24 of the lower half of a word, or of 2**-53.
__device__ inline float low_uniform(unsigned long long word) {
    return (float)((word & 0xffffffffull) >> 8) * 5.9604644775390625e-8f;
}
__device__ inline double uniform(unsigned long long word) { return (double)(word >> 11) * 1.1102230246251565e-16; }

// Horner's rule; the coefficients begin with the lowest power.
template <typename W, int N> __device__ inline W polynomial(W x, const W (&c)[N]) {
    W value = x * c[N - 1];
    value += c[N - 2];
    for (int i = N - 3; i >= 0; --i) {
        value *= x;
        value += c[i];
    }
    return value;
}

// 0 < x <= 1 as m * 2**e, sqrt(1/2) <= m < sqrt(2).
__device__ inline float split_power(float x, float* e) {
    int pattern = __float_as_int(x) - 0x3F3504F3;
    *e = (float)(pattern >> 23);
    return __int_as_float((pattern & 0x7FFFFF) + 0x3F3504F3);
}
__device__ inline double split_power(double x, double* e) {
    long long pattern = __double_as_longlong(x) - 0x3FE6A09E667F3BCDll;
    *e = (double)(pattern >> 52);
    return __longlong_as_double((pattern & 0xFFFFFFFFFFFFFll) + 0x3FE6A09E667F3BCDll);
}

template <typename W, int N> __device__ inline W logarithm(W x, const W (&c)[N], W ln2) {
    W e, m = split_power(x, &e);
    W s = m - W(1);
    s /= m + W(1);
    W z = s * s, value = polynomial(z, c);
    value *= z;
    value += W(2);
    value *= s;
    value += e * ln2;
    return value;
}

// log of 0 < x <= 1, by the minimax polynomials of fdlibm.
__device__ inline float log_of(float x) {
    const float c[] = {0.66666662693f, 0.40000972152f, 0.28498786688f, 0.24279078841f};
    return logarithm(x, c, 0.69314718246459961f);
}
__device__ inline double log_of(double x) {
    const double c[] = {6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01,
                        2.222219843214978396e-01, 1.818357216161805012e-01, 1.531383769920937332e-01,
                        1.479819860511658591e-01};
    return logarithm(x, c, 0.69314718055994530942);
}

// The standard normal quantile, M. J. Wichura: Algorithm AS 241, Applied Statistics 37, 1988. PPND7:
__device__ inline float normal(float u) {
    const float center0[] = {3.3871327179e0f, 5.0434271938e1f, 1.5929113202e2f, 5.9109374720e1f};
    const float center1[] = {1.0f, 1.7895169469e1f, 7.8757757664e1f, 6.7187563600e1f};
    const float tail0[] = {1.4234372777e0f, 2.7568153900e0f, 1.3067284816e0f, 1.7023821103e-1f};
    const float tail1[] = {1.0f, 7.3700164250e-1f, 1.2021132975e-1f};
    float q = u + -0.49999997019767761230f, size = fabsf(q);
    if (size > 0.425f) {
        float r = sqrtf(-1.0f * log_of(0.5f - size)) - 1.6f;
        float tail = polynomial(r, tail0) / polynomial(r, tail1);
        return q < 0.0f ? -tail : tail;
    }
    float z = q * q * -1.0f + 0.180625f;
    return polynomial(z, center0) / polynomial(z, center1) * q;
}

// PPND16:
__device__ inline double normal(double u) {
    const double center0[] = {3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
                              1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
                              3.3430575583588128105e4, 2.5090809287301226727e3};
    const double center1[] = {1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
                              2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4,
                              5.2264952788528545610e3};
    const double tail0[] = {1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
                            3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
                            2.27238449892691845833e-2, 7.74545014278341407640e-4};
    const double tail1[] = {1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
                            1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
                            1.05075007164441684324e-9};
    const double far0[] = {6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
                           2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                           2.71155556874348757815e-5, 2.01033439929228813265e-7};
    const double far1[] = {1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
                           7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
                           2.04426310338993978564e-15};
    double q = u + (5.5511151231257827e-17 - 0.5), size = fabs(q);
    if (size > 0.425) {
        double r = sqrt(-1.0 * log_of(0.5 - size)), tail;
        if (r > 5.0)
            tail = polynomial(r - 5.0, far0) / polynomial(r - 5.0, far1);
        else
            tail = polynomial(r - 1.6, tail0) / polynomial(r - 1.6, tail1);
        return q < 0.0 ? -tail : tail;
    }
    double z = q * q * -1.0 + 0.180625;
    return polynomial(z, center0) / polynomial(z, center1) * q;
}

// -log(1 - u), never zero.
__device__ inline float exponential(float u) {
    float x = -1.0f * log_of(1.0f - u);
    return x < 2.9802322387695312e-8f ? 2.9802322387695312e-8f : x;
}
__device__ inline double exponential(double u) {
    double x = -1.0 * log_of(1.0 - u);
    return x < 5.5511151231257827e-17 ? 5.5511151231257827e-17 : x;
}
