"""Checking gradients against central differences: ``gradcheck`` and ``gradgradcheck``."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import GradientError
from ..tensor import Tensor
from .checking import Check, GradcheckError, check_inputs, close, show
from .engine import graph_namespace
from .forward_checks import ForwardCheck
from .gradients import grad
from .jacobians import (
    analytical_jacobian,
    difference,
    differentiable,
    flat,
    inner,
    like,
    numerical_jacobian,
    tensors_of,
)
from .mode import MODE, with_grad
from .transforms.levels import outside_the_graph


def gradcheck(
    func: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Compare the gradients that backward gives with central differences.

    Parameters
    ----------
    func : takes the inputs, returns a tensor or tensors
    inputs : tensors (float64 or complex128, some requiring a gradient) and other values
    eps : step of the differences
    atol, rtol : how far apart they may be
    raise_exception : raise instead of returning False
    nondet_tol : how far two backward runs on the same inputs may be apart
    check_undefined_grad : also that outputs without a cotangent, beside others of zero, give gradients of zero or None;
        in forward mode, that an input without a tangent gives what one with a tangent of zeros gives
    check_grad_dtypes : also that each gradient has the dtype and the device of its input
    check_batched_grad : also that ``grad(..., is_grads_batched=True)`` gives what one cotangent at a time gives
    check_forward_ad : compare the tangents of forward mode, too
    check_batched_forward_grad : also that forward mode under :func:`vmap` gives what one tangent at a time gives
    check_backward_ad : compare the gradients of backward; with False, forward mode alone is checked
    fast_mode : compare along one random direction of inputs and outputs, instead of whole Jacobians
    masked : accepted for PyTorch's sake: there are no sparse tensors

    Returns
    -------
    bool : whether they agree

    Raises
    ------
    GradcheckError : they differ; the message names output and input, and shows both Jacobians
    ValueError : no input requires a gradient; nothing is to be checked; the function returned no tensor

    Warns
    -----
    UserWarning : an input of low precision, for which the defaults are too strict

    Notes
    -----
    For complex inputs and outputs the gradient is PyTorch's, the conjugate Wirtinger derivative: its real
    inner product with a direction is the change of the output along it.

    >>> import pluggrad
    >>> x = pluggrad.tensor([0.5, 2.0], dtype=pluggrad.float64, requires_grad=True)
    >>> gradcheck(pluggrad.exp, x)
    True
    """
    if not (check_forward_ad or check_backward_ad):
        raise ValueError("Expected at least one of check_forward_ad or check_backward_ad to be True")
    if check_batched_grad and not check_backward_ad:
        raise ValueError("Setting check_batched_grad=True requires check_backward_ad to be True")
    if check_batched_forward_grad and not check_forward_ad:
        raise ValueError("Setting check_batched_forward_grad=True requires check_forward_ad to be True")
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    point = func, inputs, eps, atol, rtol, nondet_tol
    reverse = _Reverse(*point)
    if not tensors_of(func(*inputs)):
        raise ValueError("gradcheck: the function returned no tensor")
    forward = ForwardCheck(*point, active=reverse.active)
    try:
        if check_backward_ad:
            for i in reverse.active:
                (reverse.along if fast_mode else reverse.jacobian)(i)
        if check_forward_ad:
            for i in forward.active:
                (forward.direction if fast_mode else forward.jacobian)(i)
            if check_grad_dtypes:
                forward.types()
            if check_undefined_grad:
                forward.undefined()
            if check_batched_forward_grad:
                forward.batched()
        if check_backward_ad:
            if check_batched_grad:
                reverse.batched()
            reverse.zero_cotangents()
            if check_undefined_grad:
                reverse.undefined_gradients()
            if check_grad_dtypes:
                reverse.types()
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


