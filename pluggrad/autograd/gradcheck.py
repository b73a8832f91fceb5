"""Checking gradients against central differences: ``gradcheck`` and ``gradgradcheck``."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import GradientError
from ..tensor import Tensor, make
from .gradients import grad
from .mode import MODE, with_grad

Rows = list[list[complex]]


class GradcheckError(RuntimeError):
    """A gradient that differs from central differences; the message shows both."""


def _tensors(value: Any) -> tuple[Tensor, ...]:
    return (value,) if isinstance(value, Tensor) else tuple(v for v in value if isinstance(v, Tensor))


def _flat(x: Tensor) -> list[Any]:
    kernels = x._type.kernels
    return list(kernels.tolist(kernels.namespace.reshape(x._array, (-1,))))


def _like(values: Sequence[Any], x: Tensor) -> Tensor:
    """A tensor of the shape, dtype and device of ``x`` with these values."""
    namespace = x._type.kernels.namespace
    array = namespace.asarray(list(values), dtype=x._type.native, device=x._type.native_device)
    return make(namespace.reshape(array, tuple(x._array.shape)), x._type)


def _differentiable(outputs: tuple[Tensor, ...]) -> list[tuple[int, Tensor]]:
    return [(k, out) for k, out in enumerate(outputs) if out.dtype.is_differentiable]


def _units(x: Tensor) -> list[complex]:
    """The directions of one element: the real one and, for a complex dtype, the imaginary one."""
    return [1.0, 1j] if x.dtype.is_complex else [1.0]


def _difference(
    func: Callable[..., Any], inputs: list[Any], i: int, direction: Sequence[complex], eps: float
) -> tuple[list[complex], ...]:
    """Central difference of all outputs along a direction of input ``i``."""
    x = inputs[i]
    values = _flat(x)
    sides = []
    before = MODE.get()
    MODE.set(with_grad(before, False))
    try:
        for sign in (1, -1):
            moved = list(inputs)
            moved[i] = _like([v + sign * eps * d for v, d in zip(values, direction, strict=True)], x)
            sides.append([_flat(out) for _, out in _differentiable(_tensors(func(*moved)))])
    finally:
        MODE.set(before)
    return tuple(
        [(a - b) / (2 * eps) for a, b in zip(high, low, strict=True)] for high, low in zip(*sides, strict=True)
    )


def _inner(a: complex, b: complex) -> float:
    """The real inner product of two complex numbers."""
    return a.real * b.real + a.imag * b.imag


def numerical_jacobian(
    func: Callable[..., Any], inputs: Sequence[Any], i: int, eps: float = 1e-6
) -> list[dict[complex, Rows]]:
    """For each output, by direction of its elements, what the gradient by input ``i`` should be.

    A row for each element of the input.
    """
    inputs = list(inputs)
    x = inputs[i]
    n = math.prod(x.shape)
    columns: dict[complex, list[tuple[list[complex], ...]]] = {}
    for unit in _units(x):
        columns[unit] = []
        for j in range(n):
            direction = [0.0] * n
            direction[j] = unit  # type: ignore[call-overload]
            columns[unit].append(_difference(func, inputs, i, direction, eps))
    outputs = [out for _, out in _differentiable(_tensors(func(*inputs)))]
    jacobians: list[dict[complex, Rows]] = []
    for k, out in enumerate(outputs):
        jacobians.append({
            v: [
                [sum(unit * _inner(v, columns[unit][j][k][m]) for unit in columns) for m in range(math.prod(out.shape))]
                for j in range(n)
            ]
            for v in _units(out)
        })  # fmt: skip
    return jacobians


def analytical_jacobian(func: Callable[..., Any], inputs: Sequence[Any], i: int) -> list[dict[complex, Rows]]:
    """The same as backward computes it."""
    x = inputs[i]
    n = math.prod(x.shape)
    jacobians: list[dict[complex, Rows]] = []
    for _, out in _differentiable(_tensors(func(*inputs))):
        size = math.prod(out.shape)
        by_unit = {}
        for v in _units(out):
            rows: Rows = [[0.0] * size for _ in range(n)]
            for m in range(size):
                if out._node is None:
                    continue
                cotangent = [0.0] * size
                cotangent[m] = v  # type: ignore[call-overload]
                (g,) = grad(out, x, _like(cotangent, out), retain_graph=True, allow_unused=True)
                if g is not None:
                    for j, value in enumerate(_flat(g)):
                        rows[j][m] = value
            by_unit[v] = rows
        jacobians.append(by_unit)
    return jacobians


def _close(a: complex, b: complex, atol: float, rtol: float) -> bool:
    return abs(a - b) <= atol + rtol * abs(b) or a == b or (a != a and b != b)


def _show(rows: Rows) -> str:
    def number(v: complex) -> str:
        return f"{v:.6g}" if isinstance(v, complex) and v.imag else f"{v.real:.6g}"

    return "[" + ",\n ".join("[" + ", ".join(number(v) for v in row) + "]" for row in rows) + "]"


def _check_inputs(inputs: tuple[Any, ...]) -> list[int]:
    active = [i for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
    if not active:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True."
        )
    for i in active:
        if inputs[i].dtype.to_real().bits < 64:
            raise ValueError(
                f"gradcheck: input {i} is {inputs[i].dtype.name}; central differences need float64 or complex128, "
                "as in x.double()"
            )
    return active


def gradcheck(
    func: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    fast_mode: bool = False,
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
    fast_mode : compare along one random direction of inputs and outputs, instead of whole Jacobians

    Returns
    -------
    bool : whether they agree

    Raises
    ------
    GradcheckError : they differ; the message names output and input, and shows both Jacobians
    ValueError : no input requires a gradient, or one of low precision does

    Notes
    -----
    For complex inputs and outputs the gradient is PyTorch's, the conjugate Wirtinger derivative: its real
    inner product with a direction is the change of the output along it.

    >>> import pluggrad
    >>> x = pluggrad.tensor([0.5, 2.0], dtype=pluggrad.float64, requires_grad=True)
    >>> gradcheck(pluggrad.exp, x)
    True
    """
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    active = _check_inputs(inputs)
    if not _tensors(func(*inputs)):
        raise ValueError("gradcheck: the function returned no tensor")
    try:
        for i in active:
            if fast_mode:
                _check_along(func, inputs, i, eps, atol, rtol)
                continue
            analytic = analytical_jacobian(func, inputs, i)
            again = analytical_jacobian(func, inputs, i)
            numeric = numerical_jacobian(func, inputs, i, eps)
            for k, (a, b, n) in enumerate(zip(analytic, again, numeric, strict=True)):
                for v in a:
                    _compare(k, i, v, a[v], n[v], atol, rtol)
                    if not all(
                        _close(p, q, nondet_tol, 0.0)
                        for r, s in zip(a[v], b[v], strict=True)
                        for p, q in zip(r, s, strict=True)
                    ):
                        raise GradcheckError(
                            "Backward is not reentrant, i.e., running backward with same input and grad_output "
                            f"multiple times gives different values (output {k}, input {i})"
                        )
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def _compare(k: int, i: int, v: complex, analytic: Rows, numeric: Rows, atol: float, rtol: float) -> None:
    if all(_close(a, n, atol, rtol) for r, s in zip(analytic, numeric, strict=True) for a, n in zip(r, s, strict=True)):
        return
    part = " (imaginary part of the output)" if v == 1j else ""
    raise GradcheckError(
        f"Jacobian mismatch for output {k} with respect to input {i}{part}: a row for each element of the input, "
        f"a column for each of the output\nnumerical:\n{_show(numeric)}\nanalytical:\n{_show(analytic)}"
    )


