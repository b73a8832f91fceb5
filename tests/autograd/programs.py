"""Random programs of views, in-place and out-of-place operations, the same for pluggrad and for PyTorch."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import torch

import pluggrad

SHAPE = (2, 3)
#: Whether a diagonal is a view whatever the layout of the memory; array-api-strict needs a copy.
DIAGONALS = pluggrad.zeros(2, 3).T.diagonal().is_view
Env = list[Any]
Step = Callable[[Any, Env], None]  # (library, tensors so far): appends to or changes the tensors


def shape_of(t: Any) -> tuple[int, ...]:
    return tuple(t.shape)


def apart(lib: Any, t: Any) -> Any:
    """For PyTorch a copy: it does not see that x.T.add_(x), of a part of a whole, reads what it has just written."""
    return t.clone() if lib is torch else t


class Program:
    """A list of steps, drawn with the shapes that they will meet; the same for both libraries.

    ``hidden_writes``: some writes go past the graph (``detach``, ``no_grad``). ``complex``: it begins with complex
    tensors made of the real leaves, and has views of their real and imaginary parts.
    """

    def __init__(self, seed: int, hidden_writes: bool = False, complex: bool = False) -> None:
        self.rng = random.Random(seed)
        self.hidden_writes, self.complex = hidden_writes, complex
        self.steps: list[tuple[str, Step]] = []
        # What is known of each tensor while drawing: its shape, whether it may be written, whether it is contiguous.
        self.shapes: list[tuple[int, ...]] = [SHAPE, SHAPE]
        self.writable = [True, True]
        self.hidden = [False, False]
        self.is_complex = [complex, complex]
        for _ in range(self.rng.randint(4, 14)):
            self.draw()
        self.used = sorted(self.rng.sample(range(len(self.shapes)), k=min(len(self.shapes), self.rng.randint(2, 5))))

    def add(
        self,
        text: str,
        step: Step,
        like: int,
        shape: tuple[int, ...],
        writable: bool = True,
        hidden: bool = False,
        is_complex: bool | None = None,
    ) -> None:
        """A step that makes a tensor of a shape, of the kind of tensor ``like`` if no other is said."""
        self.steps.append((text, step))
        self.shapes.append(shape)
        self.writable.append(writable)
        self.hidden.append(hidden)
        self.is_complex.append(self.is_complex[like] if is_complex is None else is_complex)

    def change(self, text: str, step: Step) -> None:
        """A step that makes none."""
        self.steps.append((text, step))

    def draw(self) -> None:
        kinds = (
            ["view"] * 4
            + ["compute"] * 4
            + ["write"] * 5
            + ["assign"] * 4
            + (["detach", "no_grad", "alias"] if self.hidden_writes else [])
            + (["part"] * 4 if self.complex else [])
        )
        getattr(self, f"draw_{self.rng.choice(kinds)}")()

    def pick(self, test: Callable[[int], bool] = lambda i: True) -> int | None:
        candidates = [i for i in range(len(self.shapes)) if test(i)]
        return self.rng.choice(candidates) if candidates else None

    def same_shape(self, i: int) -> int | None:
        return self.pick(lambda j: self.shapes[j] == self.shapes[i] and self.is_complex[j] == self.is_complex[i])

    def draw_view(self) -> None:
        i = self.pick(lambda j: len(self.shapes[j]) > 0 and 0 not in self.shapes[j])
        if i is None:
            return
        shape, w, h = self.shapes[i], self.writable[i], self.hidden[i]

        def view(text: str, step: Step, new: tuple[int, ...], writable: bool = w) -> None:
            self.add(text, step, i, new, writable, h)

        choice = self.rng.randrange(9)
        if choice == 0:
            k = self.rng.randrange(shape[0])
            view(f"t{i}[{k}]", lambda lib, e: e.append(e[i][k]), shape[1:])
        elif choice == 1:
            k = self.rng.randrange(shape[-1])
            view(f"t{i}[..., {k}:]", lambda lib, e: e.append(e[i][..., k:]), (*shape[:-1], shape[-1] - k))
        elif choice == 2:
            order = tuple(reversed(range(len(shape))))
            new = tuple(shape[a] for a in order)
            view(f"t{i}.permute{order}", lambda lib, e: e.append(e[i].permute(*order)), new)
        elif choice == 3:
            # view() as PyTorch allows it; where it does not, reshape copies, in both libraries alike
            view(f"t{i}.reshape(-1)", lambda lib, e: e.append(e[i].reshape(-1)), (math.prod(shape),))
        elif choice == 4:
            view(f"t{i}.unsqueeze(0)", lambda lib, e: e.append(e[i].unsqueeze(0)), (1, *shape))
        elif choice == 5:
            new = (2, *shape)
            view(f"t{i}.expand{new}", lambda lib, e: e.append(e[i].expand(*new)), new, False)
        elif choice == 6:
            view(f"t{i}[::2]", lambda lib, e: e.append(e[i][::2]), (-(-shape[0] // 2), *shape[1:]))
        elif choice == 7 and len(shape) > 1 and DIAGONALS:
            new = (*shape[2:], min(shape[:2]))
            view(f"t{i}.diagonal()", lambda lib, e: e.append(e[i].diagonal()), new)
        else:
            k = self.rng.randrange(shape[0])
            view(f"t{i}.narrow(0, {k}, 1)", lambda lib, e: e.append(e[i].narrow(0, k, 1)), (1, *shape[1:]))

    def draw_part(self) -> None:
        """A view of the real or the imaginary parts, or a new complex tensor."""
        i = self.pick(lambda j: self.is_complex[j])
        if i is None:
            return
        name = self.rng.choice(["real", "imag", "real", "imag", "conj", "complex"])
        if name == "conj":  # times 1: PyTorch's conj() is a view that is resolved later
            self.add(f"t{i}.conj() * 1", lambda lib, e: e.append(e[i].conj() * 1.0), i, self.shapes[i])
        elif name == "complex":
            self.add(
                f"complex(t{i}.imag, t{i}.real)",
                lambda lib, e: e.append(lib.complex(e[i].imag, e[i].real)),
                i,
                self.shapes[i],
            )
        else:
            step = lambda lib, e: e.append(getattr(e[i], name))  # noqa: E731
            self.add(f"t{i}.{name}", step, i, self.shapes[i], self.writable[i], self.hidden[i], is_complex=False)

    def draw_compute(self) -> None:
        i = self.pick()
        assert i is not None
        j = self.same_shape(i)
        text, step = self.rng.choice(
            [
                (f"tanh(t{i} * 0.3)", lambda lib, e: e.append(lib.tanh(e[i] * 0.3))),
                (f"exp(t{i} * 0.1)", lambda lib, e: e.append(lib.exp(e[i] * 0.1))),
                (f"t{i} * t{j}", lambda lib, e: e.append(e[i] * e[j])),
                (f"t{i} + 0.5 * t{j}", lambda lib, e: e.append(e[i] + 0.5 * e[j])),
                (f"t{i} * t{i}", lambda lib, e: e.append(e[i] * e[i])),
            ]
        )
        self.add(text, step, i, self.shapes[i])

    def draw_write(self) -> None:
        i = self.pick(lambda k: self.writable[k] and not self.hidden[k])
        if i is None:
            return
        j = self.same_shape(i)
        self.change(
            *self.rng.choice(
                [
                    (f"t{i}.mul_(t{j})", lambda lib, e: e[i].mul_(apart(lib, e[j]))),
                    (f"t{i}.add_(t{j})", lambda lib, e: e[i].add_(apart(lib, e[j]))),
                    (f"t{i}.mul_(0.7)", lambda lib, e: e[i].mul_(0.7)),
                    (f"t{i}.exp_() after 0.1", lambda lib, e: e[i].mul_(0.1).exp_()),
                    (f"t{i}.copy_(tanh(t{j} * 0.3))", lambda lib, e: e[i].copy_(lib.tanh(e[j] * 0.3))),
                    (f"t{i}.zero_()", lambda lib, e: e[i].zero_()),
                    (f"t{i}.fill_(0.4)", lambda lib, e: e[i].fill_(0.4)),
                    (f"t{i}.sub_(t{j} * t{j})", lambda lib, e: e[i].sub_(e[j] * e[j])),
                ]
            )
        )

    def draw_assign(self) -> None:
        i = self.pick(
            lambda k: self.writable[k] and not self.hidden[k] and len(self.shapes[k]) > 0 and 0 not in self.shapes[k]
        )
        if i is None:
            return
        shape = self.shapes[i]
        k, k2 = self.rng.randrange(shape[0]), self.rng.randrange(shape[0])
        part = self.pick(lambda m: self.shapes[m] == shape[1:] and self.is_complex[m] == self.is_complex[i])
        m = self.same_shape(i)
        # PyTorch is given masks and values of their own: it would read what it writes.
        mask = lambda lib, e: (e[m].real if self.is_complex[m] else e[m]).detach() > 0  # type: ignore[index]  # noqa: E731
        number = lambda lib, *v: lib.tensor(v)  # noqa: E731
        choices: list[tuple[str, Step]] = [
            (f"t{i}[t{m} > 0] = 0.3", lambda lib, e: e[i].__setitem__(mask(lib, e), 0.3)),
            (f"t{i}[[{k}]] = t{i}[[0]] * 3", lambda lib, e: e[i].__setitem__([k], e[i][[0]] * 3.0)),
            (f"t{i}[t{m} > 0] *= 2", lambda lib, e: e[i].__setitem__(mask(lib, e), e[i][mask(lib, e)] * 2.0)),
            (f"t{i}.masked_fill_(t{m} > 0, 0.2)", lambda lib, e: e[i].masked_fill_(mask(lib, e), 0.2)),
            (
                f"t{i}[tensor([{k}, {k2}])] = t{i}[[0]] * 0.5",
                lambda lib, e: e[i].__setitem__(number(lib, k), e[i][[k2]] * 0.5),
            ),
            (
                f"t{i}.index_put_(([{k}, {k2}],), t{i}[{k2}] * 0.5, accumulate)",
                lambda lib, e: e[i].index_put_((number(lib, k, k2),), e[i][k2] * 0.5, accumulate=True),
            ),
            (
                f"t{i}.index_add_(0, [{k2}], t{i}[[{k}]])",
                lambda lib, e: e[i].index_add_(0, number(lib, k2), e[i][[k]]),
            ),
            (f"t{i}[...] = t{m} * 0.9", lambda lib, e: e[i].__setitem__(..., e[m] * 0.9)),
        ]
        if part is not None:
            choices.append((f"t{i}[{k}] = t{part} * 2", lambda lib, e: e[i].__setitem__(k, e[part] * 2.0)))
        self.change(*self.rng.choice(choices))

    def draw_alias(self) -> None:
        """A detached tensor over the same memory, to be viewed and written further."""
        i = self.pick()
        assert i is not None
        self.add(f"t{i}.detach()", lambda lib, e: e.append(e[i].detach()), i, self.shapes[i], self.writable[i])

    def draw_detach(self) -> None:
        i = self.pick(lambda k: self.writable[k])
        if i is not None:
            self.change(f"t{i}.detach().mul_(0.9)", lambda lib, e: e[i].detach().mul_(0.9))

    def draw_no_grad(self) -> None:
        i = self.pick(lambda k: self.writable[k])

        def step(lib: Any, e: Env) -> None:
            with lib.no_grad():
                e[i].add_(0.2)

        if i is not None:
            self.change(f"no_grad: t{i}.add_(0.2)", step)

    def run(self, lib: Any, x: Any, w: Any) -> tuple[Any, Env]:
        """The loss and all tensors."""
        env: Env = [lib.complex(x, w), lib.complex(w, x * 0.5)] if self.complex else [x * 1.0, w + 0.0]
        for _, step in self.steps:
            step(lib, env)
        loss = (x * x).sum() * 0.01 + (w * w).sum() * 0.01
        for n, i in enumerate(self.used):
            t = env[i]
            if self.is_complex[i]:
                t = lib.real(t * t.conj()) + lib.real(t) - 2.0 * lib.imag(t)
            loss = loss + (t * (0.5 + n)).sum() + (t * t).sum() * 0.1
        return loss, env

    def __str__(self) -> str:
        first = ["complex(x, w)", "complex(w, x * 0.5)"] if self.complex else ["x * 1", "w + 0"]
        lines = [*first, *(text for text, _ in self.steps)]
        return "\n".join([*lines, f"loss over {self.used}"])
