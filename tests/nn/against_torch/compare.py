"""What is done with a case: both libraries run it, and what they give is compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import pluggrad

from .case import Array, Case

#: Relative and absolute tolerance in float64.
FLOAT64 = 1e-9


def build(lib: Any, text: str) -> Any:
    """The module that a text describes, in one of the libraries."""
    return eval(text, {**vars(lib.nn), "lib": lib, "nn": lib.nn, "F": lib.nn.functional})


def is_tensor(x: Any) -> bool:
    return hasattr(x, "requires_grad") and hasattr(x, "detach")


def host(x: Any) -> np.ndarray:
    """A tensor of either library as a NumPy array."""
    if isinstance(x, pluggrad.Tensor):
        return np.asarray(x.detach().tolist(), dtype=x.dtype.name).reshape(tuple(x.shape))
    return np.asarray(x.detach().cpu().numpy())


def leaves(result: Any) -> Iterator[Any]:
    """What a call gave, as a flat row."""
    if isinstance(result, dict):
        for key in result:
            yield from leaves(result[key])
    elif isinstance(result, tuple | list):
        for item in result:
            yield from leaves(item)
    else:
        yield result


class Run:
    """One library's run of a case: what came out, and the gradients of a weighted sum of it."""

    def __init__(self, lib: Any, case: Case, dtype: str, training: bool, state: Any = None) -> None:
        self.lib, self.case, self.dtype = lib, case, dtype
        self.module = None if case.build is None else build(lib, case.build)
        if self.module is not None:
            self.module.to(getattr(lib, dtype)).train(training)
            if state is not None:
                self.module.load_state_dict(state)
            if lib is pluggrad:
                self.module.to(pluggrad.get_default_device())
        self.inputs: list[Any] = []
        rng = np.random.default_rng(0)
        args = self._tensors(case.args, rng)
        kwargs = self._tensors(case.kwargs, rng)
        call: Callable[..., Any] = self.module or getattr(lib.nn.functional, case.name)
        self.outputs = list(leaves(call(*args, **kwargs)))

    def _tensors(self, argument: Any, rng: np.random.Generator) -> Any:
        """The arguments with tensors in the place of arrays."""
        if isinstance(argument, tuple | list):
            return type(argument)([self._tensors(a, rng) for a in argument])
        if isinstance(argument, dict):
            return {k: self._tensors(a, rng) for k, a in argument.items()}
        if not isinstance(argument, Array):
            return argument
        array = argument.values(rng)
        floating = array.dtype.kind == "f"
        if floating:
            array = array.astype(self.dtype)
        options = {"device": pluggrad.get_default_device()} if self.lib is pluggrad else {}
        x = self.lib.tensor(array, **options)
        if not (floating and argument.grad):
            return x
        self.inputs.append(x.requires_grad_())
        return x * 1  # a computed value, for what works in place

    def backward(self) -> None:
        """Gradients of a sum in which every element of the outputs has a weight of its own."""
        total: Any = None
        for out in self.outputs:
            if is_tensor(out) and out.requires_grad:
                count = int(np.prod(tuple(out.shape)))
                weights = np.cos(np.arange(1.0, count + 1.0)).reshape(tuple(out.shape)).astype(self.dtype)
                options = {"device": pluggrad.get_default_device()} if self.lib is pluggrad else {}
                term = (out * self.lib.tensor(weights, **options)).sum()
                total = term if total is None else total + term
        if total is not None:
            total.backward()

    def gradients(self) -> Iterator[tuple[str, Any]]:
        """By name, those of the inputs and of the parameters."""
        for i, x in enumerate(self.inputs):
            yield f"input {i}", x.grad
        if self.module is not None:
            for name, parameter in self.module.named_parameters():
                yield name, parameter.grad


def close(mine: Any, yours: Any, tolerance: float, what: str) -> None:
    """Both are equal, or tensors of one shape and dtype whose elements are close."""
    if not is_tensor(yours):
        assert mine == yours, what
        return
    assert is_tensor(mine), f"{what}: no tensor but {mine!r}"
    assert tuple(mine.shape) == tuple(yours.shape), f"{what}: shapes {tuple(mine.shape)} and {tuple(yours.shape)}"
    assert mine.dtype.name == str(yours.dtype).removeprefix("torch."), what
    np.testing.assert_allclose(host(mine), host(yours), rtol=tolerance, atol=tolerance, err_msg=what)
