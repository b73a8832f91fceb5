// A program that launches kernels from a file: so that they run under a sanitizer, each array in memory of its own.
//
// The file is a sequence of launches, all numbers 64 bits wide:
//     number of the kernel; the grid's three sizes; threads to a block
//     how many arrays; for each whether it holds addresses (the numbers of arrays), its bytes, and what is in it
//     how many arguments; for each whether it is an array and which, or its bytes and its value (in 16 bytes)
// What the arrays hold in the end is written to another file, in their order; addresses are left out.

#pragma once

#include <stdio.h>
#include <stdlib.h>

#include <vector>

namespace replay {

typedef void (*Entry)(const int* shape, void** args);

inline bool read(FILE* file, void* to, size_t bytes) { return bytes == 0 || fread(to, 1, bytes, file) == bytes; }
inline bool read(FILE* file, long long* number) { return read(file, number, sizeof *number); }
inline long long number(FILE* file) {
    long long n;
    if (!read(file, &n)) { fprintf(stderr, "the file of launches is cut off\n"); exit(2); }
    return n;
}

struct Array { bool addresses; long long bytes; void* memory; };
struct Value { alignas(16) char bytes[16]; };

inline int run(const Entry* entries, const char* from, const char* to) {
    FILE* in = fopen(from, "rb");
    FILE* out = fopen(to, "wb");
    if (!in || !out) return 2;
    for (long long kernel; read(in, &kernel);) {
        int shape[4];
        for (int& n : shape) n = (int)number(in);
        std::vector<Array> arrays(number(in));
        for (Array& a : arrays) {
            a.addresses = number(in);
            a.bytes = number(in);
            a.memory = malloc(a.bytes);
            if (!read(in, a.memory, a.bytes)) return 2;
        }
        for (Array& a : arrays)
            if (a.addresses)
                for (long long i = 0; i < a.bytes / 8; ++i) {
                    long long* place = (long long*)a.memory + i;
                    *place = (long long)arrays[*place].memory;
                }
        std::vector<Value> values(number(in));
        std::vector<void*> args;
        for (Value& v : values) {
            if (number(in)) *(void**)v.bytes = arrays[number(in)].memory;
            else if (number(in), !read(in, v.bytes, 16)) return 2;
            args.push_back(v.bytes);
        }
        entries[kernel](shape, args.data());
        for (Array& a : arrays) {
            if (!a.addresses) fwrite(a.memory, 1, a.bytes, out);
            free(a.memory);
        }
    }
    fclose(in);
    return fclose(out);
}

}  // namespace replay
