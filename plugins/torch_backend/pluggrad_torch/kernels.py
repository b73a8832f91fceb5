"""What PyTorch does itself, by function name: all that the core would compose from the standard's functions."""

from __future__ import annotations

from . import (
    elementwise,
    fourier,
    indexing,
    linalg,
    matrix,
    memory,
    neural,
    random,
    reductions,
    sorting,
    updates,
    views,
)

KERNELS = {
    **elementwise.KERNELS,
    **reductions.KERNELS,
    **sorting.KERNELS,
    **views.KERNELS,
    **indexing.KERNELS,
    **matrix.KERNELS,
    **linalg.KERNELS,
    **fourier.KERNELS,
    **neural.KERNELS,
    **random.KERNELS,
    **updates.KERNELS,
    **memory.KERNELS,
}
