// Attention in tiles, by T. Dao, "FlashAttention-2", 2023 (arXiv:2307.08691): of the scores, of which there are
// queries x keys, a block holds 32 x 32 at a time, and nothing of them is written.
//
// q (batch, queries, width), k (batch, keys, width), v (batch, keys, values). `starts` says where the mask of each
// item of the batch begins, `mask_row` and `mask_column` are its steps. With scores s, l = log(sum(exp(s))) of each
// query; of one that may attend to no key it is inf, so that exp(s - l) is 0.
//
// A block is 8 warps. A thread has one column of a tile, its lane, and four rows: warp, warp + 8, ... So a row lies in
// one warp, which sums along it by shuffles.

#include "common.cuh"

const int TILE = 32, WARPS = 8, ROWS = TILE / WARPS;
const int PARTS = 4;  // a block makes TILE * PARTS columns of a result at a time

template <typename W> __device__ inline W warp_max(W x) {
    for (int step = WARP / 2; step; step /= 2) x = larger(x, __shfl_xor_sync(ALL_LANES, x, step));
    return x;
}

// Two tiles of numbers that the threads of a block share. The last column is there against conflicts of banks.
template <typename W> struct Tiles {
    W left[TILE][TILE + 1], right[TILE][TILE + 1];
};

__device__ inline int lane() { return threadIdx.x % TILE; }
__device__ inline int row_of(int i) { return threadIdx.x / TILE + WARPS * i; }

// out[i] = a[row] . b[column] for this thread's rows and column of a tile, of which there are `rows` and `columns`.
template <typename T, typename W>
__device__ void products(Tiles<W>& shared, const T* a, const T* b, index_t rows, index_t columns, index_t width,
                         W* out) {
    for (int i = 0; i < ROWS; ++i) out[i] = 0;
    for (index_t from = 0; from < width; from += TILE) {
        index_t at = from + lane();
        __syncthreads();
        for (int i = 0; i < ROWS; ++i) {
            int r = row_of(i);
            shared.left[r][lane()] = r < rows && at < width ? W(widen(a[r * width + at])) : W(0);
            shared.right[r][lane()] = r < columns && at < width ? W(widen(b[r * width + at])) : W(0);
        }
        __syncthreads();
        for (int k = 0; k < TILE; ++k)
            for (int i = 0; i < ROWS; ++i) out[i] += shared.left[row_of(i)][k] * shared.right[lane()][k];
    }
}

// sums[i][j] += sum over the columns of a tile of m[row][column] x[column][from + TILE j + lane].
template <typename T, typename W>
__device__ void add_products(Tiles<W>& shared, const W* m, const T* x, index_t columns, index_t width, index_t from,
                             W (*sums)[PARTS]) {
    __syncthreads();
    for (int i = 0; i < ROWS; ++i) shared.left[row_of(i)][lane()] = m[i];
    for (int j = 0; j < PARTS; ++j) {
        index_t at = from + TILE * j + lane();
        __syncthreads();
        for (int i = 0; i < ROWS; ++i) {
            int r = row_of(i);
            shared.right[r][lane()] = r < columns && at < width ? W(widen(x[r * width + at])) : W(0);
        }
        __syncthreads();
        for (int k = 0; k < TILE; ++k)
            for (int i = 0; i < ROWS; ++i) sums[i][j] += shared.left[row_of(i)][k] * shared.right[k][lane()];
    }
}

// What is the same for all launches.
template <typename T> struct Attention {
    const T *q, *k, *v, *mask;
    const index_t* starts;
    index_t batch, queries, keys, width, values, mask_row, mask_column;
    double scale;
    int causal, masked;

    // The score of a product of a query and a key; -inf where the query may not attend to the key, or one is not there.
    template <typename W> __device__ W score(W product, index_t item, index_t query, index_t key) const {
        if (query >= queries || key >= keys || (causal && key > query)) return -infinity<W>();
        W s = product * W(scale);
        return masked ? s + W(widen(mask[starts[item] + query * mask_row + key * mask_column])) : s;
    }
};

