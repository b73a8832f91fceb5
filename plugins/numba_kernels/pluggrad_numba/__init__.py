"""Compiled and threaded kernels for pluggrad's NumPy backend."""
