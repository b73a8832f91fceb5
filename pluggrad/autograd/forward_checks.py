"""The checks of forward mode: tangents against central differences, without a tangent, and in a batch."""

from __future__ import annotations

import math
import random

from ..tensor import Tensor
from . import forward_ad
from .checking import Check, GradcheckError, close, show
from .engine import graph_namespace
from .jacobians import difference, differentiable, flat, like, tensors_of, units
from .transforms import vmap


class ForwardCheck(Check):
    """The checks of forward mode at one point."""

    def tangents(self, given: dict[int, Tensor | None]) -> list[Tensor | None]:
        """The tangents of the outputs for those of some inputs; inside of a dual level."""
        duals = [
            x if not isinstance(x, Tensor) or given.get(i) is None else forward_ad.make_dual(x.detach(), given[i])  # type: ignore[arg-type]
            for i, x in enumerate(self.inputs)
        ]
        return [forward_ad.unpack_dual(out).tangent for _, out in differentiable(tensors_of(self.func(*duals)))]

    def along(self, i: int, direction: list[complex]) -> list[list[complex]]:
        """The tangents of the outputs along a direction of input ``i``, flat."""
        with forward_ad.dual_level():
            found = self.tangents({i: like(direction, self.inputs[i])})
        sizes = [math.prod(out.shape) for _, out in self.outputs()]
        return [[0.0] * n if t is None else flat(t) for t, n in zip(found, sizes, strict=True)]

    def jacobian(self, i: int) -> None:
        """Whole Jacobians by columns, numeric and analytic."""
        x = self.inputs[i]
        n = math.prod(x.shape)
        for unit in reversed(units(x)):
            what = self.considering(unit, x.dtype.is_complex, "inputs") + "Jacobian computed with forward mode"
            steps: list[list[complex]] = [[unit if j == m else 0.0 for m in range(n)] for j in range(n)]
            numeric = [difference(self.func, list(self.inputs), i, step, self.eps) for step in steps]
            analytic = [self.along(i, step) for step in steps]
            for at, (k, _) in enumerate(self.outputs()):
                self.compare(k, i, what, [row[at] for row in analytic], [row[at] for row in numeric])

    def direction(self, i: int) -> None:
        """Fast mode: the change along one random direction of input ``i``."""
        direction = self.draw(random.Random(2), self.inputs[i])
        numeric = difference(self.func, list(self.inputs), i, direction, self.eps)
        scale = math.sqrt(len(direction))
        for (k, _), n, a in zip(self.outputs(), numeric, self.along(i, direction), strict=True):
            if not all(close(p, q, self.atol * scale, self.rtol) for p, q in zip(a, n, strict=True)):
                raise GradcheckError(
                    f"Jacobian computed with forward mode mismatch for {self.where(k, i)} in fast mode, along a random "
                    f"direction\nnumerical:\n{show([n])}\nanalytical:\n{show([a])}\n{self.slowly(i)}"
                )

    def undefined(self) -> None:
        """An input without a tangent gives what one with a tangent of zeros gives."""
        rng = random.Random(4)
        given = {i: like(self.draw(rng, self.inputs[i]), self.inputs[i]) for i in self.active}
        for i in self.active:
            zeros = like([0.0] * math.prod(self.inputs[i].shape), self.inputs[i])
            with forward_ad.dual_level():
                expected = self.tangents({**given, i: zeros})
            with forward_ad.dual_level():
                found = self.tangents({**given, i: None})
            for (k, _), a, b in zip(self.outputs(), found, expected, strict=True):
                if a is None or b is None:
                    continue
                if not all(close(p, q, 1e-8, 1e-5) for p, q in zip(flat(a), flat(b), strict=True)):
                    raise GradcheckError(
                        f"Mismatch in tangent values for output with index: {k} when input: {i} has an undefined "
                        f"tangent value. Got: {show([flat(a)])} but expected: {show([flat(b)])}"
                    )

    def types(self) -> None:
        """Each tangent is of the dtype of its output."""
        for i in self.active:
            x = self.inputs[i]
            with forward_ad.dual_level():
                found = self.tangents({i: like([1.0] * math.prod(x.shape), x)})
            for (k, out), t in zip(self.outputs(), found, strict=True):
                if t is not None and t.dtype is not out.dtype:
                    raise GradcheckError(
                        f"Forward AD gradient has dtype mismatch: {t.dtype} for {self.where(k, i)}, of {out.dtype}"
                    )

    def batched(self) -> None:
        """Two tangents of an input at once give what they give one by one."""
        rng = random.Random(3)
        for i in self.active:
            x = self.inputs[i]
            pair = [like(self.draw(rng, x), x) for _ in range(2)]

            def one(tangent: Tensor, i: int = i) -> tuple[Tensor, ...]:
                with forward_ad.dual_level():
                    outs = self.tangents({i: tangent})
                return tuple(o for o in outs if o is not None)

            expected = [one(t) for t in pair]
            try:
                found = vmap(one)(graph_namespace.stack(*pair, axis=0))
            except (RuntimeError, ValueError, TypeError) as error:
                raise GradcheckError(
                    f"While computing batched gradients, got: {error}\n\ngradcheck failed while testing batched "
                    f"gradient computation with forward-mode AD, of input {i}; check_batched_forward_grad=False leaves "
                    "it out"
                ) from error
            with_tangent = [k for (k, _), t in zip(self.outputs(), expected[0], strict=False) if t is not None]
            for k, whole, *parts in zip(with_tangent, found, *expected, strict=True):
                for row, part in enumerate(parts):
                    got, want = flat(whole[row]), flat(part)
                    if not all(close(p, q, 1e-8, 1e-5) for p, q in zip(got, want, strict=True)):
                        raise GradcheckError(
                            f"For output {k} and input {i}:\n\ngradcheck failed while testing batched gradient "
                            f"computation with forward-mode AD\n\nGot:\n{show([got])}\n\nExpected:\n{show([want])}"
                        )
