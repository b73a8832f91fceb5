"""Tensor's methods: PyTorch's names and semantics, over :mod:`pluggrad.ops`.

Each module defines functions whose first argument is the tensor, and attaches them with :func:`attach.method`.
"""

from importlib import import_module

_MODULES = (
    "arithmetic", "basics", "conversion", "creation", "elementwise", "indexing", "interop", "linalg", "neural",
    "questions", "random", "reductions", "shape", "signal",
)  # fmt: skip

for _name in _MODULES:
    import_module(f".{_name}", __name__)
