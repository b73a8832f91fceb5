"""What PyTorch's programs ask a tensor: whether it is sparse, quantised, nested, on this or that device, conjugated.

pluggrad's tensors are dense, strided and computed at once, so most answers are no.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..dtypes import DType
from ..errors import ShapeError
from ..ops.joining import concat
from ..ops.manipulation import ravel
from ..ops.neural import piecewise
from ..tensor import Tensor
from ..tensor.formats import strided
from .attach import method

_NO = {
    "is_sparse": "holds only what is not zero", "is_sparse_csr": "holds only what is not zero, row by row",
    "is_quantized": "holds quantised numbers", "is_nested": "is a list of tensors of several shapes",
    "is_mkldnn": "has oneDNN's layout", "is_meta": "has a shape but no values",
}  # fmt: skip
for _name, _what in _NO.items():
    setattr(Tensor, _name, property(lambda self: False, doc=f"Whether it {_what}: no tensor here does."))


def _on(device_type: str) -> property:
    return property(lambda self: self.device.type == device_type, doc=f"Whether it is on {device_type!r}.")


for _type in ("mps", "xpu", "ipu", "xla", "hpu", "vulkan", "mtia", "maia"):
    setattr(Tensor, f"is_{_type}", _on(_type))


Tensor.layout = property(lambda self: strided, doc="How the elements lie: strided.")  # type: ignore[attr-defined]


def _always(name: str, answer: bool, why: str) -> Callable[[Tensor], bool]:
    def ask(self: Tensor) -> bool:
        return answer

    ask.__name__ = ask.__qualname__ = name
    ask.__doc__ = f"{answer}: {why}"
    return ask


for _name, _why in {
    "is_conj": "conjugates are computed at once", "is_neg": "negatives are computed at once",
    "is_distributed": "tensors are in one process", "is_coalesced": "there are no sparse tensors",
    "is_shared": "memory is this process's; pluggrad.multiprocessing copies",
}.items():  # fmt: skip
    method()(_always(_name, False, _why))


@method()
def resolve_conj(self: Tensor) -> Tensor:
    """This tensor: conjugates are computed at once."""
    return self


@method()
def resolve_neg(self: Tensor) -> Tensor:
    """This tensor: negatives are computed at once."""
    return self


@method()
def is_nonzero(self: Tensor) -> bool:
    """Whether the one element is not zero.

    Raises
    ------
    RuntimeError : more or fewer than one element
    """
    if self.numel() != 1:
        raise ShapeError(
            f"Boolean value of Tensor with {'no' if not self.numel() else 'more than one'} value is ambiguous"
        )
    return bool(self.item())


@method()
def is_set_to(self: Tensor, tensor: Tensor) -> bool:
    """Whether both are the same part of the same memory."""
    same = self.shape == tensor.shape and self.stride() == tensor.stride()
    return same and self.data_ptr() == tensor.data_ptr()


@method()
def storage_offset(self: Tensor) -> int:
    """How many elements of the shared memory lie before the first one."""
    view = self._view
    if view is None or not view.path:
        return 0
    base = view.base.members[0]() if view.base.members else None
    if base is None or base._view is None or base._view.path:
        return 0
    return (self.data_ptr() - base.data_ptr()) // self.itemsize


@method()
def dim_order(self: Tensor) -> tuple[int, ...]:
    """The axes in the order in which they lie in memory, the outermost first."""
    strides = self.stride()
    return tuple(sorted(range(self.ndim), key=lambda i: -strides[i]))


# -- size and memory of its own ---------------------------------------------------------------------------


@method()
def resize_(self: Tensor, *sizes: Any, memory_format: Any = None) -> Tensor:
    """Give this tensor another shape, in place: the elements that there were come first, others are zeros.

    It gets memory of its own; tensors that shared the old one keep that. (PyTorch's keeps the memory where it can.)

    Raises
    ------
    GradientError : the tensor was computed, and its graph relies on its shape

    >>> import pluggrad
    >>> pluggrad.arange(4).resize_(2, 3)
    tensor([[0, 1, 2],
            [3, 0, 0]])
    """
    shape = tuple(sizes[0]) if len(sizes) == 1 and not isinstance(sizes[0], int) else sizes
    if tuple(self.shape) == tuple(shape):
        return self
    count = 1
    for n in shape:
        count *= n
    flat = ravel(self.detach())
    if flat.shape[0] < count:
        flat = concat([flat, flat.new_zeros(count - flat.shape[0])], axis=0)
    self.data = flat[:count].reshape(shape).clone()  # type: ignore[attr-defined]
    return self


@method()
def resize_as_(self: Tensor, the_template: Tensor, memory_format: Any = None) -> Tensor:
    """Give this tensor the shape of another, in place; see :meth:`resize_`."""
    return resize_(self, *the_template.shape)


@method()
def set_(self: Tensor, source: Tensor | None = None) -> Tensor:
    """Let this tensor stand for the memory of another, or for none."""
    self.data = self.new_empty(0) if source is None else source.detach()  # type: ignore[attr-defined]
    return self


@method()
def as_strided_(self: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """Let this tensor show elements of its memory by strides, in place; see :func:`pluggrad.as_strided`."""
    self.data = self.detach().as_strided(size, stride, storage_offset)  # type: ignore[attr-defined]
    return self


@method()
def new(self: Tensor, *args: Any, device: Any = None) -> Tensor:
    """A tensor of this one's dtype and device: of sizes, uninitialised, or of a sequence of values. The older form."""
    if len(args) == 1 and not isinstance(args[0], int):
        first = args[0]
        is_size = isinstance(first, tuple) and type(first) is not tuple  # a Size
        return self.new_empty(first, device=device) if is_size else self.new_tensor(first, device=device)
    return self.new_empty(*(args or (0,)), device=device)


@method()
def apply_(self: Tensor, callable: Callable[[Any], Any]) -> Tensor:
    """Replace each element by what a Python function makes of it, in place: slow, and outside of any graph."""
    values = [callable(v) for v in ravel(self.detach()).tolist()]
    return self.copy_(self.new_tensor(values).reshape(self.shape))


@method()
def map_(self: Tensor, tensor: Tensor, callable: Callable[[Any, Any], Any]) -> Tensor:
    """Replace each element by what a Python function makes of it and that of ``tensor``, in place: slow."""
    others = ravel(tensor.detach().expand(self.shape)).tolist()
    values = [callable(v, w) for v, w in zip(ravel(self.detach()).tolist(), others, strict=True)]
    return self.copy_(self.new_tensor(values).reshape(self.shape))


@method()
def map2_(self: Tensor, x: Tensor, y: Tensor, callable: Callable[[Any, Any, Any], Any]) -> Tensor:
    """Replace each element by what a Python function makes of it and those of two tensors, in place: slow."""
    columns = [ravel(t.detach().expand(self.shape)).tolist() for t in (self, x, y)]
    values = [callable(*row) for row in zip(*columns, strict=True)]
    return self.copy_(self.new_tensor(values).reshape(self.shape))


@method()
def hardshrink(self: Tensor, lambd: float = 0.5) -> Tensor:
    """Each element, but 0 from ``-lambd`` to ``lambd``; see :func:`pluggrad.nn.functional.hardshrink`."""
    return piecewise.hardshrink(self, lambd)


@method()
def prelu(self: Tensor, weight: Tensor) -> Tensor:
    """Each element, but times ``weight`` where it is negative; see :func:`pluggrad.nn.functional.prelu`."""
    return piecewise.prelu(self, weight)


@method()
def narrow_copy(self: Tensor, dim: int, start: int, length: int) -> Tensor:
    """A copy of a part along an axis; see :func:`pluggrad.narrow`."""
    return self.narrow(dim, start, length).clone()


@method(inplace=True)
def conj_physical(self: Tensor) -> Tensor:
    """The conjugate of each element."""
    return self.conj()


@method()
def new_empty_strided(
    self: Tensor, size: Any, stride: Any, dtype: DType | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """An uninitialised tensor whose elements lie at given strides; see :func:`pluggrad.empty_strided`."""
    from ..ops.ranges import empty_strided

    return empty_strided(
        size, stride, dtype=dtype or self.dtype, device=device or self.device, requires_grad=requires_grad
    )


@method()
def to_dense(self: Tensor, dtype: DType | None = None) -> Tensor:
    """This tensor: it is dense."""
    return self if dtype is None else self.to(dtype)


@method()
def as_subclass(self: Tensor, cls: type[Tensor]) -> Tensor:
    """This tensor's value as an instance of a subclass of Tensor, in the same graph.

    Raises
    ------
    TypeError : no subclass of Tensor
    """
    if not issubclass(cls, Tensor):
        raise TypeError(f"as_subclass: expected a subclass of Tensor, got {cls!r}")
    out = self.view_as(self) if self.ndim else self.reshape(())
    plain = object.__new__(cls)
    for slot in ("_array", "_type", "_node", "_buffer", "_view"):
        setattr(plain, slot, getattr(out, slot))
    return plain
