"""How kernels are compiled."""

from __future__ import annotations

from numba import njit

#: Without Python's lock, kept on disk. ``contract`` lets a product and a sum be one instruction; nothing that would
#: depend on the order of elements.
compiled = njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
#: Sums may be made in any order: a fixed one, that of the vectors.
summing = njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "reassoc"})
