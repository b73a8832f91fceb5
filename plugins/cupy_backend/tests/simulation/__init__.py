"""A SIMULATION of CuPy on NumPy, locked to the signatures of the real package. It is not a GPU.

``install()`` puts it in the place of CuPy for the whole process. It looks up every name in the real package first (what
CuPy lacks is an AttributeError), binds every call to the real signature, refuses arrays of two devices, arrays of a
device that is not the current one, and NumPy arrays where CuPy would refuse them, and never converts to the host by
itself. Kernels are the plugin's own texts, compiled for the CPU (:mod:`host`). What has no counterpart in NumPy, and
none here, raises NotImplementedError.

It cannot show: the numerics of cuBLAS, cuSOLVER and cuFFT, the order in which a GPU works, its memory, its speed.
"""

from .install import BANNER, install

__all__ = ["BANNER", "install"]
