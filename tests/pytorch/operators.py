"""PyTorch's own table of its operators, with the arguments that it generates for each, called on ``pluggrad.torch``.

``torch.testing._internal`` describes some seven hundred operators: which dtypes each takes, and arguments for it
(empty, 0-D, broadcast, non-contiguous, with every option), right and wrong. Here they are read, converted, and
called on both libraries.
"""

from __future__ import annotations

import itertools
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

import pluggrad.torch as pt

from .compare import assert_same, flat, name_of, to_numpy

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from torch.testing._internal.common_methods_invocations import op_db

DTYPES = (torch.float64, torch.float32, torch.complex128, torch.int64, torch.uint8, torch.bool)
OPERATORS: dict[str, Any] = {op.full_name: op for op in op_db}


class NoCounterpart(Exception):
    """An argument that pluggrad has no counterpart of, such as a sparse tensor."""


def converted(value: Any, leaves: list[tuple[Any, Any]]) -> Any:
    """An argument for pluggrad; ``leaves`` collects the tensors of both libraries whose gradients to compare."""
    if isinstance(value, torch.Tensor):
        if (
            value.device.type != "cpu"
            or value.layout is not torch.strided
            or value.dtype not in (*DTYPES, torch.int32, torch.complex64)
        ):
            raise NoCounterpart(f"{value.layout}, {value.dtype}")
        plain = value.detach().resolve_conj().resolve_neg().numpy()
        x = pt.from_numpy(plain.copy(order="K"))
        if value.requires_grad:
            leaves.append((value, x.requires_grad_()))
        return x
    if isinstance(value, torch.dtype | torch.layout | torch.memory_format):
        return getattr(pt, name_of(value))
    if isinstance(value, torch.device):
        return pt.device(str(value))
    if isinstance(value, torch.Generator):
        return pt.Generator()
    if isinstance(value, torch.Size):
        return tuple(value)
    if isinstance(value, list | tuple):
        return type(value)(converted(v, leaves) for v in value)
    if isinstance(value, dict):
        return {k: converted(v, leaves) for k, v in value.items()}
    if callable(value) and (getattr(value, "__module__", None) or "").startswith("torch"):
        raise NoCounterpart(str(value))
    return value


def rebound(function: types.FunctionType) -> Callable[..., Any]:
    """A function of PyTorch's tests that calls ``torch``, calling ``pluggrad.torch``."""
    cells = tuple(
        types.CellType(rebound(c.cell_contents)) if isinstance(c.cell_contents, types.FunctionType) else c
        for c in function.__closure__ or ()
    )
    space = {**function.__globals__, "torch": pt, "F": pt.nn.functional}
    made = types.FunctionType(function.__code__, space, function.__name__, function.__defaults__, cells or None)
    made.__kwdefaults__ = function.__kwdefaults__
    return made


def counterpart(op: Any) -> Callable[..., Any] | None:
    """Our function for an operator; None if there is none."""
    if isinstance(op.op, types.FunctionType) and op.op.__module__.startswith("torch.testing"):
        return rebound(op.op)
    if isinstance(op.op, types.MethodDescriptorType):
        return getattr(pt.Tensor, op.name, None)
    found: Any = pt
    for part in op.name.split("."):
        found = getattr(found, part, None)
    if found is None or isinstance(found, pt.dtype):
        found = getattr(pt.Tensor, op.name, None)
    return (lambda x: getattr(x, op.name)) if isinstance(found, property) else found


def samples(op: Any, dtype: torch.dtype, count: int | None) -> Iterator[Any]:
    """The first ``count`` argument lists of an operator."""
    gradient = op.supports_autograd and dtype in op.supported_backward_dtypes("cpu")
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield from itertools.islice(op.sample_inputs("cpu", dtype, requires_grad=gradient and _is_double(dtype)), count)


def _is_double(dtype: torch.dtype) -> bool:
    return dtype in (torch.float64, torch.complex128)


