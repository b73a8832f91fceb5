"""What CuPy does itself, or a kernel of the plugin's own, by function name."""

from __future__ import annotations

from . import basics, elementwise, indexing, neural, random, reductions, updates, views, windows

KERNELS = {
    **elementwise.KERNELS,
    **reductions.KERNELS,
    **views.KERNELS,
    **indexing.KERNELS,
    **neural.KERNELS,
    **windows.KERNELS,
    **random.KERNELS,
    **updates.KERNELS,
    **basics.KERNELS,
}
