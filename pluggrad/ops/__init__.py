"""The functions, one module per section of the standard, forward and derivative side by side."""

from __future__ import annotations

from importlib import import_module

from . import contributed as _contributed
from .declare import ALIASES

_MODULES = (
    "activations", "added_products", "arithmetic", "bitwise", "bounds", "comparison", "complex_functions",
    "complex_views", "covariance", "creation", "cumulative", "diagonals", "distances", "divisors",
    "dtype_functions", "einsum", "exponential", "finite_differences", "floating_point", "gathering", "grids",
    "histograms", "index_grids", "indexing", "joining", "logical", "low_rank", "manipulation", "masking", "matrix",
    "multi_dot", "neural", "order_statistics", "p_norm", "padding", "ranges", "reductions", "repetition",
    "replacing", "rounding", "searching", "sets", "short_time", "sliding", "sorting", "special_functions",
    "statistical", "strided", "trigonometric", "views", "window_functions",
)  # fmt: skip

__all__: list[str] = []
for _name in _MODULES:
    _module = import_module(f".{_name}", __name__)
    for _public in _module.__all__:
        globals()[_public] = getattr(_module, _public)
        __all__.append(_public)

# PyTorch's names; those in capitals name graph nodes only.
for _name, _public in ALIASES.items():
    if _name.islower() and _public in __all__ and _name not in globals():
        globals()[_name] = globals()[_public]
        __all__.append(_name)

register_function = _contributed.register_function


def __getattr__(name: str) -> object:
    """A function that a third party registered."""
    if name.startswith("__"):
        raise AttributeError(name)
    return _contributed.find(name)
