"""Compiled and threaded kernels for pluggrad's NumPy backend."""

from .threads import get_num_threads, set_num_threads

__all__ = ["get_num_threads", "set_num_threads"]
