"""Named tuples that functions with several results return, with PyTorch's and the standard's field names.

>>> import pluggrad
>>> found = pluggrad.asarray([3, 1, 2]).max(0)
>>> found.values, found.indices
(tensor(3), tensor(0))
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from ..dtypes import Printed

__all__ = [
    "aminmax", "cummax", "cummin", "frexp", "geqrf", "histogram", "histogramdd", "kthvalue", "lu_unpack", "max",
    "median", "min", "mode", "nanmedian", "sort", "std_mean", "topk", "triangular_solve", "unique_all", "unique_counts",
    "unique_inverse", "var_mean",
]  # fmt: skip


def _return_type(name: str, *fields: str) -> Any:
    base = namedtuple(name, fields)  # type: ignore[misc]  # noqa: PYI024 (names come from the table below)

    def __repr__(self: Any) -> str:
        # One field per line, as PyTorch prints them.
        inner = ",\n".join(f"{field}={value!r}" for field, value in zip(fields, self, strict=True))
        return f"{Printed.namespace}.return_types.{name}(\n{inner})"

    return type(name, (base,), {"__slots__": (), "__repr__": __repr__, "__module__": __name__, "__doc__": base.__doc__})


aminmax = _return_type("aminmax", "min", "max")
cummax = _return_type("cummax", "values", "indices")
cummin = _return_type("cummin", "values", "indices")
frexp = _return_type("frexp", "mantissa", "exponent")
geqrf = _return_type("geqrf", "a", "tau")
histogram = _return_type("histogram", "hist", "bin_edges")
histogramdd = _return_type("histogramdd", "hist", "bin_edges")
kthvalue = _return_type("kthvalue", "values", "indices")
lu_unpack = _return_type("lu_unpack", "P", "L", "U")
max = _return_type("max", "values", "indices")
median = _return_type("median", "values", "indices")
min = _return_type("min", "values", "indices")
mode = _return_type("mode", "values", "indices")
nanmedian = _return_type("nanmedian", "values", "indices")
sort = _return_type("sort", "values", "indices")
std_mean = _return_type("std_mean", "std", "mean")
topk = _return_type("topk", "values", "indices")
triangular_solve = _return_type("triangular_solve", "solution", "cloned_coefficient")
unique_all = _return_type("unique_all", "values", "indices", "inverse_indices", "counts")
unique_counts = _return_type("unique_counts", "values", "counts")
unique_inverse = _return_type("unique_inverse", "values", "inverse_indices")
var_mean = _return_type("var_mean", "var", "mean")
