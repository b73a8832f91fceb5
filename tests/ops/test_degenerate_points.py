"""Derivatives where there is none, or more than one: at kinks, ties, zeros and singular matrices, beside PyTorch's."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import pluggrad  # noqa: E402

INF = math.inf
EQUAL, ZERO, RANK_1, TIES = [[2.0, 0.0], [0.0, 2.0]], [[0.0, 0.0], [0.0, 0.0]], [[1.0, 1.0]] * 2, [1.0, 3.0, 3.0, 0.0]
MATRICES = {"equal": EQUAL, "zero": ZERO, "rank 1": RANK_1, "columns of one length": [[1.0, -1.0], [1.0, 1.0]]}
VECTORS = {
    "zeros": [0.0, 0.0], "ties": [1.0, -1.0, 1.0], "one zero": [0.0, 2.0], "complex zeros": [0j, 0j],
    "complex ties": [1j, 1 + 0j],
}  # fmt: skip

#: By name: what is computed, of one tensor or several, and their values.
CASES: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "abs": (lambda m, x: m.abs(x), ([0.0, -0.0],)),
    "abs, complex": (lambda m, x: m.abs(x), ([0j],)),
    "sign": (lambda m, x: m.sign(x), ([0.0],)),
    "sgn": (lambda m, x: m.sgn(x), ([0j, 1j],)),
    "angle": (lambda m, x: m.angle(x), ([0j, -1 + 0j],)),
    "sqrt": (lambda m, x: m.sqrt(x), ([0.0],)),
    "log": (lambda m, x: m.log(x), ([0.0],)),
    "acos": (lambda m, x: m.acos(x), ([1.0, -1.0],)),
    "hypot": (lambda m, x, y: m.hypot(x, y), ([0.0], [0.0])),
    "atan2": (lambda m, x, y: m.atan2(x, y), ([0.0], [0.0])),
    "pow": (lambda m, x, y: m.pow(x, y), ([0.0] * 3, [0.0, 1.0, 2.0])),
    "copysign": (lambda m, x, y: m.copysign(x, y), ([0.0, 1.0], [-1.0, 0.0])),
    "remainder": (lambda m, x, y: m.remainder(x, y), ([6.0, 5.0], [3.0, 2.0])),
    "logaddexp": (lambda m, x, y: m.logaddexp(x, y), ([-INF, 1.0], [-INF, 1.0])),
    "clamp": (lambda m, x: m.clamp(x, 1.0, 3.0), (TIES,)),
    "maximum": (lambda m, x, y: m.maximum(x, y), (TIES, [1.0, 2.0, 3.0, 0.0])),
    "minimum": (lambda m, x, y: m.minimum(x, y), (TIES, [1.0, 2.0, 3.0, 0.0])),
    "max": (lambda m, x: m.max(x), (TIES,)),
    "min": (lambda m, x: m.min(x), ([0.0, 3.0, 0.0],)),
    "max of an axis": (lambda m, x: m.max(x, dim=0)[0], (TIES,)),
    "amax": (lambda m, x: m.amax(x), (TIES,)),
    "amin": (lambda m, x: m.amin(x), ([0.0, 3.0, 0.0],)),
    "cummax": (lambda m, x: m.cummax(x, dim=0)[0] ** 2, (TIES,)),
    "prod, one zero": (lambda m, x: m.prod(x), ([0.0, 2.0, 3.0],)),
    "prod, two zeros": (lambda m, x: m.prod(x), ([0.0, 0.0, 3.0],)),
    "cumprod": (lambda m, x: m.cumprod(x, dim=0), ([2.0, 0.0, 3.0, 0.0, 4.0],)),
    "std of equal values": (lambda m, x: m.var(x, correction=1) ** 0.5, ([1.0, 1.0],)),
    "svdvals": (lambda m, x: m.linalg.svdvals(x), (EQUAL,)),
    "svdvals of zero": (lambda m, x: m.linalg.svdvals(x), (ZERO,)),
    "values of svd": (lambda m, x: m.linalg.svd(x, full_matrices=False)[1], (EQUAL,)),
    "values of eigh": (lambda m, x: m.linalg.eigh(x)[0], (EQUAL,)),
    "eigvalsh": (lambda m, x: m.linalg.eigvalsh(x), (EQUAL,)),
    "pinv of zero": (lambda m, x: m.linalg.pinv(x), (ZERO,)),
    "pinv": (lambda m, x: m.linalg.pinv(x), (RANK_1,)),
    "det of zero": (lambda m, x: m.linalg.det(x), (ZERO,)),
    "slogdet": (lambda m, x: m.linalg.slogdet(x)[1], (RANK_1,)),
    "slogdet, one of two": (lambda m, x: m.linalg.slogdet(x)[1], ([RANK_1, [[2.0, 1.0], [1.0, 4.0]]],)),
    "R of qr": (lambda m, x: m.linalg.qr(x)[1], (ZERO,)),
    "Q of qr": (lambda m, x: m.linalg.qr(x)[0], (ZERO,)),
    "qr, one of two": (lambda m, x: m.linalg.qr(x)[1], ([ZERO, [[2.0, 1.0], [1.0, 4.0]]],)),
    "matrix_power 0": (lambda m, x: m.linalg.matrix_power(x, 0), (EQUAL,)),
    **{
        f"vector_norm {p}, {name}": (lambda m, x, p=p: m.linalg.vector_norm(x, ord=p), (values,))
        for p in (0.5, 1, 2, 3, INF, -INF, -1, -2)
        for name, values in VECTORS.items()
    },
    **{
        f"matrix_norm {p}, {name}": (lambda m, x, p=p: m.linalg.matrix_norm(x, ord=p), (values,))
        for p in ("fro", "nuc", 2, -2, 1, -1, INF, -INF)
        for name, values in MATRICES.items()
    },
}  # fmt: skip


def gradients(library: Any, function: Callable[..., Any], values: tuple[Any, ...]) -> list[Any]:
    tensors = [
        library.tensor(v, dtype=library.complex128 if np.iscomplexobj(v) else library.float64, requires_grad=True)
        for v in values
    ]
    y = function(library, *tensors)
    loss = (y * y.conj()).real.sum() if y.is_complex() else y.sum()
    return [g.tolist() for g in library.autograd.grad(loss, tensors)]


@pytest.mark.parametrize("case", CASES)
def test_as_pytorch(case: str) -> None:
    for mine, theirs in zip(gradients(pluggrad, *CASES[case]), gradients(torch, *CASES[case]), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-12, equal_nan=True)


def test_what_does_not_depend_on_the_choice_of_vectors_has_a_gradient() -> None:
    """Unlike PyTorch's, which is NaN: the projection on the space of the vectors of one eigenvalue."""

    def projection(m: Any, x: Any) -> Any:
        v = m.linalg.eigh(x)[1]
        return v @ v.mT * m.tensor([[1.0, 2.0], [3.0, 5.0]], dtype=m.float64)

    assert np.isnan(gradients(torch, projection, (EQUAL,))).any()
    np.testing.assert_array_equal(gradients(pluggrad, projection, (EQUAL,))[0], ZERO)


def test_what_depends_on_the_vectors_has_none() -> None:
    def vectors(m: Any, x: Any) -> Any:
        return m.linalg.eigh(x)[1] * m.tensor([[1.0, 2.0], [3.0, 5.0]], dtype=m.float64)

    for library in (torch, pluggrad):
        assert not np.isfinite(gradients(library, vectors, (EQUAL,))).any()