// A piece of work for a block: 32 rows of a result, and a part of its columns.
struct Task {
    index_t item, first, from;
};
__device__ inline index_t tiles_of(index_t n) { return (n + TILE - 1) / TILE; }
// At least one: without columns there is still l to give.
__device__ inline index_t parts_of(index_t width) { return width ? (width + TILE * PARTS - 1) / (TILE * PARTS) : 1; }
__device__ inline Task task_of(index_t number, index_t rows, index_t width) {
    index_t parts = parts_of(width), tiles = tiles_of(rows);
    Task t = {number / parts / tiles, number / parts % tiles * TILE, number % parts * TILE * PARTS};
    return t;
}

template <typename T>
__global__ void attention(const T* q, const T* k, const T* v, const T* mask, const index_t* starts, T* out,
                          T* log_total, index_t batch, index_t queries, index_t keys, index_t width, index_t values,
                          index_t mask_row, index_t mask_column, double scale, int causal, int masked) {
    typedef wide<T> W;
    __shared__ Tiles<W> shared;
    Attention<T> a = {q, k, v, mask, starts, batch, queries, keys, width, values, mask_row, mask_column, scale, causal,
                      masked};
    index_t tasks = batch * tiles_of(queries) * parts_of(values);
    for (index_t number = blockIdx.x; number < tasks; number += gridDim.x) {
        Task t = task_of(number, queries, values);
        W most[ROWS], total[ROWS], sums[ROWS][PARTS];
        for (int i = 0; i < ROWS; ++i) {
            most[i] = -infinity<W>();
            total[i] = 0;
            for (int j = 0; j < PARTS; ++j) sums[i][j] = 0;
        }
        for (index_t at = 0; at < keys && !(causal && at >= t.first + TILE); at += TILE) {
            W s[ROWS];
            products(shared, q + (t.item * queries + t.first) * width, k + (t.item * keys + at) * width,
                     queries - t.first, keys - at, width, s);
            for (int i = 0; i < ROWS; ++i) {
                s[i] = a.score(s[i], t.item, t.first + row_of(i), at + lane());
                // What was summed with a smaller maximum is put right.
                W now = larger(warp_max(s[i]), most[i]);
                W keep = now == -infinity<W>() ? W(1) : exp(most[i] - now);
                s[i] = now == -infinity<W>() ? W(0) : exp(s[i] - now);
                total[i] = total[i] * keep + warp_sum(s[i]);
                most[i] = now;
                for (int j = 0; j < PARTS; ++j) sums[i][j] *= keep;
            }
            add_products(shared, s, v + (t.item * keys + at) * values, keys - at, values, t.from, sums);
        }
        for (int i = 0; i < ROWS; ++i) {
            index_t row = t.first + row_of(i);
            if (row >= queries) continue;
            bool none = total[i] == W(0);
            for (int j = 0; j < PARTS; ++j) {
                index_t column = t.from + TILE * j + lane();
                if (column < values)
                    out[(t.item * queries + row) * values + column] = narrow<T>(none ? W(0) : sums[i][j] / total[i]);
            }
            if (t.from == 0 && lane() == 0)
                log_total[t.item * queries + row] = narrow<T>(none ? infinity<W>() : most[i] + log(total[i]));
        }
    }
}

// -- gradients ----------------------------------------------------------------------------------------------------
//
// With P = exp(s - l) and D = P (g v^T - delta): D k for the queries, D^T q for the keys, both times the scale, and
// P^T g for the values. One pass for each, in which the rows of the tiles are those of the result.

enum Of { QUERY, KEY, VALUE };

