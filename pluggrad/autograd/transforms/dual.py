"""The arrays of forward mode: a value with its tangent, the library of such arrays, and tensors of them.

The tangents of results are the matter of :mod:`.tangents`. Cotangents of dual arrays are dual arrays with the parts
swapped: if ``y`` and its tangent ``y'`` get the gradients ``a`` and ``b``, the rule runs on the dual cotangent
``b + a ε``; its ε part is the gradient of the value.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

from ... import function
from ...backends import ArrayType
from ...function import Function
from ...tensor import Tensor, make, memory
from . import levels
from .batched import BatchedArray, batch_size, by_kernel, in_place
from .rules import full
from .tangents import as_array, tangents_of

__all__ = ["DualArray", "DualKernels", "has_tangent", "make_dual", "unpack", "without"]


class DualArray:
    """An array of the library below with its tangent; ``tangent`` None stands for zeros."""

    __slots__ = ("_base", "_seen", "_tangent", "primal", "xp")

    __array_priority__ = 2000
    __array_ufunc__ = None

    def __init__(self, primal: Any, tangent: Any, xp: DualKernels) -> None:
        self.primal, self._tangent, self.xp = primal, tangent, xp
        #: Of a view: the base, and what makes the view of its tangent; and the tangent of the base that it was made of.
        self._base: tuple[DualArray, Callable[[Any], Any]] | None = None
        self._seen: Any = None

    @property
    def tangent(self) -> Any:
        """The tangent; None stands for zeros."""
        if self._base is not None:
            base, view = self._base
            whole = base.tangent
            if whole is not None and whole is not self._seen:
                self._tangent, self._seen = view(whole), whole
        return self._tangent

    def is_view_of(self, base: DualArray, view: Callable[[Any], Any]) -> None:
        """Note that the value is a view of that of ``base``, and so the tangent is one of its tangent."""
        self._base, self._seen = (base, view), base.tangent

    def tangent_to_write_to(self, like: Any) -> Any:
        """The tangent, made of zeros where there was none; that of a view lies in that of its base.

        ``like`` : what is to be written: under vmap, it may be of each member's own where the values are not
        """
        if self.tangent is None:
            if self._base is None:
                self._tangent = self.xp.inner.new_zeros(like, shape=tuple(self.primal.shape))
            else:
                self._base[0].tangent_to_write_to(like)
        elif not levels.holds(self.tangent, like):
            self._widen(like)
        return self.tangent

    def _widen(self, like: Any) -> None:
        """Give the tangent, and that of the base, a batch axis where what is to be written has one."""
        if self._base is not None:
            self._base[0]._widen(like)
        else:
            self._tangent = self._tangent + self.xp.inner.new_zeros(like, shape=tuple(self.primal.shape))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value."""
        return self.primal.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.primal.ndim

    @property
    def dtype(self) -> Any:
        """The native data type."""
        return self.primal.dtype

    @property
    def size(self) -> int:
        """The number of elements."""
        return functools.reduce(operator.mul, self.shape, 1)

    @property
    def mT(self) -> DualArray:
        """The transpose."""
        return DualArray(self.primal.mT, None if self.tangent is None else self.tangent.mT, self.xp)

    @property
    def T(self) -> DualArray:
        """The transpose."""
        return self.mT

    def __getitem__(self, key: Any) -> DualArray:
        key = key if isinstance(key, tuple) else (key,)
        return self.xp.getitem(self, key=key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.xp.write(self, key, value)

    def __bool__(self) -> bool:
        return bool(self.primal)

    def __int__(self) -> int:
        return int(self.primal)

    def __float__(self) -> float:
        return float(self.primal)

    def __index__(self) -> int:
        return int(self.primal)


_OPERATORS = {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide", "floordiv": "floor_divide",
    "mod": "remainder", "pow": "pow", "and": "bitwise_and", "or": "bitwise_or", "xor": "bitwise_xor", "lt": "less",
    "le": "less_equal", "gt": "greater", "ge": "greater_equal", "eq": "equal", "ne": "not_equal", "matmul": "matmul",
}  # fmt: skip
_UNARY = {"neg": "negative", "abs": "abs", "invert": "bitwise_invert"}


def _attach_operators() -> None:
    for symbol, name in _OPERATORS.items():

        def plain(self: DualArray, other: Any, name: str = name) -> Any:
            return getattr(self.xp, name)(self, self.xp.operand(other, self))

        def reflected(self: DualArray, other: Any, name: str = name) -> Any:
            return getattr(self.xp, name)(self.xp.operand(other, self), self)

        setattr(DualArray, f"__{symbol}__", plain)
        if name not in ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal"):
            setattr(DualArray, f"__i{symbol}__", in_place(plain))
            setattr(DualArray, f"__r{symbol}__", reflected)
    for symbol, name in _UNARY.items():
        setattr(DualArray, f"__{symbol}__", lambda self, name=name: getattr(self.xp, name)(self))
    setattr(DualArray, "__pos__", lambda self: self)  # noqa: B010 (the class body knows of no operators)


_attach_operators()


class DualNamespace:
    """The few functions of a namespace that the core calls by itself: those that create."""

    def __init__(self, kernels: DualKernels) -> None:
        self._kernels = kernels

    def asarray(self, x: Any, /, **options: Any) -> DualArray:
        """An array with the tangent 0; a dual one with its options."""
        namespace = self._kernels.inner.namespace
        if not isinstance(x, DualArray):
            return DualArray(namespace.asarray(x, **options), None, self._kernels)
        tangent = None if x.tangent is None else namespace.asarray(x.tangent, **options)
        return DualArray(namespace.asarray(x.primal, **options), tangent, self._kernels)

    def astype(self, x: DualArray, dtype: Any, /, **options: Any) -> DualArray:
        """Value and tangent in another native dtype; no tangent in one that has none."""
        namespace, tangent = self._kernels.inner.namespace, x.tangent
        if tangent is not None:
            differentiable = self._kernels.isdtype(dtype, ("real floating", "complex floating"))
            tangent = namespace.astype(tangent, dtype, **options) if differentiable else None
        return DualArray(namespace.astype(x.primal, dtype, **options), tangent, self._kernels)

    def reshape(self, x: DualArray, /, shape: tuple[int, ...]) -> DualArray:
        """Another shape."""
        return self._kernels.reshape(x, shape=shape)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        inner = getattr(self._kernels.inner.namespace, name)
        if not callable(inner) or isinstance(inner, type):
            return inner

        def create(*args: Any, **options: Any) -> Any:
            arrays = args[0] if args and isinstance(args[0], tuple | list) else args
            if any(isinstance(a, DualArray) for a in arrays) and not name.endswith("_like"):
                return by_kernel(self._kernels, name, args, options)
            out = inner(*(primal(a) for a in args), **options)
            # What is made to be written to gets a tangent to write to, which its views share.
            return DualArray(out, _zeros(self._kernels, out), self._kernels)

        return create


def _zeros(xp: DualKernels, like: Any) -> Any:
    if xp.inner.isdtype(like.dtype, ("real floating", "complex floating")):
        return xp.inner.namespace.zeros_like(like)
    return None


def primal(a: Any) -> Any:
    """The value of a dual array; anything else as it is."""
    return a.primal if isinstance(a, DualArray) else a


def _primal_parameter(value: Any) -> Any:
    if hasattr(value, "buffers"):  # the indices of an advanced key
        return value.of(primal)
    return value


class DualKernels:
    """The functions of a virtual library of dual arrays, by name, each made of the kernel below and its rules."""

    array_class = DualArray

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.native_dtype = inner.native_dtype
        self.namespace = DualNamespace(self)
        self.inner_type: Any = None  # set by VirtualBackend

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        declared = function.get(name)
        getattr(self.inner, name)  # raises for what there is not
        kernel = levels.at_home(functools.partial(_run, self, name, declared), self.inner_type)
        setattr(self, name, kernel)
        return kernel

    def operand(self, value: Any, like: DualArray) -> Any:
        """An operand of an operator as an array."""
        if isinstance(value, DualArray):
            return value
        if isinstance(value, bool | int | float | complex):
            namespace = self.inner.namespace
            if (isinstance(value, complex) and not self.inner.isdtype(like.dtype, "complex floating")) or (
                isinstance(value, float) and self.inner.isdtype(like.dtype, ("integral", "bool"))
            ):
                value = namespace.asarray(value)
            else:
                value = namespace.asarray(value, dtype=like.dtype, device=self.inner.native_device(like.primal))
        return DualArray(value, None, self)

    def lift(self, x: Tensor, array_type: levels.LevelType, level: levels.Level) -> Tensor:
        """``x`` with the tangent 0."""
        array = DualArray(x._array, None, array_type.kernels)  # type: ignore[arg-type]
        return levels.cross((x,), array, array_type, "Lift", lambda g: g.tangent, lambda g: unpack(g)[1])

    def lower(self, x: Tensor) -> Tensor:
        """The value of ``x``, a level below."""
        return unpack(x)[0]

    # -- what is asked of a backend besides functions ------------------------------------------------

    def check_array(self, x: Any) -> None:
        """Nothing to refuse."""

    def native_device(self, x: DualArray) -> Any:
        """The device of the value."""
        return self.inner.native_device(primal(x))

    def type_of(self, x: DualArray) -> levels.LevelType:
        """The type of an array: that of the one below, one level up."""
        return levels.level_type(self.inner.type_of(x.primal), type(self))

    def strides(self, x: DualArray) -> tuple[int, ...]:
        """The strides of the value, in elements."""
        return self.inner.strides(x.primal)

    def without_tangents(self, x: DualArray) -> DualArray:
        """The value alone."""
        return DualArray(levels.without_tangents(x.primal, self.inner_type), None, self)

    def owns_memory(self, x: DualArray) -> bool:
        """False: copied when in doubt."""
        return False

    def isdtype(self, dtype: Any, kind: Any) -> bool:
        """As below."""
        return self.inner.isdtype(dtype, kind)

    def synchronize(self, device: Any) -> None:
        """As below."""
        self.inner.synchronize(device)

    def data_ptr(self, x: DualArray) -> int:
        """As below."""
        return self.inner.data_ptr(x.primal)

    def anywhere(self, condition: DualArray) -> bool:
        """Whether a condition holds."""
        return self.inner.anywhere(condition.primal)

    def tolist(self, x: DualArray) -> Any:
        """The values."""
        return self.inner.tolist(x.primal)

    def to_host(self, x: DualArray) -> Any:
        """The values."""
        return self.inner.to_host(x.primal)

    def write_index(self, x: DualArray, indices: Any, values: Any, accumulate: bool) -> None:
        """Write ``values`` at indices into ``x``, in place."""
        self.write(x, ..., self.index_put(x, values, indices=indices, accumulate=accumulate))

    def write(self, x: DualArray, key: Any, value: Any) -> None:
        """Write value and tangent into ``x[key]``, in place."""
        key = tuple(map(primal, key)) if isinstance(key, tuple) else primal(key)
        self.inner.write(x.primal, key, primal(value))
        tangent = value.tangent if isinstance(value, DualArray) else None
        if tangent is None and x.tangent is None:
            return
        self.inner.write(x.tangent_to_write_to(tangent), key, 0 if tangent is None else tangent)


def _run(xp: DualKernels, name: str, declared: Function | None, /, *args: Any, **parameters: Any) -> Any:
    """One call: the values by the kernel below, the tangents by what is known of the function."""
    parameters = {k: _primal_parameter(p) for k, p in parameters.items()}
    primals = [primal(a) for a in args]
    tangents = [a.tangent if isinstance(a, DualArray) else None for a in args]
    kernel = getattr(xp.inner, name)
    out = kernel(*primals, **parameters)
    if declared is None or not declared.differentiable or all(t is None for t in tangents):
        wrapped = _wrap(xp, out, None)
    else:
        wrapped = _wrap(xp, out, tangents_of(xp, declared, primals, tangents, parameters, out))
    if declared is not None and declared.view and isinstance(args[0], DualArray) and isinstance(wrapped, DualArray):
        wrapped.is_view_of(args[0], functools.partial(kernel, **parameters))
    return wrapped


def _wrap(xp: DualKernels, out: Any, tangent: Any) -> Any:
    if isinstance(out, tuple | list):
        tangents = (None,) * len(out) if tangent is None else tangent
        return tuple(_wrap(xp, o, t) for o, t in zip(out, tangents, strict=True))
    if not hasattr(out, "shape"):
        return out
    return DualArray(as_array(xp, out), None if tangent is None else as_array(xp, tangent), xp)


# -- tensors -------------------------------------------------------------------------------------------
#
# A dual level may lie below batches: then the value and the tangent are batches of the remaining levels.


def without(array_type: levels.LevelType, at: int) -> ArrayType:
    """The type of the same levels but for that of depth ``at``."""
    if array_type.depth == at:
        return array_type.inner
    assert isinstance(array_type.inner, levels.LevelType)
    return levels.level_type(without(array_type.inner, at), type(array_type.kernels))


def _with(array_type: ArrayType, at: int) -> levels.LevelType:
    """The type of the same levels and a dual one of depth ``at`` among them."""
    if levels.depth_of(array_type) == at - 1:
        return levels.level_type(array_type, DualKernels)
    assert isinstance(array_type, levels.LevelType)
    return levels.level_type(_with(array_type.inner, at), type(array_type.kernels))


def _split(a: Any, array_type: levels.LevelType, lower: Any, at: int) -> tuple[Any, Any]:
    """The values and the tangents of an array of ``array_type``, each of the type ``lower``; None for no tangent."""
    if array_type.depth == at:
        return a.primal, a.tangent
    parts = _split(a.array, array_type.inner, lower.inner, at)  # type: ignore[arg-type]
    value, tangent = (None if p is None else BatchedArray(p, a.batched, lower.kernels) for p in parts)
    return value, tangent


def _join(value: Any, tangent: Any, array_type: levels.LevelType, at: int) -> Any:
    """The inverse of :func:`_split`."""
    kernels: Any = array_type.kernels
    if array_type.depth == at:
        return DualArray(value, tangent, kernels)
    inner: Any = array_type.inner
    if tangent is None:
        return BatchedArray(_join(value.array, None, inner, at), value.batched, kernels)
    batched = value.batched or tangent.batched
    parts = (value.array, tangent.array)
    if value.batched is not tangent.batched:
        size = batch_size((value, tangent))
        parts = (full(value.xp, value, size), full(tangent.xp, tangent, size))
    return BatchedArray(_join(*parts, inner, at), batched, kernels)


def make_dual(x: Tensor, tangent: Tensor | None, at: int | None = None) -> Tensor:
    """The dual tensor of a value and its tangent: with one level more, of depth ``at`` (default: the topmost)."""
    at = levels.depth_of(x._type) + 1 if at is None else at
    array_type, lower = _with(x._type, at), x._type

    def across(g: Any) -> tuple[Any, ...]:
        value, slope = _split(g, array_type, lower, at)
        return (slope,) if tangent is None else (slope, value)

    def again(g: Tensor) -> tuple[Tensor, ...]:
        value, slope = unpack(g, at)
        return (slope,) if tangent is None else (slope, value)

    parents = (x,) if tangent is None else (x, tangent)
    array = _join(x._array, None if tangent is None else tangent._array, array_type, at)
    out = levels.cross(parents, array, array_type, "MakeDual", across, again)
    memory.link_alias(x, out)
    return out


def unpack(x: Tensor, at: int | None = None) -> tuple[Tensor, Tensor]:
    """The value and the tangent of a dual tensor, without that level; zeros where it has none."""
    array_type = x._type
    assert isinstance(array_type, levels.LevelType)
    at = array_type.depth if at is None else at
    inner = without(array_type, at)
    namespace = inner.kernels.namespace
    value, tangent = _split(x._array, array_type, inner, at)
    if tangent is None:
        tangent = namespace.zeros_like(value)
    value, tangent = (a if a.__class__ is inner.array_class else namespace.asarray(a) for a in (value, tangent))

    def zeros(g: Tensor) -> Tensor:
        return make(g._type.kernels.namespace.zeros_like(g._array), g._type)

    def dual(a: Any, b: Any) -> Any:
        return _join(a, b, array_type, at)

    of = inner.siblings[value.dtype]  # type: ignore[union-attr]
    parts = (
        levels.cross((x,), value, of, "Primal", lambda g: dual(namespace.zeros_like(g), g),
                     lambda g: make_dual(zeros(g), g, at)),
        levels.cross((x,), tangent, of, "Tangent", lambda g: dual(g, None), lambda g: make_dual(g, zeros(g), at)),
    )  # fmt: skip
    for part in parts:
        memory.link_alias(x, part)  # a write to x is one to it
    return parts


def has_tangent(x: Tensor, at: int) -> bool:
    """Whether a tensor has a tangent at the dual level of depth ``at``, be it zero."""
    array_type, array = x._type, x._array
    assert isinstance(array_type, levels.LevelType)
    return _split(array, array_type, without(array_type, at), at)[1] is not None
