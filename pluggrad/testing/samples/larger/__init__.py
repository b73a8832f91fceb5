"""Empty and large arrays for functions that are not elementwise: what a kernel's blocks and special cases hang on.

Their values alone are compared. Elementwise functions need no entry: the conformance suite makes shapes for them.
The first sample of each function is a large one.
"""

from importlib import import_module

for _name in ("linalg", "neural", "pointwise", "reductions", "shapes"):
    import_module(f".{_name}", __name__)
