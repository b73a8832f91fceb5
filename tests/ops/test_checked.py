"""inv_ex, solve_ex and cholesky_ex: results where there are any, numbers where there are none."""

from __future__ import annotations

import pytest

import pluggrad
from pluggrad.errors import LinAlgError

linalg = pluggrad.linalg
ONE_SINGULAR = [[[2.0, 0.0], [0.0, 4.0]], [[0.0, 0.0], [0.0, 1.0]]]


def test_one_of_a_batch_has_no_inverse() -> None:
    inverse, info = linalg.inv_ex(pluggrad.asarray(ONE_SINGULAR))
    assert info.tolist() == [0, 1]
    assert inverse[0].tolist() == [[0.5, 0.0], [0.0, 0.25]] and bool(inverse[1].isnan().all())
    with pytest.raises(LinAlgError):
        linalg.inv_ex(pluggrad.asarray(ONE_SINGULAR), check_errors=True)


def test_one_of_a_batch_has_no_solution() -> None:
    result, info = linalg.solve_ex(pluggrad.asarray(ONE_SINGULAR), pluggrad.ones(2, 1))
    assert info.tolist() == [0, 1] and result[0].tolist() == [[0.5], [0.25]]
    result, info = linalg.solve_ex(pluggrad.eye(2), pluggrad.asarray([1.0, 2.0]))
    assert result.tolist() == [1, 2] and info.item() == 0


def test_the_minor_that_is_not_positive() -> None:
    x = pluggrad.asarray([[[4.0, 0.0], [0.0, 9.0]], [[1.0, 2.0], [2.0, 1.0]]])
    factor, info = linalg.cholesky_ex(x)
    assert info.tolist() == [0, 2] and factor[0].tolist() == [[2, 0], [0, 3]]
    assert linalg.cholesky_ex(x[0], upper=True).L.tolist() == [[2, 0], [0, 3]]


def test_gradients_go_through() -> None:
    x = pluggrad.asarray([[2.0]]).requires_grad_()
    linalg.inv_ex(x).inverse.sum().backward()
    assert x.grad is not None and x.grad.tolist() == [[-0.25]]
