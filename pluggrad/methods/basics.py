"""Graph, memory, copies and Python scalars: ``backward``, ``detach``, ``data``, ``clone``, ``item``, ``bool(x)``."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..autograd import gradients, hooks
from ..autograd.inplace import overwrite
from ..autograd.mode import no_grad
from ..autograd.operands import is_operand
from ..autograd.transforms.levels import without_tangents
from ..dtypes import DType
from ..errors import DTypeError, GradientError, ShapeError
from ..ops import creation, transfer, views
from ..tensor import Leaf, Tensor, inference, make
from ..tensor.memory import Base, View, link_alias, shared
from .attach import method


@method()
def backward(
    self: Tensor,
    gradient: Tensor | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """Accumulate the gradients of this tensor into the ``grad`` of the leaves; see :func:`pluggrad.autograd.backward`.

    >>> import pluggrad
    >>> x = pluggrad.tensor(3.0, requires_grad=True)
    >>> (x * x).backward()
    >>> x.grad
    tensor(6.)
    """
    gradients.backward(self, gradient, retain_graph, create_graph, inputs)


@method()
def detach(self: Tensor) -> Tensor:
    """A tensor over the same memory, outside the graph; in forward mode, without a tangent."""
    out = make(without_tangents(self._array, self._type), self._type)
    link_alias(self, out)
    return out


@method()
def detach_(self: Tensor) -> Tensor:
    """Take this tensor out of the graph that computed it, in place."""
    if self._view is not None and self._view.path:
        raise GradientError("Can't detach views in-place. Use detach() instead.")
    self._set_node(None)
    return self


@method()
def requires_grad_(self: Tensor, requires_grad: bool = True) -> Tensor:
    """Set ``requires_grad`` of a leaf and return it."""
    self.requires_grad = requires_grad
    return self


@method()
def is_inference(self: Tensor) -> bool:
    """Whether it was made in ``inference_mode``, or shows memory of a tensor that was."""
    return inference.is_inference(self)


@method()
def clone(self: Tensor, *, memory_format: Any = None) -> Tensor:
    """A copy with memory of its own, in the graph."""
    return creation._copy(self)


@method()
def register_hook(self: Tensor, hook: Callable[[Tensor], Tensor | None]) -> hooks.RemovableHandle:
    """Call ``hook(grad)`` when the gradient of this tensor is computed; what it returns replaces it."""
    return hooks.register_hook(self, hook)


@method()
def register_post_accumulate_grad_hook(self: Tensor, hook: Callable[[Tensor], None]) -> hooks.RemovableHandle:
    """Call ``hook(tensor)`` when a gradient has been accumulated into this leaf's ``grad``."""
    return hooks.register_post_accumulate_grad_hook(self, hook)


@method()
def tolist(self: Tensor) -> Any:
    """Nested lists of Python scalars; a scalar for a 0-D tensor."""
    return self._type.kernels.tolist(self._array)


def _scalar(x: Tensor, message: str) -> Any:
    """The one element of a tensor as a Python scalar."""
    array, kernels = x._array, x._type.kernels
    if not array.ndim:
        return kernels.tolist(array)
    if math.prod(array.shape) != 1:
        raise ShapeError(message)
    return kernels.tolist(kernels.namespace.reshape(array, ()))


@method()
def item(self: Tensor) -> Any:
    """The one element, as a Python scalar.

    Raises
    ------
    ShapeError : more or fewer than one element

    >>> import pluggrad
    >>> pluggrad.asarray([[7]]).item()
    7
    """
    return _scalar(self, f"a Tensor with {self.size} elements cannot be converted to Scalar")


@method()
def view(self: Tensor, *shape: Any) -> Tensor:
    """This tensor in another shape, sharing its memory; see :func:`pluggrad.ops.views.view`.

    Raises
    ------
    NotImplementedError : another dtype: there is no common way to read the memory of arrays so
    """
    if shape and isinstance(shape[0], DType):
        if shape[0] is not self.dtype:
            raise NotImplementedError(
                f"view: the memory of a {self.dtype} tensor cannot be read as {shape[0]}; .to({shape[0]}) converts "
                "values, and on the CPU pluggrad.from_numpy(x.numpy().view(...)) reads the memory"
            )
        shape = (self.shape,)
    return views.view(self, *shape)


@method()
def stride(self: Tensor, dim: int | None = None) -> Any:
    """Steps between neighbours along each axis (or one), in elements."""
    strides = self._type.kernels.strides(self._array)
    return strides if dim is None else strides[dim]


