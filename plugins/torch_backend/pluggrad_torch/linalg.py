"""Linear algebra: PyTorch's functions where the standard's extension has no such, or has it with more steps."""

from __future__ import annotations

import torch

Tensor = torch.Tensor


def solve(a: Tensor, b: Tensor) -> Tensor:
    return torch.linalg.solve(a, b)


def solve_triangular(a: Tensor, b: Tensor, *, upper: bool, unit: bool) -> Tensor:
    if not unit and bool(torch.any(a.diagonal(dim1=-2, dim2=-1) == 0)):
        # PyTorch divides by it.
        raise torch.linalg.LinAlgError("a zero on the diagonal")  # type: ignore[attr-defined]
    return torch.linalg.solve_triangular(a, b, upper=upper, unitriangular=unit)


def matrix_exp(x: Tensor) -> Tensor:
    if x.dtype.itemsize < 4:  # of which PyTorch gives NaN
        return torch.linalg.matrix_exp(x.to(torch.float32)).to(x.dtype)
    return torch.linalg.matrix_exp(x)


def eig(x: Tensor) -> tuple[Tensor, Tensor]:
    return tuple(torch.linalg.eig(x))


KERNELS = {f.__name__: f for f in (solve, solve_triangular, matrix_exp, eig)} | {
    "inv": torch.linalg.inv, "det": torch.linalg.det, "eigvals": torch.linalg.eigvals,
}  # fmt: skip