def _check_along(
    func: Callable[..., Any], inputs: tuple[Any, ...], i: int, eps: float, atol: float, rtol: float
) -> None:
    rng = random.Random(0)
    x = inputs[i]

    def draw(t: Tensor) -> list[complex]:
        return [
            complex(rng.gauss(0, 1), rng.gauss(0, 1)) if t.dtype.is_complex else rng.gauss(0, 1)
            for _ in range(math.prod(t.shape))
        ]

    direction = draw(x)
    changes = _difference(func, list(inputs), i, direction, eps)
    for (k, out), change in zip(_differentiable(_tensors(func(*inputs))), changes, strict=True):
        cotangent = draw(out)
        numeric = math.fsum(_inner(v, d) for v, d in zip(cotangent, change, strict=True))
        analytic = 0.0
        if out._node is not None:
            (g,) = grad(out, x, _like(cotangent, out), retain_graph=True, allow_unused=True)
            if g is not None:
                analytic = math.fsum(_inner(a, d) for a, d in zip(_flat(g), direction, strict=True))
        # The sum has as many terms as there are elements, and an error from each.
        scale = math.sqrt(len(cotangent) * len(direction))
        if not _close(analytic, numeric, atol * scale, rtol):
            raise GradcheckError(
                f"Jacobian mismatch for output {k} with respect to input {i} in fast mode, along a random direction: "
                f"numerical: {numeric:.6g}, analytical: {analytic:.6g}. Run with fast_mode=False to see the Jacobians."
            )


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    grad_outputs: Tensor | Sequence[Tensor] | None = None,
    **options: Any,
) -> bool:
    """Compare second derivatives with central differences of the first.

    Parameters
    ----------
    func, inputs : as in :func:`gradcheck`
    grad_outputs : the cotangents at which to differentiate the gradient; default: random ones
    options : those of :func:`gradcheck`

    Raises
    ------
    GradcheckError, ValueError : as :func:`gradcheck`

    >>> import pluggrad
    >>> x = pluggrad.tensor([0.5, 2.0], dtype=pluggrad.float64, requires_grad=True)
    >>> gradgradcheck(pluggrad.exp, x)
    True
    """
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    active = _check_inputs(inputs)
    outputs = [out for _, out in _differentiable(_tensors(func(*inputs)))]
    if grad_outputs is None:
        rng = random.Random(1)
        cotangents = [_like([rng.gauss(0, 1) for _ in range(math.prod(o.shape))], o) for o in outputs]
    else:
        cotangents = [t.detach() for t in _tensors(grad_outputs)]
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
                if arguments[i]._node is None:  # a point of a central difference
                    arguments[i] = arguments[i].detach().requires_grad_()
            outs = [out for _, out in _differentiable(_tensors(func(*arguments)))]
            kept = [(o, v) for o, v in zip(outs, vs, strict=True) if o._node is not None]
            return grad(
                [o for o, _ in kept], [arguments[i] for i in active], [v for _, v in kept],
                create_graph=True, materialize_grads=True,
            )  # fmt: skip
        finally:
            MODE.set(before)

    return gradcheck(gradient, (*inputs, *cotangents), **options)