def shown(sample: Any) -> str:
    """A sample for a message: shapes in the place of tensors."""

    def short(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return f"{name_of(value.dtype)}{list(value.shape)}"
        if isinstance(value, list | tuple):
            return [short(v) for v in value]
        return value

    words = ", ".join(f"{k}={short(v)}" for k, v in sample.kwargs.items())
    return f"({short(sample.input)}, {short(sample.args)}, {words})"[:300]


def outcome(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What a call gives, or the exception it raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return call(*args, **kwargs)
        except Exception as error:
            return error


def check_sample(op: Any, ours: Callable[..., Any], sample: Any, values: bool) -> None:
    """Compare one call: shapes and dtypes, and with ``values`` the numbers and the gradients."""
    leaves: list[tuple[Any, Any]] = []
    try:
        arguments = [converted(v, leaves) for v in (sample.input, sample.args, sample.kwargs)]
    except NoCounterpart:
        return
    # Some operators are for Hermitian or triangular matrices alone; PyTorch's wrapper makes the argument one.
    wrapper = op.gradcheck_wrapper
    wanted = outcome(wrapper, op.op, sample.input, *sample.args, **sample.kwargs)
    mine = rebound(wrapper) if isinstance(wrapper, types.FunctionType) else wrapper
    found = outcome(mine, ours, arguments[0], *arguments[1], **arguments[2])
    if isinstance(wanted, Exception):
        assert isinstance(found, Exception), f"no error, PyTorch raises {wanted!r}"
        return
    if isinstance(found, Exception):
        raise found
    if not values:
        assert_alike(found, wanted)
        return
    assert_same(found, wanted, "float32" if _holds_single(wanted) else "float64", op.name)
    if leaves:
        check_gradients(found, wanted, leaves, op.name)


def _holds_single(value: Any) -> bool:
    return any(isinstance(v, torch.Tensor) and name_of(v.dtype) in ("float32", "complex64") for v in flat(value))


def assert_alike(ours: Any, theirs: Any) -> None:
    """The same shapes and dtypes."""
    mine, wanted = flat(ours), flat(theirs)
    assert len(mine) == len(wanted)
    for a, b in zip(mine, wanted, strict=True):
        if isinstance(b, torch.Tensor):
            assert (tuple(a.shape), name_of(a.dtype)) == (tuple(b.shape), name_of(b.dtype))


def check_gradients(ours: Any, theirs: Any, leaves: list[tuple[Any, Any]], what: str) -> None:
    """Compare the gradients of a fixed combination of all results that PyTorch differentiates."""
    rng = np.random.default_rng(0)
    total: Any = torch.zeros((), dtype=torch.float64)
    mine: Any = pt.zeros((), dtype=pt.float64)
    for a, b in zip(flat(ours), flat(theirs), strict=True):
        if isinstance(b, torch.Tensor) and b.requires_grad:
            for part in ("real", "imag") if b.dtype.is_complex else ("real",):
                weights = rng.uniform(0.5, 1.5, tuple(b.shape))
                total = total + (getattr(b, part) * torch.as_tensor(weights)).sum()
                mine = mine + (getattr(a, part) * pt.as_tensor(weights)).sum()
    for theirs_leaf, _ in leaves:
        theirs_leaf.grad = None
    if not total.requires_grad or isinstance(outcome(total.backward), Exception):
        return  # PyTorch has no gradient
    if mine.requires_grad:
        mine.backward()
    for i, (b, a) in enumerate(leaves):
        wanted = np.zeros(tuple(b.shape)) if b.grad is None else to_numpy(b.grad.resolve_conj().resolve_neg())
        found = np.zeros(tuple(b.shape)) if a.grad is None else to_numpy(a.grad)
        np.testing.assert_allclose(found, wanted, 1e-6, 1e-6, err_msg=f"{what}: gradient of tensor {i}")


def detached(value: Any) -> Any:
    """Arguments without gradients."""
    if isinstance(value, torch.Tensor | pt.Tensor):
        return value.detach()
    if type(value) in (list, tuple):
        return type(value)(map(detached, value))
    return {k: detached(v) for k, v in value.items()} if isinstance(value, dict) else value


def check_variant(op: Any, sample: Any, variant: str) -> None:
    """Compare a call as a method, in place, or with ``out=``, where PyTorch has it."""
    given = [detached(v) for v in (sample.input, sample.args, sample.kwargs)]
    try:
        own = [converted(v, []) for v in given]
    except NoCounterpart:
        return
    if variant == "out":
        plain = outcome(op.op, given[0], *given[1], **given[2])
        results = plain if isinstance(plain, tuple) else (plain,)
        if not op.supports_out or not all(isinstance(r, torch.Tensor) for r in results):
            return
        theirs = tuple(torch.empty_like(r) for r in results)
        ours = tuple(pt.empty(tuple(r.shape), dtype=getattr(pt, name_of(r.dtype))) for r in results)
        single = not isinstance(plain, tuple)
        found = outcome(counterpart(op) or _absent, own[0], *own[1], **own[2], out=ours[0] if single else ours)
        wanted = outcome(op.op, given[0], *given[1], **given[2], out=theirs[0] if single else theirs)
        found = found if isinstance(found, Exception) else ours
        wanted = wanted if isinstance(wanted, Exception) else theirs
    else:
        method = op.method_variant if variant == "method" else op.inplace_variant
        name = op.name if variant == "method" else getattr(method, "__name__", "")
        if method is None or not hasattr(torch.Tensor, name) or not isinstance(given[0], torch.Tensor):
            return
        wanted = outcome(method, given[0].clone(), *given[1], **given[2])
        found = outcome(getattr(pt.Tensor, name, _absent), own[0].clone(), *own[1], **own[2])
    if isinstance(wanted, Exception):
        return
    if isinstance(found, Exception):
        raise found
    assert_same(found, wanted, "float32" if _holds_single(wanted) else "float64", op.name)


def _absent(*args: Any, **kwargs: Any) -> Any:
    raise AttributeError("pluggrad has no such function")


__all__ = [
    "DTYPES", "OPERATORS", "NoCounterpart", "check_sample", "check_variant", "converted", "counterpart", "outcome",
    "samples", "shown",
]  # fmt: skip
