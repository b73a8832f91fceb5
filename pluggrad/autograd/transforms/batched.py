"""The arrays of ``vmap``: a batch of arrays that shows itself as one of them, and the library of such arrays."""

from __future__ import annotations

import functools
import inspect
import operator
import textwrap
from collections.abc import Callable
from typing import Any

from ... import function
from ...errors import ShapeError
from ...tensor import Tensor, make
from . import levels


class BatchedArray:
    """A batch of arrays of the library below, shown as one of them; or one array, the same for all of the batch.

    Attributes
    ----------
    array : of the library below; the batch is its first axis
    batched : False: no batch axis, the same array for all
    shape, ndim, dtype : of one member
    xp : the kernels that operators use
    """

    __slots__ = ("array", "batched", "xp")

    __array_priority__ = 2000
    __array_ufunc__ = None  # so that NumPy scalars and arrays leave their operators to this class

    def __init__(self, array: Any, batched: bool, xp: BatchedKernels) -> None:
        self.array, self.batched, self.xp = array, batched, xp

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one member."""
        shape = self.array.shape
        return tuple(shape[1:] if self.batched else shape)

    @property
    def ndim(self) -> int:
        """The number of axes of one member."""
        return self.array.ndim - self.batched

    @property
    def dtype(self) -> Any:
        """The native data type."""
        return self.array.dtype

    @property
    def size(self) -> int:
        """The number of elements of one member."""
        return functools.reduce(operator.mul, self.shape, 1)

    @property
    def mT(self) -> BatchedArray:
        """The transpose of one member, or of each of its matrices."""
        return BatchedArray(self.array.mT, self.batched, self.xp)

    @property
    def T(self) -> BatchedArray:
        """The transpose of one member, a matrix."""
        return self.mT

    def __getitem__(self, key: Any) -> BatchedArray:
        key = key if isinstance(key, tuple) else (key,)
        return self.xp.getitem(self, key=key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.xp.write(self, key, value)

    def __matmul__(self, other: Any) -> Any:
        return self.xp.matmul(self, other)

    def __bool__(self) -> bool:
        return bool(self.xp.tolist(self))

    def __int__(self) -> int:
        return int(self.xp.tolist(self))

    def __float__(self) -> float:
        return float(self.xp.tolist(self))

    def __index__(self) -> int:
        return int(self.xp.tolist(self))

    def __repr__(self) -> str:
        return f"BatchedArray({self.array!r}, batched={self.batched})"


def in_place(plain: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """The in-place form of an operator: writes the result into the memory of the first."""

    def write(self: Any, other: Any) -> Any:
        self.xp.write(self, ..., plain(self, other))
        return self

    return write


def _attach_operators() -> None:
    binary = "add sub mul truediv floordiv mod pow and or xor lshift rshift lt le gt ge eq ne".split()
    for name in binary:
        call = getattr(operator, f"{name}_" if name in ("and", "or") else name)

        def plain(self: BatchedArray, other: Any, call: Any = call) -> Any:
            return self.xp.apply_elementwise(call, (self, other))

        def reflected(self: BatchedArray, other: Any, call: Any = call) -> Any:
            return self.xp.apply_elementwise(call, (other, self))

        setattr(BatchedArray, f"__{name}__", plain)
        if name not in ("lt", "le", "gt", "ge", "eq", "ne"):
            setattr(BatchedArray, f"__i{name}__", in_place(plain))
            setattr(BatchedArray, f"__r{name}__", reflected)
    for name in ("neg", "pos", "abs", "invert"):
        unary = getattr(operator, name)
        setattr(
            BatchedArray,
            f"__{name}__",
            lambda self, unary=unary: BatchedArray(unary(self.array), self.batched, self.xp),
        )


_attach_operators()


class BatchedNamespace:
    """The few functions of a namespace that the core calls by itself: those that create."""

    def __init__(self, kernels: BatchedKernels) -> None:
        self._kernels = kernels

    def asarray(self, x: Any, /, **options: Any) -> BatchedArray:
        """An array, the same for all of the batch; a batched one with its options."""
        namespace = self._kernels.inner.namespace
        if isinstance(x, BatchedArray):
            return BatchedArray(namespace.asarray(x.array, **options), x.batched, self._kernels)
        return BatchedArray(namespace.asarray(x, **options), False, self._kernels)

    def reshape(self, x: BatchedArray, /, shape: tuple[int, ...]) -> BatchedArray:
        """Another shape of each member."""
        return self._kernels.reshape(x, shape=shape)

    def astype(self, x: BatchedArray, dtype: Any, /, **options: Any) -> BatchedArray:
        """Each member in another native dtype."""
        return BatchedArray(self._kernels.inner.namespace.astype(x.array, dtype, **options), x.batched, self._kernels)

    def _reduced(self, name: str, x: Any, axis: Any, keepdims: bool) -> BatchedArray:
        if axis is not None:
            axes = axis if isinstance(axis, tuple) else (axis,)
            return getattr(self._kernels, name)(self.asarray(x), axis=axes, keepdims=keepdims)
        # Without an axis, the core asks for these to check values: of the whole batch.
        return BatchedArray(getattr(self._kernels.inner.namespace, name)(bare(x)), False, self._kernels)

    def min(self, x: Any, /, *, axis: Any = None, keepdims: bool = False) -> BatchedArray:
        """The least elements along axes; without, the least of the whole batch."""
        return self._reduced("min", x, axis, keepdims)

    def max(self, x: Any, /, *, axis: Any = None, keepdims: bool = False) -> BatchedArray:
        """The greatest elements along axes; without, the greatest of the whole batch."""
        return self._reduced("max", x, axis, keepdims)

    def any(self, x: Any, /, *, axis: Any = None, keepdims: bool = False) -> BatchedArray:
        """Whether any element along axes is true; without, any of the whole batch."""
        return self._reduced("any", x, axis, keepdims)

    def all(self, x: Any, /, *, axis: Any = None, keepdims: bool = False) -> BatchedArray:
        """Whether all elements along axes are true; without, all of the whole batch."""
        return self._reduced("all", x, axis, keepdims)

    def sort(self, x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> BatchedArray:
        """Each member sorted."""
        return self._kernels.sort_values(x, axis=axis, descending=descending)

    def argsort(self, x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> BatchedArray:
        """The order of each member."""
        return self._kernels.argsort(x, axis=axis, descending=descending)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        inner = getattr(self._kernels.inner.namespace, name)
        if not callable(inner) or isinstance(inner, type):
            return inner  # a dtype, a constant

        def create(*args: Any, **options: Any) -> Any:
            arrays = args[0] if args and isinstance(args[0], tuple | list) else args
            batched = any(isinstance(a, BatchedArray) and a.batched for a in arrays)
            if batched and not name.endswith("_like"):
                return by_kernel(self._kernels, name, args, options)
            if arrays is not args:
                args = (type(arrays)(bare(a) for a in arrays), *args[1:])
            out = inner(*(bare(a) for a in args), **options)
            return self._kernels.wrap(out, batched)

        return create


def by_kernel(xp: Any, name: str, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """A call in the standard's words as one of a kernel: parameters by name, axes from the front, often in tuples."""
    if args and isinstance(args[0], tuple | list):  # concat, stack
        args = (*args[0], *args[1:])
    name = "gather" if name == "take_along_axis" else name
    declared = function.get(name)
    if declared is None:
        return getattr(xp, name)(*args, **options)
    count = len(args) if declared.variadic else len(declared.arrays)
    options = {**dict(zip(declared.parameters, args[count:], strict=False)), **options}
    options.pop("stable", None)  # the kernels always are
    if "side" in options:
        options["right"] = options.pop("side") == "right"
    if name in ("concat", "stack"):
        options.setdefault("axis", 0)
    if name in _OF_ALL and options.get("axis") is None:
        options["axis"] = tuple(range(args[0].ndim))
    axis = options.get("axis")
    if axis is not None and name != "vecdot":
        axes = axis if isinstance(axis, tuple) else (axis,)
        rank = args[0].ndim + {"stack": 1, "expand_dims": len(axes)}.get(name, 0)
        axes = tuple([a + rank if a < 0 else a for a in axes])
        options["axis"] = axes if isinstance(axis, tuple) or name in _AXES else axes[0]
    return getattr(xp, name)(*args[:count], **options)


