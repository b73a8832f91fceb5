"""The functions, one module per section of the standard, forward and derivative side by side."""

from __future__ import annotations

from importlib import import_module

from .declare import ALIASES

_MODULES = (
    "activations", "arithmetic", "bitwise", "bounds", "comparison", "complex_functions", "creation", "cumulative",
    "dtype_functions", "einsum", "exponential", "floating_point", "gathering", "index_grids", "indexing", "joining",
    "logical", "manipulation", "masking", "matrix", "neural", "padding", "reductions", "replacing", "rounding",
    "searching", "sets", "sorting", "special_functions", "statistical", "strided", "trigonometric", "views",
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
