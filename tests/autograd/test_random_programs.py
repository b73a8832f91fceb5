"""Random programs of views, in-place and out-of-place operations: the gradient is right, always.

Each program runs on pluggrad and on PyTorch. Values must agree. Where PyTorch gives a gradient, pluggrad's
must be the same; where PyTorch says "modified by an inplace operation", pluggrad's must agree with central
differences. Programs that write through ``detach`` or under ``no_grad`` have no gradient in the sense of
differences: they are compared where PyTorch gives one.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

import pluggrad

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.torch

SHAPE = (2, 3)
Env = list[Any]
Step = Callable[[Any, Env], None]  # (library, tensors so far): appends to or changes the tensors


def shape_of(t: Any) -> tuple[int, ...]:
    return tuple(t.shape)


def apart(lib: Any, t: Any) -> Any:
    """For PyTorch a copy: it does not see that x.T.add_(x), of a part of a whole, reads what it has just written."""
    return t.clone() if lib is torch else t


class Program:
    """A list of steps, drawn with the shapes that they will meet; the same for both libraries."""

    def __init__(self, seed: int, hidden_writes: bool) -> None:
        self.rng = random.Random(seed)
        self.hidden_writes = hidden_writes
        self.steps: list[tuple[str, Step]] = []
        # What is known of each tensor while drawing: its shape, whether it may be written, whether it is contiguous.
        self.shapes: list[tuple[int, ...]] = [SHAPE, SHAPE]
        self.writable = [True, True]
        self.hidden = [False, False]
        for _ in range(self.rng.randint(4, 14)):
            self.draw()
        self.used = sorted(self.rng.sample(range(len(self.shapes)), k=min(len(self.shapes), self.rng.randint(2, 5))))

    def add(
        self, text: str, step: Step, shape: tuple[int, ...] | None = None, writable: bool = True, hidden: bool = False
    ) -> None:
        self.steps.append((text, step))
        if shape is not None:
            self.shapes.append(shape)
            self.writable.append(writable)
            self.hidden.append(hidden)

    def draw(self) -> None:
        kinds = (
            ["view"] * 4
            + ["compute"] * 4
            + ["write"] * 5
            + ["assign"] * 2
            + (["detach", "no_grad"] if self.hidden_writes else [])
        )
        getattr(self, f"draw_{self.rng.choice(kinds)}")()

    def pick(self, test: Callable[[int], bool] = lambda i: True) -> int | None:
        candidates = [i for i in range(len(self.shapes)) if test(i)]
        return self.rng.choice(candidates) if candidates else None

    def same_shape(self, i: int) -> int | None:
        return self.pick(lambda j: self.shapes[j] == self.shapes[i])

    def draw_view(self) -> None:
        i = self.pick(lambda j: len(self.shapes[j]) > 0 and 0 not in self.shapes[j])
        if i is None:
            return
        shape, w, h = self.shapes[i], self.writable[i], self.hidden[i]
        choice = self.rng.randrange(6)
        if choice == 0:
            k = self.rng.randrange(shape[0])
            self.add(f"t{i}[{k}]", lambda lib, e: e.append(e[i][k]), shape[1:], w, h)
        elif choice == 1:
            k = self.rng.randrange(shape[-1])
            self.add(f"t{i}[..., {k}:]", lambda lib, e: e.append(e[i][..., k:]), (*shape[:-1], shape[-1] - k), w, h)
        elif choice == 2:
            order = tuple(reversed(range(len(shape))))
            self.add(
                f"t{i}.permute{order}",
                lambda lib, e: e.append(e[i].permute(*order)),
                tuple(shape[a] for a in order),
                w,
                h,
            )
        elif choice == 3:
            # view() as PyTorch allows it; where it does not, reshape copies, in both libraries alike
            self.add(f"t{i}.reshape(-1)", lambda lib, e: e.append(e[i].reshape(-1)), (self._count(shape),), w, h)
        elif choice == 4:
            self.add(f"t{i}.unsqueeze(0)", lambda lib, e: e.append(e[i].unsqueeze(0)), (1, *shape), w, h)
        else:
            new = (2, *shape)
            self.add(f"t{i}.expand{new}", lambda lib, e: e.append(e[i].expand(*new)), new, False, h)

    @staticmethod
    def _count(shape: tuple[int, ...]) -> int:
        n = 1
        for d in shape:
            n *= d
        return n

    def draw_compute(self) -> None:
        i = self.pick()
        assert i is not None
        j = self.same_shape(i)
        choice = self.rng.randrange(5)
        if choice == 0:
            self.add(f"tanh(t{i})", lambda lib, e: e.append(lib.tanh(e[i])), self.shapes[i])
        elif choice == 1:
            self.add(f"exp(t{i} * 0.1)", lambda lib, e: e.append(lib.exp(e[i] * 0.1)), self.shapes[i])
        elif choice == 2:
            self.add(f"t{i} * t{j}", lambda lib, e: e.append(e[i] * e[j]), self.shapes[i])
        elif choice == 3:
            self.add(f"t{i} + 0.5 * t{j}", lambda lib, e: e.append(e[i] + 0.5 * e[j]), self.shapes[i])
        else:
            self.add(f"t{i} * t{i}", lambda lib, e: e.append(e[i] * e[i]), self.shapes[i])

    def draw_write(self) -> None:
        i = self.pick(lambda k: self.writable[k] and not self.hidden[k])
        if i is None:
            return
        j = self.same_shape(i)
        choice = self.rng.randrange(7)
        if choice == 0:
            self.add(f"t{i}.mul_(t{j})", lambda lib, e: e[i].mul_(apart(lib, e[j])))
        elif choice == 1:
            self.add(f"t{i}.add_(t{j})", lambda lib, e: e[i].add_(apart(lib, e[j])))
        elif choice == 2:
            self.add(f"t{i}.mul_(0.7)", lambda lib, e: e[i].mul_(0.7))
        elif choice == 3:
            self.add(f"t{i}.tanh_()", lambda lib, e: e[i].tanh_())
        elif choice == 4:
            self.add(f"t{i}.copy_(tanh(t{j}))", lambda lib, e: e[i].copy_(lib.tanh(e[j])))
        elif choice == 5:
            self.add(f"t{i}.zero_()", lambda lib, e: e[i].zero_())
        else:
            self.add(f"t{i}.sub_(t{j} * t{j})", lambda lib, e: e[i].sub_(e[j] * e[j]))

    def draw_assign(self) -> None:
        i = self.pick(
            lambda k: self.writable[k] and not self.hidden[k] and len(self.shapes[k]) > 0 and 0 not in self.shapes[k]
        )
        if i is None:
            return
        shape = self.shapes[i]
        k = self.rng.randrange(shape[0])
        j = self.pick(lambda m: self.shapes[m] == shape[1:])
        choice = self.rng.randrange(3)
        if choice == 0 and j is not None:
            self.add(f"t{i}[{k}] = t{j} * 2", lambda lib, e: e[i].__setitem__(k, e[j] * 2.0))
        elif choice == 1:
            m = self.same_shape(i)
            self.add(f"t{i}[t{m} > 0] = 0.3", lambda lib, e: e[i].__setitem__(e[m].detach() > 0, 0.3))
        else:
            self.add(f"t{i}[[{k}]] = t{i}[[0]] * 3", lambda lib, e: e[i].__setitem__([k], e[i][[0]] * 3.0))

    def draw_detach(self) -> None:
        i = self.pick(lambda k: self.writable[k])
        if i is not None:
            self.add(f"t{i}.detach().mul_(0.9)", lambda lib, e: e[i].detach().mul_(0.9))

    def draw_no_grad(self) -> None:
        i = self.pick(lambda k: self.writable[k])

        def step(lib: Any, e: Env) -> None:
            with lib.no_grad():
                e[i].add_(0.2)

        if i is not None:
            self.add(f"no_grad: t{i}.add_(0.2)", step)

    def run(self, lib: Any, x: Any, w: Any) -> tuple[Any, Env]:
        """The loss and all tensors."""
        env: Env = [x * 1.0, w + 0.0]
        for _, step in self.steps:
            step(lib, env)
        loss = (x * x).sum() * 0.01 + (w * w).sum() * 0.01
        for n, i in enumerate(self.used):
            loss = loss + (env[i] * (0.5 + n)).sum() + (env[i] * env[i]).sum() * 0.1
        return loss, env

    def __str__(self) -> str:
        lines = [f"t{i} = ..." for i in range(2)] + [text for text, _ in self.steps]
        return "\n".join([*lines, f"loss over {self.used}"])


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


def check(seed: int, hidden_writes: bool) -> str:
    """Run one program; say how its gradient was verified."""
    program = Program(seed, hidden_writes)
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
    assert "modified by an inplace operation" in refused, f"{refused}\n{program}"
    if hidden_writes:
        return "values only"
    numeric = flat(differences(program, values))
    rounding = abs(loss) * 1e-9  # of a difference of two large numbers, divided by 2e-6
    assert flat(grads) == pytest.approx(numeric, rel=1e-5, abs=1e-5 + rounding), (
        f"PyTorch refuses; differences disagree\n{program}"
    )
    return "differences"


def run_many(seeds: range, hidden_writes: bool) -> dict[str, int]:
    counts: dict[str, int] = {}
    for seed in seeds:
        how = check(seed, hidden_writes)
        counts[how] = counts.get(how, 0) + 1
    return counts


def test_programs_whose_writes_are_all_on_record() -> None:
    counts = run_many(range(200), hidden_writes=False)
    # Both ways of checking must really have been taken.
    assert counts["PyTorch"] > 40 and counts["differences"] > 20, counts


def test_programs_with_writes_behind_the_graph() -> None:
    counts = run_many(range(10_000, 10_100), hidden_writes=True)
    assert counts["PyTorch"] > 20, counts


@pytest.mark.slow
def test_two_thousand_programs() -> None:
    counts = run_many(range(20_000, 21_500), hidden_writes=False)
    assert counts["PyTorch"] > 300 and counts["differences"] > 150, counts
    run_many(range(30_000, 30_500), hidden_writes=True)