#: Functions of all elements where no axis is named.
_OF_ALL = frozenset("all any count_nonzero max mean min prod std sum var".split())
#: Functions whose kernels take several axes, where the standard takes one number, too.
_AXES = _OF_ALL | {"expand_dims", "squeeze"}


class BatchedKernels:
    """The functions of a virtual library of batched arrays, by name, each made of the kernel below at its first use.

    A function has a *batching rule* (:mod:`.rules`), or else the kernel below is called for each member, and the
    results are stacked: right for every function, and slow.
    """

    array_class = BatchedArray

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.native_dtype = inner.native_dtype
        self.namespace = BatchedNamespace(self)
        self.inner_type: Any = None  # set by VirtualBackend

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        from . import rules  # it is built on this module

        declared = function.get(name)
        defaults = {} if declared is None else declared.parameters
        defaults = {n: d for n, d in defaults.items() if d is not inspect.Parameter.empty}
        if name in rules.OF_ALL:  # all axes, where none is named
            defaults = {"axis": None, "keepdims": False, **defaults}
        run = functools.partial(_run, self, name, rules.rule_of(name) or rules.loop, defaults)
        kernel = levels.at_home(run, self.inner_type)
        if declared is None and name not in rules.RULES:
            getattr(self.inner, name)  # raises for what there is not
        setattr(self, name, kernel)
        return kernel

    def wrap(self, out: Any, batched: bool = True) -> Any:
        """What a kernel below gave, one array or several, as arrays of this library."""
        if isinstance(out, tuple | list):
            return tuple(self.wrap(o, batched) for o in out)
        if not hasattr(out, "shape"):
            return out
        if out.__class__ is not self.inner_type.array_class:  # a library's own scalar, which cannot be written to
            out = self.inner.namespace.asarray(out)
        return BatchedArray(out, batched, self)

    def lift(self, x: Tensor, array_type: levels.LevelType, level: levels.Level) -> Tensor:
        """``x`` as the same for every member of the batch. Its gradient is the sum of theirs."""
        from .vmap import leave

        inner, size = self.inner, level.size

        def across(g: BatchedArray) -> Any:
            return inner.sum(g.array, axis=(0,)) if g.batched else g.array * size

        def again(g: Tensor) -> Tensor:
            return leave(g, 0, size).sum(0)

        array = BatchedArray(x._array, False, array_type.kernels)  # type: ignore[arg-type]
        return levels.cross((x,), array, array_type, "Lift", across, again)

    def lower(self, x: Tensor) -> Tensor:
        """``x``, which is the same for every member of the batch, a level below."""
        from .vmap import leave

        return leave(x, None, 0)

    def apply_elementwise(self, call: Callable[..., Any], args: tuple[Any, ...], **parameters: Any) -> Any:
        """A function that works on each element by itself and broadcasts."""
        batched = [isinstance(a, BatchedArray) and a.batched for a in args]
        if not any(batched):
            return self.wrap(call(*(bare(a) for a in args), **parameters), False)
        rank = max(getattr(a, "ndim", 0) for a in args)
        return self.wrap(call(*(self.spread(a, rank) for a in args), **parameters))

    def spread(self, a: Any, rank: int) -> Any:
        """The array below with axes of size 1 behind the batch, so that members of ``rank`` axes broadcast with it."""
        if not isinstance(a, BatchedArray):
            return a
        if not a.batched or a.ndim == rank:
            return a.array
        shape = a.array.shape
        return self.inner.reshape(a.array, shape=(shape[0], *(1,) * (rank - a.ndim), *shape[1:]))

    # -- what is asked of a backend besides functions ------------------------------------------------

    def check_array(self, x: Any) -> None:
        """Nothing to refuse."""

    def native_device(self, x: BatchedArray) -> Any:
        """The device of the array below."""
        return self.inner.native_device(x.array)

    def type_of(self, x: BatchedArray) -> levels.LevelType:
        """The type of an array: that of the one below, one level up."""
        return levels.level_type(self.inner.type_of(x.array), type(self))

    def strides(self, x: BatchedArray) -> tuple[int, ...]:
        """The strides of one member, in elements."""
        strides = self.inner.strides(x.array)
        return strides[1:] if x.batched else strides

    def owns_memory(self, x: BatchedArray) -> bool:
        """False: a batched array is copied when in doubt."""
        return False

    def without_tangents(self, x: BatchedArray) -> BatchedArray:
        """The same members without the tangents that they may have below."""
        return BatchedArray(levels.without_tangents(x.array, self.inner_type), x.batched, self)

    def copy(self, x: BatchedArray) -> BatchedArray:
        """A copy."""
        return BatchedArray(self.inner.copy(x.array), x.batched, self)

    def isdtype(self, dtype: Any, kind: Any) -> bool:
        """As below."""
        return self.inner.isdtype(dtype, kind)

    def synchronize(self, device: Any) -> None:
        """As below."""
        self.inner.synchronize(device)

    def data_ptr(self, x: BatchedArray) -> int:
        """As below."""
        return self.inner.data_ptr(x.array)

    def anywhere(self, condition: BatchedArray) -> bool:
        """Whether a condition holds for any member."""
        array = condition.array
        return self.inner.anywhere(self.inner.any(array, axis=(0,), keepdims=False) if condition.batched else array)

    def extent(self, x: BatchedArray) -> tuple[Any, Any] | None:
        """The smallest and the largest element of the whole batch: the core asks so as to refuse wrong ones."""
        return self.inner.extent(x.array)

    def tolist(self, x: BatchedArray) -> Any:
        """The values, of what is the same for all of the batch.

        Raises
        ------
        LevelError : a value for each member of the batch
        """
        if x.batched:
            raise levels.LevelError(
                "vmap: a value that differs over the batch is asked for as a Python number (by .item(), bool(), if, "
                "while, printing or an integer index), which vmap cannot follow; use pluggrad.where for a choice "
                "between values, and tensors for indices"
            )
        return self.inner.tolist(x.array)

    to_host = tolist

    @staticmethod
    def shown(x: Tensor) -> str:
        """What ``print(x)`` shows: the whole batch, as PyTorch does; of what all members share, the value."""
        array: Any = x._array
        array_type: Any = x._type
        text = str(make(array.array, array_type.inner))
        if not array.batched:
            return text
        return f"BatchedTensor(lvl={array_type.depth}, bdim=0, value=\n{textwrap.indent(text, '    ')}\n)"

    def write_index(self, x: BatchedArray, indices: Any, values: Any, accumulate: bool) -> None:
        """Write ``values`` at indices into ``x``, in place."""
        self.write(x, ..., self.index_put(x, values, indices=indices, accumulate=accumulate))

    def write(self, x: BatchedArray, key: Any, value: Any) -> None:
        """Write ``value`` into ``x[key]`` for each member, in place.

        Raises
        ------
        LevelError : values that differ over the batch, into one array that all share
        """
        batched = isinstance(value, BatchedArray) and value.batched
        if batched and not x.batched:
            raise levels.LevelError(levels.SHARED)
        key = key if isinstance(key, tuple) else (key,)
        if not x.batched:
            self.inner.write(x.array, key if len(key) != 1 else key[0], bare(value))
            return
        below = self.spread(value, max(value.ndim, self.getitem(x, key=key).ndim)) if batched else bare(value)
        self.inner.write(x.array, (slice(None), *key), below)