template <typename T, Of OF>
__device__ void gradient(const Attention<T>& a, const T* g, const T* delta, const T* log_total, T* out) {
    typedef wide<T> W;
    __shared__ Tiles<W> shared;
    const bool by_query = OF == QUERY;
    index_t rows = by_query ? a.queries : a.keys, columns = by_query ? a.keys : a.queries;
    index_t width = OF == VALUE ? a.values : a.width;
    index_t tasks = a.batch * tiles_of(rows) * parts_of(width);
    for (index_t number = blockIdx.x; number < tasks; number += gridDim.x) {
        Task t = task_of(number, rows, width);
        W sums[ROWS][PARTS];
        for (int i = 0; i < ROWS; ++i)
            for (int j = 0; j < PARTS; ++j) sums[i][j] = 0;
        // No query attends to keys behind it.
        index_t start = a.causal && !by_query ? t.first : 0;
        index_t end = a.causal && by_query && t.first + TILE < columns ? t.first + TILE : columns;
        for (index_t at = start; at < end; at += TILE) {
            index_t query = by_query ? t.first : at, key = by_query ? at : t.first;
            const T* q = a.q + (t.item * a.queries + query) * a.width;
            const T* k = a.k + (t.item * a.keys + key) * a.width;
            const T* slope = g + (t.item * a.queries + query) * a.values;
            const T* v = a.v + (t.item * a.keys + key) * a.values;
            W p[ROWS], along[ROWS];
            products(shared, by_query ? q : k, by_query ? k : q, rows - t.first, columns - at, a.width, p);
            if (OF != VALUE)
                products(shared, by_query ? slope : v, by_query ? v : slope, rows - t.first, columns - at, a.values,
                         along);
            for (int i = 0; i < ROWS; ++i) {
                index_t of_query = by_query ? t.first + row_of(i) : at + lane();
                index_t of_key = by_query ? at + lane() : t.first + row_of(i);
                W s = a.score(p[i], t.item, of_query, of_key);
                bool open = s != -infinity<W>();
                p[i] = open ? exp(s - W(widen(log_total[t.item * a.queries + of_query]))) : W(0);
                if (OF != VALUE && open)
                    p[i] *= (along[i] - W(widen(delta[t.item * a.queries + of_query]))) * W(a.scale);
            }
            const T* x = OF == QUERY ? k : OF == KEY ? q : slope;
            add_products(shared, p, x, columns - at, width, t.from, sums);
        }
        for (int i = 0; i < ROWS; ++i)
            for (int j = 0; j < PARTS; ++j) {
                index_t row = t.first + row_of(i), column = t.from + TILE * j + lane();
                if (row < rows && column < width) out[(t.item * rows + row) * width + column] = narrow<T>(sums[i][j]);
            }
    }
}

template <typename T>
__global__ void attention_query(const T* g, const T* delta, const T* q, const T* k, const T* v, const T* log_total,
                                const T* mask, const index_t* starts, T* out, index_t batch, index_t queries,
                                index_t keys, index_t width, index_t values, index_t mask_row, index_t mask_column,
                                double scale, int causal, int masked) {
    Attention<T> a = {q, k, v, mask, starts, batch, queries, keys, width, values, mask_row, mask_column, scale, causal,
                      masked};
    gradient<T, QUERY>(a, g, delta, log_total, out);
}

template <typename T>
__global__ void attention_key(const T* g, const T* delta, const T* q, const T* k, const T* v, const T* log_total,
                              const T* mask, const index_t* starts, T* out, index_t batch, index_t queries,
                              index_t keys, index_t width, index_t values, index_t mask_row, index_t mask_column,
                              double scale, int causal, int masked) {
    Attention<T> a = {q, k, v, mask, starts, batch, queries, keys, width, values, mask_row, mask_column, scale, causal,
                      masked};
    gradient<T, KEY>(a, g, delta, log_total, out);
}

template <typename T>
__global__ void attention_value(const T* g, const T* delta, const T* q, const T* k, const T* v, const T* log_total,
                                const T* mask, const index_t* starts, T* out, index_t batch, index_t queries,
                                index_t keys, index_t width, index_t values, index_t mask_row, index_t mask_column,
                                double scale, int causal, int masked) {
    Attention<T> a = {q, k, v, mask, starts, batch, queries, keys, width, values, mask_row, mask_column, scale, causal,
                      masked};
    gradient<T, VALUE>(a, g, delta, log_total, out);
}
