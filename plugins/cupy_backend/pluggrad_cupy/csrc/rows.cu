// Rows of a table by number: reading them, adding to them, writing them.
//
// Of the places to add to (or to write), some may be the same. Without atomics: the places come sorted, so that equal
// ones are neighbours, and one thread adds up each run in its order. The same bits each time, in every dtype.
// dtypes: bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128

#include "common.cuh"
#include "note.cuh"

// out[place] += the sum of values[order[i]] over the run, `width` numbers to each place. `by_count`: divided by the
// length of the run, as the gradient of an embedding may be.
template <typename T>
__global__ void add_runs(const index_t* places, const index_t* order, const T* values, T* out, index_t count,
                         index_t width, int by_count) {
    typedef wide<T> W;
    for (index_t index = first_element(); index < count * width; index += all_threads()) {
        index_t i = index / width, column = index % width, place = places[i];
        if (place < 0 || (i && places[i - 1] == place)) continue;  // nothing to add, or within a run
        W sum = W(0);
        index_t j = i;
        for (; j < count && places[j] == place; ++j) sum += W(widen(values[order[j] * width + column]));
        T* target = out + place * width + column;
        *target = narrow<T>(W(widen(*target)) + (by_count ? sum / W(double(j - i)) : sum));
    }
}

// out[place] = the last of values[order[i]] of the run.
template <typename T>
__global__ void put_runs(const index_t* places, const index_t* order, const T* values, T* out, index_t count,
                         index_t width) {
    for (index_t index = first_element(); index < count * width; index += all_threads()) {
        index_t i = index / width, column = index % width, place = places[i];
        if (place < 0 || (i + 1 < count && places[i + 1] == place)) continue;
        out[place * width + column] = values[order[i] * width + column];
    }
}


// The rows of a table by number. A number that is out of range is noted, and its row is zeros.
template <typename T>
__global__ void read_rows(const T* table, const index_t* numbers, T* out, index_t* note, index_t count, index_t rows,
                          index_t width, index_t operation) {
    for (index_t index = first_element(); index < count * width; index += all_threads()) {
        index_t number = numbers[index / width], column = index % width;
        bool inside = number >= 0 && number < rows;
        if (!inside && column == 0) note_index(note, operation, number, rows, 0);
        out[index] = inside ? table[number * width + column] : narrow<T>(wide<T>(0));
    }
}
