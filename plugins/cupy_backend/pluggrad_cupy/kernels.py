"""What CuPy does itself, or a kernel of the plugin's own, by function name."""

from __future__ import annotations

from . import attention, basics, elementwise, indexing, neural, random, reductions, updates, views, windows

KERNELS = {
    **elementwise.KERNELS,
    **reductions.KERNELS,
    **views.KERNELS,
    **indexing.KERNELS,
    **neural.KERNELS,
    **attention.KERNELS,
    **windows.KERNELS,
    **random.KERNELS,
    **updates.KERNELS,
    **basics.KERNELS,
}
