"""What values are compared with: every function in float64, on NumPy, without any backend's kernels.

A reference must not share what it judges. It is a backend of its own, never registered: the bare namespace, and so the
functions' composed defaults, which are the definition of what a kernel computes.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Sequence
from types import ModuleType, SimpleNamespace
from typing import Any

from ... import autograd
from ...backends import LoadedBackend
from ...device import Device
from ...dtypes import DType, by_name
from ...function import Function, functions
from ...tensor import Tensor, make

DEVICE = "reference"

#: Views that the standard cannot make, and the functions that give the same values as copies.
COPYING = {
    "unfold": "windows", "as_strided": "copy_strided", "view_real": "real", "view_imag": "imag",
    "view_as_real": "copy_as_real", "view_as_complex": "copy_as_complex",
}  # fmt: skip


@functools.cache
def numpy() -> ModuleType:
    """NumPy. Imported by name when the suite runs, so that pluggrad without it imports no array library."""
    return importlib.import_module("numpy")


@functools.cache
def reference() -> LoadedBackend:
    """The reference backend: NumPy's namespace and nothing else."""
    plain = SimpleNamespace(namespace=importlib.import_module("array_api_compat.numpy"), devices=("cpu",))
    return LoadedBackend("reference", DEVICE, "pluggrad.testing", plain)


def on_reference(array: Any) -> Tensor:
    """A tensor of the reference backend over a NumPy array."""
    return make(array, reference().type_of(array))


def widen(array: Any) -> Any:
    """A NumPy array in float64 or complex128, if it is of a floating type at all."""
    return array.astype({"f": "float64", "c": "complex128"}.get(array.dtype.kind, array.dtype))


def evaluate(function: Function, arrays: Sequence[Any], parameters: dict[str, Any]) -> tuple[Any, ...]:
    """All outputs of a function on NumPy arrays (or None), computed by the reference."""
    np = numpy()
    function = functions()[COPYING.get(function.name, function.name)]
    tensors = [None if a is None else on_reference(a) for a in arrays]
    # Parameters such as indices make small arrays where the default device is.
    with autograd.no_grad(), Device("cpu"), np.errstate(all="ignore"):
        outputs = function.call(*tensors, **parameters)
    return tuple(np.asarray(o._array) for o in (outputs if isinstance(outputs, tuple) else (outputs,)))


def expected_dtype(reference_dtype: DType, tested: DType, parameters: dict[str, Any]) -> DType:
    """The dtype that an output must have, by that of the reference's output, which was computed in wide types."""
    if not tested.is_differentiable or any(isinstance(v, DType) for v in parameters.values()):
        return reference_dtype
    if reference_dtype.is_complex:
        return tested.to_complex()
    return tested.to_real() if reference_dtype.is_floating_point else reference_dtype


def host(x: Tensor) -> Any:
    """The values of a tensor as a NumPy array of its dtype; bfloat16, which NumPy lacks, as float32."""
    np = numpy()
    x = x.detach()
    if x.dtype.name == "bfloat16":
        x = x.to(by_name("float32"))
    if x.size <= 64:  # element by element: so that a wrong transfer does not make every function look wrong
        return np.asarray(x.tolist(), dtype=x.dtype.name).reshape(tuple(x.shape))
    return np.array(x.to("cpu").numpy())


@functools.cache
def is_elementwise(function: Function) -> bool:
    """Whether each element of the output depends on one element of each input alone, so that any shapes will do."""
    from ..samples import samples_of

    if function.view or function.has_many_outputs or function.parameters or function.variadic or function.optional:
        return False
    if function.broadcasts:
        return True
    samples = samples_of(function.name)
    if len(function.arrays) != 1 or not any(s.arrays[0].shape == () for s in samples):
        return False
    # A sum or a sort would change the shape, or take an axis.
    np = numpy()
    for sample in samples:
        (spec,) = sample.arrays
        try:
            (out,) = evaluate(function, [np.asarray(spec.values(0), dtype="float64" if spec.floating else None)], {})
        except (TypeError, ValueError):  # of integers or bools only
            return False
        if out.shape != spec.shape:
            return False
    return True
