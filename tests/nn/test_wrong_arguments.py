"""Each module and function with one argument wrong: refused with the class of exception that PyTorch refuses it with.

The calls are the cases of ``tests/nn/against_torch/cases/`` with an argument left out, put in, or of another type or
shape. ``tests/pytorch/test_wrong_calls.py`` has calls that are wrong in other ways.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pluggrad

from .against_torch.case import Array, Case
from .against_torch.cases import CASES
from .against_torch.compare import build

torch = pytest.importorskip("torch")

#: One case for each module and function, the first.
FIRST = list({(case.name, case.build is None): case for case in reversed(CASES)}.values())

#: Classes by which PyTorch fails on what it did not look at, and what stands for them here.
UNINTENDED = {AttributeError: TypeError, IndexError: ValueError}

#: What is put in the place of a tensor ``x``.
REPLACED: dict[str, Callable[[Any, Any], Any]] = {
    "None": lambda lib, x: None,
    "a text": lambda lib, x: "text",
    "a list": lambda lib, x: [1.0, 2.0],
    "one axis": lambda lib, x: lib.ones(3),
    "seven axes": lambda lib, x: lib.ones(1, 2, 1, 2, 1, 2, 2),
    "one less along the first axis": lambda lib, x: x[:-1] if x.ndim else x,
    "one less along the last axis": lambda lib, x: x[..., :-1] if x.ndim else x,
}


def tensors(lib: Any, argument: Any, rng: np.random.Generator) -> Any:
    """An argument with float32 and integer tensors in the place of arrays."""
    if isinstance(argument, tuple | list):
        return type(argument)([tensors(lib, a, rng) for a in argument])
    if isinstance(argument, dict):
        return {k: tensors(lib, a, rng) for k, a in argument.items()}
    if not isinstance(argument, Array):
        return argument
    array = argument.values(rng)
    return lib.tensor(array.astype("float32") if array.dtype.kind == "f" else array)


def refusal(lib: Any, case: Case, wrong: Callable[[list[Any]], list[Any]], **more: Any) -> Exception | None:
    """What a case raises when its arguments are made wrong, and ``more`` are given."""
    rng = np.random.default_rng(0)
    args, kwargs = tensors(lib, list(case.args), rng), tensors(lib, case.kwargs, rng)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        call = getattr(lib.nn.functional, case.name) if case.build is None else build(lib, case.build)
        try:
            call(*wrong(args), **kwargs, **more)
        except Exception as error:
            return error
    return None


@pytest.mark.cpu
@pytest.mark.parametrize("case", FIRST, ids=str)
def test_a_case_with_one_thing_wrong(case: Case) -> None:
    def compare(what: str, wrong: Callable[[Any], Callable[[list[Any]], list[Any]]], **more: Any) -> None:
        mine, yours = (refusal(lib, case, wrong(lib), **more) for lib in (pluggrad, torch))
        if mine is not None and yours is not None:
            expected = (type(yours), UNINTENDED.get(type(yours), type(yours)))
            assert isinstance(mine, expected) and str(mine), f"{what}: {mine!r}, and PyTorch {yours!r}"

    compare("an argument that is not there", lambda lib: lambda args: args, nonsense=1)
    compare("the last argument left out", lambda lib: lambda args: args[:-1])
    for i, argument in enumerate(case.args):
        if isinstance(argument, Array):
            for name, put in REPLACED.items():
                compare(
                    f"{name} for argument {i}",
                    lambda lib, i=i, put=put: lambda args: [*args[:i], put(lib, args[i]), *args[i + 1 :]],
                )
