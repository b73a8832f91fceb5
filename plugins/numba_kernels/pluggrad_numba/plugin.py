"""The plugin: which kernels of the NumPy backend it wraps. Numba is imported when the first large array comes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import pluggy

hookimpl = pluggy.HookimplMarker("pluggrad")

# As the NumPy backend does for its own calls: 1/0 is inf without a word.
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"pluggrad_numba(\.|$)")


@hookimpl
def pluggrad_kernels(backend: str, get_num_threads: Callable[[], int]) -> Mapping[str, Callable[[Any], Any]]:
    """Wrappers of NumPy's kernels; none of any other backend's."""
    if backend != "numpy":
        return {}
    from . import (
        activations,
        attention,
        averages,
        classes,
        convolution,
        draws,
        elementwise,
        groups,
        indexing,
        normalization,
        pointwise,
        pooling,
        products,
        recurrent,
        reductions,
        rows,
        scans,
        special,
        steps,
        threads,
        windows,
    )

    threads.obey(get_num_threads)
    found = elementwise.wrappers()
    modules = (
        steps, convolution, indexing, pooling, windows, normalization, recurrent, rows, classes, activations, groups,
        special, attention, products, pointwise, scans, draws, averages, reductions,
    )  # fmt: skip
    for module in modules:
        found.update(module.WRAPPERS)
    return found
