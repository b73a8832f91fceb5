"""Random programs of views, in-place and out-of-place operations: the gradient is right, always.

Each program runs on pluggrad and on PyTorch. Values must agree. Where PyTorch gives a gradient, pluggrad's
must be the same; where PyTorch says "modified by an inplace operation", pluggrad's must agree with central
differences. Programs that write through ``detach`` or under ``no_grad`` have no gradient in the sense of
differences: they are compared where PyTorch gives one.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

import pluggrad

torch = pytest.importorskip("torch")

from .programs import SHAPE, Program  # noqa: E402

pytestmark = pytest.mark.torch


def flat(nested: Any) -> list[float]:
    """All numbers of nested lists."""
    return [v for item in nested for v in flat(item)] if isinstance(nested, list) else [nested]


def inputs(seed: int) -> tuple[list[list[float]], list[list[float]]]:
    rng = random.Random(seed + 1)
    draw = lambda: [[rng.uniform(-1.5, 1.5) for _ in range(SHAPE[1])] for _ in range(SHAPE[0])]  # noqa: E731
    return draw(), draw()


def leaves(lib: Any, values: tuple[Any, Any]) -> tuple[Any, Any]:
    x, w = (lib.tensor(v, dtype=lib.float64, requires_grad=True) for v in values)
    return x, w


def gradients(lib: Any, program: Program, values: tuple[Any, Any]) -> tuple[Any, list[Any]]:
    x, w = leaves(lib, values)
    loss, _ = program.run(lib, x, w)
    loss.backward()
    return loss.item(), [x.grad.tolist(), w.grad.tolist()]


def loss_at(program: Program, values: tuple[Any, Any]) -> float:
    with pluggrad.no_grad():
        loss, _ = program.run(pluggrad, *(pluggrad.tensor(v, dtype=pluggrad.float64) for v in values))
    return loss.item()


def differences(program: Program, values: tuple[Any, Any], eps: float = 1e-6) -> list[Any]:
    out = []
    for which in range(2):
        rows = []
        for r in range(SHAPE[0]):
            row = []
            for c in range(SHAPE[1]):
                moved = []
                for sign in (1, -1):
                    copy = ([list(v) for v in values[0]], [list(v) for v in values[1]])
                    copy[which][r][c] += sign * eps
                    moved.append(loss_at(program, copy))
                row.append((moved[0] - moved[1]) / (2 * eps))
            rows.append(row)
        out.append(rows)
    return out


def check(seed: int, hidden_writes: bool, complex: bool = False) -> str:
    """Run one program; say how its gradient was verified."""
    program = Program(seed, hidden_writes, complex)
    values = inputs(seed)
    refused = None
    try:
        expected_loss, expected = gradients(torch, program, values)
    except RuntimeError as error:
        refused = str(error)
        with torch.no_grad():
            expected_loss = program.run(torch, *leaves(torch, values))[0].item()
    loss, grads = gradients(pluggrad, program, values)
    assert loss == pytest.approx(expected_loss, rel=1e-9, abs=1e-9), f"values differ\n{program}"
    if refused is None:
        assert flat(grads) == pytest.approx(flat(expected), rel=1e-9, abs=1e-9), f"gradients differ\n{program}"
        return "PyTorch"
    if hidden_writes:  # PyTorch also refuses some writes to views of detached tensors that were written with a graph
        return "values only"
    assert "modified by an inplace operation" in refused, f"{refused}\n{program}"
    numeric = flat(differences(program, values))
    again = flat(differences(program, values, eps=3e-7))
    if again != pytest.approx(numeric, rel=1e-2, abs=1e-2 * (1 + abs(loss))):
        return "not continuous"  # a mask at a number that is zero but for rounding
    rounding = abs(loss) * 1e-9  # of a difference of two large numbers, divided by 2e-6
    assert flat(grads) == pytest.approx(numeric, rel=1e-5, abs=1e-5 + rounding), (
        f"PyTorch refuses; differences disagree\n{program}"
    )
    return "differences"


def run_many(seeds: range, hidden_writes: bool = False, complex: bool = False) -> dict[str, int]:
    counts: dict[str, int] = {}
    for seed in seeds:
        how = check(seed, hidden_writes, complex)
        counts[how] = counts.get(how, 0) + 1
    return counts


def test_programs_whose_writes_are_all_on_record() -> None:
    counts = run_many(range(150))
    # Both ways of checking must really have been taken.
    assert counts["PyTorch"] > 30 and counts["differences"] > 20 and counts.get("not continuous", 0) < 2, counts


@pytest.mark.cpu  # the parts are views there
def test_programs_of_complex_tensors_and_their_parts() -> None:
    counts = run_many(range(40_000, 40_150), complex=True)
    assert counts["PyTorch"] > 20 and counts["differences"] > 20 and counts.get("not continuous", 0) < 2, counts


@pytest.mark.parametrize("complex", [False, pytest.param(True, marks=pytest.mark.cpu)])
def test_programs_with_writes_behind_the_graph(complex: bool) -> None:
    counts = run_many(range(10_000, 10_060), hidden_writes=True, complex=complex)
    assert counts["PyTorch"] > 5, counts


@pytest.mark.slow
@pytest.mark.cpu
def test_four_thousand_programs() -> None:
    for complex in (False, True):
        counts = run_many(range(20_000, 21_500), complex=complex)
        assert counts["PyTorch"] > 200 and counts["differences"] > 150 and counts.get("not continuous", 0) < 15, counts
        run_many(range(30_000, 30_500), hidden_writes=True, complex=complex)
