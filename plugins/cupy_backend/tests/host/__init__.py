"""Kernels on the host: their texts compiled by a C++ compiler, to run on the CPU."""
