"""The Tensor: an array of a backend plus its place in the graph.

This file holds its state and the attributes that need no function. Operators and methods are
attached where they are defined: :mod:`pluggrad.ops` (operators, next to the functions) and
:mod:`pluggrad.methods` (PyTorch's methods).
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..device import Device
from ..dtypes import DType
from ..errors import DTypeError, GradientError, ShapeError
from . import memory
from .graph import Leaf, Node
from .inference import INFERENCE, INSIDE, MARK, mark
from .printing import format_tensor
from .size import ElementCount, Size

if TYPE_CHECKING:
    from ..backends import ArrayType


class Tensor:
    """A multi-dimensional array of one data type on one device, which remembers how it was computed.

    Made by :func:`pluggrad.tensor`, :func:`pluggrad.asarray`, :func:`pluggrad.zeros` and the like.

    >>> import pluggrad
    >>> x = pluggrad.tensor([1.0, 2.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4.])
    """

    # One slot more costs every operation some ten nanoseconds. What few tensors have is in __dict__:
    # "frozen_leaf" (of a tensor that once required a gradient), "plain_grad" (of one that never did).
    __slots__ = ("__dict__", "__weakref__", "_array", "_buffer", "_node", "_type", "_view")

    _array: Any  #: the backend's array
    _type: ArrayType  #: its dtype and device, and by them its kernels
    _node: Node | None  #: the vertex of its value; None: requires no gradient
    _buffer: memory.Buffer | None  #: by which graphs hold its value; None: none does
    _view: memory.View | None  #: how it shares memory; None: the memory is its own

    #: So that `ndarray + tensor` reaches `Tensor.__radd__`.
    __array_priority__ = 1000

    if TYPE_CHECKING:  # operators and methods are attached by pluggrad.ops and pluggrad.methods

        def __getattr__(self, name: str) -> Any: ...
        def __add__(self, other: Any) -> Tensor: ...
        def __radd__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __rsub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __rmul__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __rtruediv__(self, other: Any) -> Tensor: ...
        def __floordiv__(self, other: Any) -> Tensor: ...
        def __rfloordiv__(self, other: Any) -> Tensor: ...
        def __mod__(self, other: Any) -> Tensor: ...
        def __rmod__(self, other: Any) -> Tensor: ...
        def __pow__(self, other: Any) -> Tensor: ...
        def __rpow__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
        def __rmatmul__(self, other: Any) -> Tensor: ...
        def __and__(self, other: Any) -> Tensor: ...
        def __or__(self, other: Any) -> Tensor: ...
        def __xor__(self, other: Any) -> Tensor: ...
        def __lshift__(self, other: Any) -> Tensor: ...
        def __rshift__(self, other: Any) -> Tensor: ...
        def __lt__(self, other: Any) -> Tensor: ...
        def __le__(self, other: Any) -> Tensor: ...
        def __gt__(self, other: Any) -> Tensor: ...
        def __ge__(self, other: Any) -> Tensor: ...
        def __eq__(self, other: object) -> Tensor: ...  # type: ignore[override]
        def __ne__(self, other: object) -> Tensor: ...  # type: ignore[override]
        def __neg__(self) -> Tensor: ...
        def __pos__(self) -> Tensor: ...
        def __abs__(self) -> Tensor: ...
        def __invert__(self) -> Tensor: ...
        def __getitem__(self, key: Any) -> Tensor: ...
        def __setitem__(self, key: Any, value: Any) -> None: ...

    #: What makes a tensor of sizes or a sequence, as PyTorch's older constructor does; set by pluggrad.typed.
    _from_values: Callable[..., Tensor] | None = None

    def __new__(cls, *data: Any, requires_grad: bool = False, **options: Any) -> Tensor:
        """Share the value of another tensor, as a leaf: what ``nn.Parameter`` builds on.

        ``Tensor(2, 3)`` and ``Tensor([1.0, 2.0])``, as old programs of PyTorch have it, make a tensor of the default
        float type: an uninitialised one of these sizes, or one of these values.
        """
        source = data[0] if len(data) == 1 and not options else None
        if not isinstance(source, Tensor):
            if cls is not Tensor or cls._from_values is None:
                raise TypeError(
                    f"{cls.__name__} is made from a tensor; to make one from data, call pluggrad.tensor(data)"
                )
            return cls._from_values(*data, **options)
        self = make(source._array, source._type, cls)
        memory.link_alias(source, self)
        if requires_grad:
            self.requires_grad = True
        return self

    __hash__ = object.__hash__

    @property
    def dtype(self) -> DType:
        """The data type of the elements."""
        return self._type.dtype

    @property
    def device(self) -> Device:
        """The device that holds the elements."""
        return self._type.device

    @property
    def shape(self) -> Size:
        """The size along each axis."""
        return Size(self._array.shape)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._array.ndim

    @property
    def size(self) -> ElementCount:
        """The number of elements, as in the standard; called, the shape, as in PyTorch.

        >>> import pluggrad
        >>> x = pluggrad.zeros(2, 3)
        >>> x.size == 6, x.size(), x.size(0)
        (True, pluggrad.Size([2, 3]), 2)
        """
        return ElementCount(Size(self._array.shape))

    @property
    def itemsize(self) -> int:
        """Size of one element in bytes."""
        return self._type.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Size of all elements in bytes."""
        return self.itemsize * Size(self._array.shape).numel()

    @property
    def requires_grad(self) -> bool:
        """Whether operations on this tensor are recorded, for a gradient with respect to it or to what it came from."""
        return self._node is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        node = self._node
        if node is not None and type(node) is not Leaf:
            if not value:
                raise GradientError(
                    "you can only change requires_grad flags of leaf variables. To use a computed value without "
                    "its gradient, call var_no_grad = var.detach()."
                )
            return
        if value and node is None:
            if not self._type.dtype.is_differentiable:
                raise GradientError(
                    f"only Tensors of floating point and complex dtype can require gradients, got {self.dtype}"
                )
            if self._buffer is MARK and not INSIDE.get():
                raise GradientError(
                    "Setting requires_grad=True on inference tensor outside InferenceMode is not allowed. "
                    "Make a clone to get a normal tensor: x.clone().requires_grad_()."
                )
            leaf = self.__dict__.pop("frozen_leaf", None)
            if leaf is None:
                leaf = Leaf(self)
                leaf.grad = self.__dict__.pop("plain_grad", None)
            leaf.frozen = False
            self._set_node(leaf)
        elif not value and node is not None:
            node.frozen = True
            self.__dict__["frozen_leaf"] = node
            self._set_node(None)

    def _set_node(self, node: Node | None) -> None:
        self._node = node
        if self._view is not None and not self._view.path:
            self._view.base.node = node

    @property
    def is_leaf(self) -> bool:
        """Whether the user made it: no function recorded in the graph computed it."""
        return self._node is None or type(self._node) is Leaf

    @property
    def grad_fn(self) -> Node | None:
        """The node of the function that computed this tensor; None for a leaf."""
        node = self._node
        if node is None or type(node) is Leaf:
            return None
        return getattr(node, "node", node)

    @property
    def output_nr(self) -> int:
        """Which of the outputs of ``grad_fn`` this is."""
        return getattr(self._node, "index", 0)

    @property
    def _leaf(self) -> Leaf | None:
        node = self._node
        if node is None:
            return self.__dict__.get("frozen_leaf")
        return node if type(node) is Leaf else None

    @property
    def grad(self) -> Tensor | None:
        """The gradient that ``backward`` accumulated here; None before.

        Only leaves have one, and what ``retain_grad`` asked for.
        """
        leaf = self._leaf
        return leaf.grad if leaf is not None else self.__dict__.get("plain_grad")

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise TypeError(f"grad must be a Tensor or None, got {type(value).__name__}")
            if value._array.shape != self._array.shape:
                raise ShapeError(
                    f"assigned grad has shape {tuple(value.shape)}, the tensor has shape {tuple(self.shape)}"
                )
            if value._type is not self._type:
                raise DTypeError(
                    f"assigned grad is {value.dtype} on {value.device}, the tensor is {self.dtype} on {self.device}"
                )
        leaf = self._leaf
        if leaf is not None:
            leaf.grad = value
        else:
            self.__dict__["plain_grad"] = value

    @grad.deleter
    def grad(self) -> None:
        self.grad = None

    def retain_grad(self) -> None:
        """Keep the gradient of this non-leaf in ``grad`` when backward computes it.

        Raises
        ------
        GradientError : the tensor requires no gradient.
        """
        if self._node is None:
            raise GradientError("can't retain_grad on a tensor that has requires_grad=False")
        if type(self._node) is not Leaf:
            self._node.extras.retained = weakref.ref(self)

    @property
    def retains_grad(self) -> bool:
        """Whether this is a non-leaf whose gradient backward will keep."""
        extra = None if self._node is None else self._node.extra
        return extra is not None and extra.retained is not None and extra.retained() is self

    @property
    def is_view(self) -> bool:
        """Whether it shows part of another tensor's memory."""
        return self._view is not None and bool(self._view.path)

    def __len__(self) -> int:
        if not self._array.ndim:
            raise TypeError("len() of a 0-d tensor")
        return self._array.shape[0]

    def __repr__(self) -> str:
        return format_tensor(self)


def make(array: Any, array_type: ArrayType, cls: type[Tensor] = Tensor) -> Tensor:
    """A tensor over ``array``, outside any graph."""
    self = object.__new__(cls)
    self._array = array
    self._type = array_type
    self._node = self._buffer = self._view = None
    if INFERENCE:
        mark(self)
    return self