@method()
def copy_(self: Tensor, src: Tensor, non_blocking: bool = False) -> Tensor:
    """Write the values of ``src`` into this tensor: broadcast, cast and moved to its shape, dtype and device."""
    value = creation.asarray(src, dtype=self.dtype, device=self.device)
    return overwrite(self, views.broadcast_to(value, self.shape))


# -- sizes -------------------------------------------------------------------------------------------


@method("nelement")
def numel(self: Tensor) -> int:
    """The number of elements.

    >>> import pluggrad
    >>> pluggrad.zeros(2, 3).numel()
    6
    """
    return math.prod(self._array.shape)


@method()
def element_size(self: Tensor) -> int:
    """The size of one element in bytes."""
    return self.dtype.itemsize


@method("ndimension")
def dim(self: Tensor) -> int:
    """The number of axes."""
    return self._array.ndim


@method()
def is_same_size(self: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape."""
    return tuple(self._array.shape) == tuple(other._array.shape)


# -- memory ------------------------------------------------------------------------------------------


def _get_data(self: Tensor) -> Tensor:
    """The values as a tensor outside the graph that shares the memory; assigned, other values for the same tensor.

    >>> import pluggrad
    >>> w = pluggrad.ones(2, requires_grad=True)
    >>> w.data.mul_(3)
    tensor([3., 3.])
    >>> w.data = pluggrad.zeros(2)
    >>> w
    tensor([0., 0.], requires_grad=True)
    """
    return detach(self)


def _set_data(self: Tensor, value: Tensor) -> None:
    if not isinstance(value, Tensor):
        raise TypeError(f"data must be set to a Tensor, got {type(value).__name__}")
    node = self._node
    if node is not None and not value.dtype.is_differentiable:
        raise DTypeError("data set to a tensor that requires gradients must be floating point or complex dtype")
    computed = node is not None and type(node) is not Leaf
    if computed and (value._type is not self._type or value._array.shape != self._array.shape):
        raise GradientError(
            f"data of a computed tensor can be replaced by values of its own shape, dtype and device only, on which "
            f"its graph relies: it is {list(self.shape)} {self.dtype.name} on {self.device}, got {list(value.shape)} "
            f"{value.dtype.name} on {value.device}; use detach() first"
        )
    if self._view is not None:
        # It leaves the tensors that it shared memory with; graphs keep the old values by their Buffers.
        self._view.base.members = [ref for ref in self._view.base.members if ref() is not self]
    self._array, self._type, self._buffer = value._array, value._type, None
    if not computed and self._leaf is not None:
        self._leaf.shape, self._leaf.type = value._array.shape, value._type
    self._view = View(Base(self, shared(value).base.storage), ())


Tensor.data = property(_get_data, _set_data, doc=_get_data.__doc__)  # type: ignore[attr-defined]


@method()
def is_contiguous(self: Tensor, memory_format: Any = None) -> bool:
    """Whether the elements lie in memory in row-major order, without gaps.

    >>> import pluggrad
    >>> x = pluggrad.zeros(2, 3)
    >>> x.is_contiguous(), x[:, 0].is_contiguous()
    (True, False)
    """
    step = 1
    shape, strides = self._array.shape, self._type.kernels.strides(self._array)
    for n, stride in zip(reversed(shape), reversed(strides), strict=True):
        if n != 1 and stride != step and 0 not in shape:
            return False
        step *= n
    return True


@method()
def contiguous(self: Tensor, memory_format: Any = None) -> Tensor:
    """This tensor, or a copy in row-major order if its memory is not laid out so."""
    return self if is_contiguous(self) else creation._copy(self)


@method()
def data_ptr(self: Tensor) -> int:
    """The address of the first element."""
    return self._type.kernels.data_ptr(self._array)


@method()
def pin_memory(self: Tensor, device: Any = None) -> Tensor:
    """A copy in pinned memory, from which a GPU copies by itself: ``x.pin_memory().to("cuda", non_blocking=True)``.

    This tensor, if it lies there already. ``device`` is accepted for PyTorch's sake: it is this machine's accelerator.

    Raises
    ------
    BackendUnavailable : there is no accelerator, a RuntimeError
    DeviceError : a tensor that is not in the CPU's memory
    """
    return transfer.pin(self)


@method()
def is_pinned(self: Tensor, device: Any = None) -> bool:
    """Whether the tensor lies in pinned memory: see :func:`pin_memory`."""
    return transfer.is_pinned(self)


@method()
def record_stream(self: Tensor, stream: Any) -> None:
    """Say that a stream of a GPU, other than the one on which the tensor was made, uses its memory.

    When the tensor is gone, its memory is not given to others before what is queued on that stream by then is done.

    Parameters
    ----------
    stream : :class:`pluggrad.cuda.Stream`

    Raises
    ------
    DeviceError : a tensor that is on no GPU
    """
    transfer.record_stream(self, stream)


# -- as Python values --------------------------------------------------------------------------------


@method()
def __bool__(self: Tensor) -> bool:
    if math.prod(self._array.shape) == 0:
        raise ShapeError("Boolean value of Tensor with no values is ambiguous")
    return bool(_scalar(self, "Boolean value of Tensor with more than one value is ambiguous; use any() or all()"))


_ONE_ELEMENT = "only one element tensors can be converted to Python scalars"


def _real_scalar(x: Tensor, name: str) -> Any:
    if x.dtype.is_complex:
        raise DTypeError(f"{name}() of a complex tensor is ambiguous; take its real part or its absolute value first")
    return _scalar(x, f"{_ONE_ELEMENT}, got shape {tuple(x.shape)}")


@method()
def __int__(self: Tensor) -> int:
    return int(_real_scalar(self, "int"))


@method()
def __float__(self: Tensor) -> float:
    return float(_real_scalar(self, "float"))


@method()
def __complex__(self: Tensor) -> complex:
    return complex(_scalar(self, f"{_ONE_ELEMENT}, got shape {tuple(self.shape)}"))


@method()
def __index__(self: Tensor) -> int:
    value = _scalar(self, "") if math.prod(self._array.shape) == 1 else None
    if not isinstance(value, int):
        raise TypeError(
            f"only integer tensors of a single element can be converted to an index, got {self.dtype.name} of shape "
            f"{tuple(self.shape)}"
        )
    return int(value)


@method()
def __iter__(self: Tensor) -> Iterator[Tensor]:
    # Not a generator function: iter() itself must raise, since NumPy and Matplotlib ask it.
    if not self._array.ndim:
        raise TypeError("iteration over a 0-d tensor")
    return (self[i] for i in range(self._array.shape[0]))


@method()
def __reversed__(self: Tensor) -> Tensor:
    return self.flip(0) if self._array.ndim else self


@method()
def __contains__(self: Tensor, element: Any) -> bool:
    if not is_operand(element):
        raise DTypeError(f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}.")
    with no_grad():
        return bool((self == element).any())


@method()
def __format__(self: Tensor, spec: str) -> str:
    # As PyTorch does: a number where there is one, so that f"{loss:.3f}" works.
    if not self._array.ndim and type(self) is Tensor:
        return format(self.item(), spec)
    return object.__format__(self, spec)


# -- copies ------------------------------------------------------------------------------------------


def _attributes(x: Tensor) -> dict[str, Any]:
    """What the user attached to a tensor."""
    return {k: v for k, v in x.__dict__.items() if k not in ("frozen_leaf", "plain_grad")}


@method()
def __copy__(self: Tensor) -> Tensor:
    out = make(self._array, self._type, type(self))
    link_alias(self, out)
    out.requires_grad = self.requires_grad
    out.__dict__.update(_attributes(self))
    return out


@method()
def __deepcopy__(self: Tensor, memo: dict[int, Any]) -> Tensor:
    if id(self) in memo:
        return memo[id(self)]
    if not self.is_leaf:
        raise GradientError(
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment; "
            "copy x.detach() or x.clone() instead"
        )
    out = make(self._type.kernels.copy(self._array), self._type, type(self))
    memo[id(self)] = out
    out.requires_grad = self.requires_grad
    if self.grad is not None:
        out.grad = copy.deepcopy(self.grad, memo)
    out.__dict__.update(copy.deepcopy(_attributes(self), memo))
    return out


def _rebuild(
    cls: type[Tensor], values: Any, shape: tuple[int, ...], dtype: DType, device: str, requires_grad: bool
) -> Tensor:
    """A tensor from what was pickled."""
    x = creation.asarray(values, dtype=dtype, device=device)
    # Nested lists do not tell the shape of an empty tensor.
    self = make(x._type.kernels.namespace.reshape(x._array, shape), x._type, cls)
    self.requires_grad = requires_grad
    return self


@method()
def __reduce_ex__(self: Tensor, protocol: Any) -> tuple[Any, ...]:
    # As PyTorch does, a computed tensor becomes a leaf.
    values = self._type.kernels.to_host(self._array)
    arguments = (type(self), values, tuple(self._array.shape), self.dtype, str(self.device), self.requires_grad)
    return (_rebuild, arguments, _attributes(self) or None)
