"""Linear algebra as methods: products here, decompositions by their names in :mod:`pluggrad.linalg`."""

from __future__ import annotations

from ..ops import matrix
from ..tensor import Tensor
from .attach import method

for _product in (
    matrix.matmul, matrix.mm, matrix.bmm, matrix.mv, matrix.dot, matrix.vdot, matrix.outer, matrix.inner,
    matrix.cross, matrix.kron, matrix.trace,
):  # fmt: skip
    method()(_product)
for _sum in (matrix.addmm, matrix.addmv, matrix.addr, matrix.baddbmm, matrix.addbmm):
    method(inplace=True)(_sum)
Tensor.ger = matrix.outer  # type: ignore[attr-defined]
