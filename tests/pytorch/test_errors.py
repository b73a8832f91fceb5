"""Wrong arguments: where PyTorch raises, so does pluggrad.torch, with the same class.

The calls are those that PyTorch's own tests expect errors of; beside them the commonest mistakes, made in every
operator: another type for a tensor, one argument too many, a keyword that is none.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("expecttest")  # which PyTorch's own tests need

import torch

import pluggrad.torch as pt
from pluggrad.autograd.operands import ZeroDim

from .operators import OPERATORS, NoCounterpart, converted, counterpart, outcome, samples, shown
from .test_operators import COMPARED

pytestmark = pytest.mark.cpu  # what is compared with PyTorch is NumPy's

#: Calls that give a result here, or another class, on purpose: the operator, and what PyTorch says.
DIFFERENT: dict[str, tuple[str, ...]] = {
    # the result is computed before it is written, so out= may share memory with what it is computed from
    **dict.fromkeys(
        ("kthvalue", "masked_select", "gather", "index_select", "take", "bernoulli", "cat"),
        ("unsupported operation: ", "Trying to resize storage that is not resizable"),
    ),
    # a pool over no channels is empty
    "nn.functional.max_pool1d": ("max_pool1d: Expected 2D or 3D",),
    "nn.functional.max_pool3d": ("max_pool3d_with_indices_out_cpu_template(): Expected input's non-batch",),
    # two mistakes, of which another is found first
    "arange": ("step must be nonzero",), "nn.functional.multi_margin_loss": ("weight must be one-dimensional",),
    # the axis is one that narrow_copy does not have, as for narrow: an IndexError
    "narrow_copy": ("Expected dim < ",),
    # Python's methods of operators, called on numbers
    **dict.fromkeys(("__radd__", "__rmul__", "__rand__", "__ror__", "__rxor__"), ("descriptor ",)),
}  # fmt: skip


@pytest.fixture(autouse=True)
def zero_dim_tensors_are_weak() -> Iterator[None]:
    """As after ``install()``: for methods and operators, too."""
    ZeroDim.weak = True
    yield
    ZeroDim.weak = False


def check_error(op: Any, sample: Any) -> None:
    try:
        arguments = [converted(v, []) for v in (sample.input, sample.args, sample.kwargs)]
    except (NoCounterpart, ValueError):  # a tensor of more axes than NumPy's have
        return
    wanted = outcome(op.op, sample.input, *sample.args, **sample.kwargs)
    if not isinstance(wanted, Exception) or str(wanted).startswith(DIFFERENT.get(op.name, ("\0",))):
        return
    found = outcome(counterpart(op) or pytest.fail, arguments[0], *arguments[1], **arguments[2])
    assert isinstance(found, type(wanted)), f"{op.full_name}{shown(sample)}: {found!r}, PyTorch: {wanted!r}"


@pytest.mark.parametrize("part", range(4))
def test_errors_that_pytorch_lists(part: int) -> None:
    for name in COMPARED[part::4]:
        op = OPERATORS[name]
        if op.error_inputs_func is not None:
            for error in op.error_inputs("cpu"):
                check_error(op, error.sample_input)


def is_function(op: Any) -> bool:
    """Whether it is a function of a module, and not a method or one of PyTorch's tests' own."""
    return not isinstance(op.op, types.MethodDescriptorType | types.WrapperDescriptorType) and "testing" not in (
        getattr(op.op, "__module__", None) or ""
    )


@pytest.mark.parametrize("part", [0, *(pytest.param(p, marks=pytest.mark.slow) for p in range(1, 10))])
def test_what_is_no_tensor(part: int) -> None:
    for name in COMPARED[part::10]:
        op, ours = OPERATORS[name], counterpart(OPERATORS[name])
        dtype = next((d for d in (torch.float32, torch.int64, torch.bool) if d in op.supported_dtypes("cpu")), None)
        sample = None if dtype is None else next(samples(op, dtype, 1), None)
        if sample is None or not isinstance(sample.input, torch.Tensor) or not is_function(op):
            continue
        for given, words in (("a", sample.kwargs), (sample.input, {"nonsense": 1})):
            wanted = outcome(op.op, given, *sample.args, **words)
            try:
                own = [converted(v, []) for v in (given, sample.args, words)]
            except NoCounterpart:
                continue
            found = outcome(ours or pytest.fail, own[0], *own[1], **own[2])
            if isinstance(wanted, TypeError):
                assert isinstance(found, TypeError), f"{name}, {given!r}: {found!r}, PyTorch: {wanted!r}"


def test_dtypes_are_the_same() -> None:
    x, y = pt.ones(2, 2), pt.ones(2, 2, dtype=pt.int64)
    with pytest.raises(RuntimeError, match="same dtype, got float32, int64"):
        pt.matmul(x, y)
    with pytest.raises(RuntimeError, match="same dtype"):
        pt.nn.functional.linear(y, x)
    with pytest.raises(RuntimeError, match="std.*int64 is not supported"):
        pt.std(y)
    assert (x @ y).dtype == pt.float32


def test_out_must_fit() -> None:
    with pytest.raises(RuntimeError, match="to have dtype float32, got float64"):
        pt.matmul(pt.ones(2, 2), pt.ones(2, 2), out=pt.empty(2, 2, dtype=pt.float64))
    with pytest.raises(RuntimeError, match="single memory location"):
        pt.exp(pt.ones(2, 2), out=pt.ones(2, 1).expand(2, 2))
    assert pt.exp(pt.zeros(2), out=pt.ones(2, dtype=pt.float64)).tolist() == [1.0, 1.0]


def test_attributes_that_python_values_lack_are_wrong_arguments() -> None:
    with pytest.raises(TypeError, match="pad.*NoneType"):
        pt.nn.functional.pad(None, (1, 1))
    with pytest.raises(TypeError, match="broadcast_tensors.*int"):
        pt.broadcast_tensors(1, 2)