class _Reverse(Check):
    """The checks of backward at one point."""

    def jacobian(self, i: int) -> None:
        """Whole Jacobians, numeric and analytic."""
        analytic = analytical_jacobian(self.func, self.inputs, i)
        again = analytical_jacobian(self.func, self.inputs, i)
        numeric = numerical_jacobian(self.func, self.inputs, i, self.eps)
        for (k, _), a, b, n in zip(self.outputs(), analytic, again, numeric, strict=True):
            for v in a:
                self.compare(k, i, self.considering(v, len(a) > 1, "outputs") + "Jacobian", a[v], n[v])
                pairs = ((p, q) for r, s in zip(a[v], b[v], strict=True) for p, q in zip(r, s, strict=True))
                if not all(close(p, q, self.nondet, 0.0) for p, q in pairs):
                    raise GradcheckError(
                        "Backward is not reentrant, i.e., running backward with same input and grad_output "
                        f"multiple times gives different values ({self.where(k, i)}). "
                        f"The tolerance for nondeterminism was {self.nondet}."
                    )

    def along(self, i: int) -> None:
        """Fast mode: the Jacobians between one random direction of the input and one of the output."""
        rng = random.Random(0)
        x = self.inputs[i]
        direction = self.draw(rng, x)
        changes = difference(self.func, list(self.inputs), i, direction, self.eps)
        for (k, out), change in zip(self.outputs(), changes, strict=True):
            cotangent = self.draw(rng, out)
            numeric = math.fsum(inner(v, d) for v, d in zip(cotangent, change, strict=True))
            runs = [0.0, 0.0]
            if out._node is not None:
                for run in range(2):
                    (g,) = grad(out, x, like(cotangent, out), retain_graph=True, allow_unused=True)
                    if g is not None:
                        runs[run] = math.fsum(inner(a, d) for a, d in zip(flat(g), direction, strict=True))
            if not close(runs[0], runs[1], self.nondet, 0.0):
                raise GradcheckError(f"Backward is not reentrant ({self.where(k, i)}): {runs[0]} and {runs[1]}")
            # The sum has as many terms as there are elements, and an error from each.
            scale = math.sqrt(len(cotangent) * len(direction))
            if not close(runs[0], numeric, self.atol * scale, self.rtol):
                raise GradcheckError(
                    f"Jacobian mismatch for {self.where(k, i)} in fast mode, along a random direction: "
                    f"numerical: {numeric:.6g}, analytical: {runs[0]:.6g}. {self.slowly(i)}"
                )

    def zero_cotangents(self) -> None:
        """Cotangents of zero give gradients of zero."""
        outs = [(k, out) for k, out in self.outputs() if out._node is not None]
        self.expect_zeros(outs, "backward not multiplied by grad_output")

    def undefined_gradients(self) -> None:
        """The same where some outputs have no cotangent."""
        outs = [(k, out) for k, out in self.outputs() if out._node is not None]
        for left in outs if len(outs) > 1 else []:
            self.expect_zeros(
                [pair for pair in outs if pair is not left],
                "Expected all input grads to be undefined or zero when all output grads are undefined or zero",
            )  # fmt: skip

    def expect_zeros(self, given: list[tuple[int, Tensor]], otherwise: str) -> None:
        """Zeros as the cotangents of some outputs give no gradient but zeros."""
        if not given:
            return
        zeros = [like([0.0] * math.prod(out.shape), out) for _, out in given]
        active = [self.inputs[i] for i in self.active]
        gs = grad([out for _, out in given], active, zeros, retain_graph=True, allow_unused=True)
        for i, g in zip(self.active, gs, strict=True):
            if g is not None and any(v not in (0, 0j) for v in flat(g)):
                raise GradcheckError(f"{otherwise}, but that of {self.where(given[0][0], i)} is {show([flat(g)])}")

    def types(self) -> None:
        """Each gradient is of the dtype and on the device of its input."""
        for k, out in self.outputs():
            for i in self.active:
                x = self.inputs[i]
                if out._node is None:
                    continue
                (g,) = grad(out, x, like([1.0] * math.prod(out.shape), out), retain_graph=True, allow_unused=True)
                if g is not None and g._type is not x._type:
                    raise GradcheckError(
                        f"Gradient has dtype mismatch: that of {self.where(k, i)} is {g._type}, the input is {x._type}"
                    )

    def batched(self) -> None:
        """Several cotangents at once give what they give one by one."""
        rng = random.Random(3)
        active = [self.inputs[i] for i in self.active]
        for k, out in self.outputs():
            if out._node is None:
                continue
            cotangents = [like(self.draw(rng, out), out) for _ in range(2)]
            batch = graph_namespace.stack(*cotangents, axis=0)
            try:
                once = grad(out, active, batch, retain_graph=True, allow_unused=True, is_grads_batched=True)
            except (RuntimeError, ValueError, TypeError) as error:
                raise GradcheckError(
                    f"While computing batched gradients, got: {error}\n\ngradcheck or gradgradcheck failed while "
                    "testing batched gradient computation; check_batched_grad=False leaves it out"
                ) from error
            for row, cotangent in enumerate(cotangents):
                single = grad(out, active, cotangent, retain_graph=True, allow_unused=True)
                for i, g, whole in zip(self.active, single, once, strict=True):
                    expected = [] if g is None else flat(g)
                    found = [] if whole is None else flat(whole[row])
                    if len(expected) != len(found) or not all(
                        close(p, q, self.atol, self.rtol) for p, q in zip(found, expected, strict=True)
                    ):
                        raise GradcheckError(
                            f"For output {k} and input {i}:\n\ngradcheck or gradgradcheck failed while testing batched "
                            f"gradient computation\n\nGot:\n{show([found])}\n\nExpected:\n{show([expected])}"
                        )


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    grad_outputs: Tensor | Sequence[Tensor] | None = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Compare second derivatives with central differences of the first.

    Parameters
    ----------
    func, inputs : as in :func:`gradcheck`
    grad_outputs : the cotangents at which to differentiate the gradient; default: random ones
    gen_non_contig_grad_outputs : make the random ones views with gaps in memory
    check_fwd_over_rev, check_rev_over_rev : what to check of the gradient as a function: its tangents by forward mode,
        its gradients by backward
    eps, atol, rtol, raise_exception, nondet_tol, check_undefined_grad, check_grad_dtypes, check_batched_grad, fast_mode
        masked : as in :func:`gradcheck`

    Raises
    ------
    GradcheckError, ValueError : as :func:`gradcheck`

    >>> import pluggrad
    >>> x = pluggrad.tensor([0.5, 2.0], dtype=pluggrad.float64, requires_grad=True)
    >>> gradgradcheck(pluggrad.exp, x)
    True
    """
    if not (check_fwd_over_rev or check_rev_over_rev):
        raise ValueError("Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True")
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    active = check_inputs(inputs)
    outputs = [out for _, out in differentiable(tensors_of(func(*inputs)))]
    if grad_outputs is None:
        rng = random.Random(1)
        cotangents = [like([rng.gauss(0, 1) for _ in range(math.prod(o.shape))], o) for o in outputs]
        if gen_non_contig_grad_outputs:
            cotangents = [_with_gaps(c) for c in cotangents]
    else:
        cotangents = [t.detach() for t in tensors_of(grad_outputs)]
    if len(cotangents) != len(outputs):
        raise GradientError(f"gradgradcheck: {len(cotangents)} grad_outputs for {len(outputs)} differentiable outputs")
    for cotangent in cotangents:
        cotangent.requires_grad = True

    def gradient(*args: Any) -> tuple[Tensor, ...]:
        arguments, vs = list(args[: len(inputs)]), args[len(inputs) :]
        before = MODE.get()
        MODE.set(with_grad(before, True))
        try:
            for i in active:
                if arguments[i]._node is None:  # a point of a central difference, or a value with a tangent
                    arguments[i] = outside_the_graph(arguments[i]).requires_grad_()
            outs = [out for _, out in differentiable(tensors_of(func(*arguments)))]
            kept = [(o, v) for o, v in zip(outs, vs, strict=True) if o._node is not None]
            return grad(
                [o for o, _ in kept], [arguments[i] for i in active], [v for _, v in kept],
                create_graph=True, materialize_grads=True,
            )  # fmt: skip
        finally:
            MODE.set(before)

    return gradcheck(
        gradient, (*inputs, *cotangents), eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception,
        nondet_tol=nondet_tol, check_undefined_grad=check_undefined_grad, check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad, check_forward_ad=check_fwd_over_rev,
        check_backward_ad=check_rev_over_rev, fast_mode=fast_mode, masked=masked,
    )  # fmt: skip


def _with_gaps(x: Tensor) -> Tensor:
    """The same values as every second element of a larger tensor."""
    twice = graph_namespace.stack(x, x, axis=len(x.shape))
    return twice[..., 0].detach()