def bare(a: Any) -> Any:
    """The array below, with its batch axis if it has one; anything else as it is."""
    return a.array if isinstance(a, BatchedArray) else a


def _holds_batched(parameters: dict[str, Any]) -> bool:
    return any(
        b is not None and isinstance(b.array, BatchedArray)
        for p in parameters.values()
        for b in getattr(p, "buffers", ())
    )


def _run(
    xp: BatchedKernels, name: str, rule: Callable[..., Any], defaults: dict[str, Any], /, *args: Any, **parameters: Any
) -> Any:
    """One call: of the kernel below where nothing is batched, of the rule elsewhere."""
    indexed = _holds_batched(parameters)
    if not indexed and not any(isinstance(a, BatchedArray) and a.batched for a in args):
        return xp.wrap(getattr(xp.inner, name)(*[bare(a) for a in args], **parameters), False)
    return rule(xp, name, args, {**defaults, **parameters})


def batch_size(args: Any) -> int:
    """The size of the batch that the arguments are of.

    Raises
    ------
    ShapeError : batches of two sizes, from two transforms
    """
    sizes = {a.array.shape[0] for a in args if isinstance(a, BatchedArray) and a.batched}
    if len(sizes) != 1:
        raise ShapeError(f"vmap: batches of different sizes meet: {sorted(sizes)}; a tensor of another vmap came in")
    return sizes.pop()
