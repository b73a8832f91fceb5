// Notes of what a kernel finds wrong and cannot raise; see pluggrad_cupy/late.py. The first one stays.

#pragma once

__device__ inline void note_index(index_t* note, index_t operation, index_t index, index_t size, index_t axis) {
    if (atomicCAS((unsigned long long*)note, 0ull, (unsigned long long)operation) == 0ull) {
        note[1] = index;
        note[2] = size;
        note[3] = axis;
    }
}
