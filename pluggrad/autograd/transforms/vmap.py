"""``vmap``: a function of single examples made one of batches."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import NoneType
from typing import Any

from ...errors import ArgumentError, ShapeError
from ...tensor import Leaf, Tensor, memory
from ..mode import is_grad_enabled
from .batched import BatchedArray, BatchedKernels
from .levels import LEVELS, Level, LevelType, cross, level_type, lift
from .trees import broadcast_prefix, flatten, unflatten
from .visitors import take_leave

_MODES = ("error", "different", "same")


def _moved(x: Tensor, source: int, target: int) -> Tensor:
    """``x`` with one axis elsewhere."""
    if source == target:
        return x
    axes = list(range(x._array.ndim))
    axes.insert(target, axes.pop(source))
    return x.permute(*axes)


def enter(x: Tensor, dim: int, size: int) -> Tensor:
    """The batched tensor whose members are the parts of ``x`` along ``dim``: one level up."""
    x = _moved(x, dim, 0)
    array_type = level_type(x._type, BatchedKernels)
    inner = x._type.kernels
    shape = x._array.shape

    def across(g: BatchedArray) -> Any:
        return g.array if g.batched else inner.broadcast_to(g.array, shape=shape)

    array = BatchedArray(x._array, True, array_type.kernels)  # type: ignore[arg-type]
    out = cross((x,), array, array_type, "Vmap", across, lambda g: leave(g, 0, size))
    memory.link_alias(x, out)  # a write to it is one to x
    return out


def leave(x: Tensor, dim: int | None, size: int) -> Tensor:
    """The batch of ``x``, one level down, as an axis ``dim``; None: what is the same for all, as it is.

    Raises
    ------
    ArgumentError : ``dim`` is None, and the members differ
    """
    array_type = x._type
    assert isinstance(array_type, LevelType)
    kernels, inner = array_type.kernels, array_type.inner
    batch = x._array
    array = batch.array
    if dim is None and batch.batched:
        raise ArgumentError("vmap: an output differs over the batch and so needs a batch axis; its out_dim is None")
    if not batch.batched:
        array = inner.kernels.namespace.asarray(array)
        if dim is not None:
            array = inner.kernels.broadcast_to(array, shape=(size, *array.shape))

    def across(g: Any) -> BatchedArray:
        return BatchedArray(g, dim is not None, kernels)  # type: ignore[arg-type]

    if array.__class__ is not inner.array_class:
        array = inner.kernels.namespace.asarray(array)
    again = raise_to_current if dim is None else lambda g: enter(g, 0, size)
    out = cross((x,), array, inner.siblings[array.dtype], "VmapOut", across, again)
    memory.link_alias(x, out)  # a write to x is one to it
    if dim is None:
        return out
    return _moved(out, 0, dim + out._array.ndim if dim < 0 else dim)


def vmap(
    func: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """Make a function of single examples one of batches: every call in it works on the whole batch at once.

    Parameters
    ----------
    func : takes and returns tensors, also in nested tuples, lists and dictionaries
    in_dims : which axis of each argument is the batch's: an int, negative from the end; None: the argument is the same
        for all; a tuple with one for each argument, each perhaps a structure like the argument's
    out_dims : where the batch's axis stands in each output; None: the output is the same for all, and has none
    randomness : what random functions inside do: ``"error"``, ``"different"`` numbers for each example, or the
        ``"same"``
    chunk_size : work on at most so many examples at a time, to save memory; None: on all

    Returns
    -------
    callable, of arguments with an axis more than ``func``

    Raises
    ------
    ValueError : ``in_dims`` that do not fit the arguments, or name batches of different sizes

    Notes
    -----
    Every registered function works inside. What depends on values as Python numbers (``item``, ``bool``, ``if``) or
    gives shapes that depend on them (``nonzero``) is an error.

    >>> import pluggrad
    >>> x = pluggrad.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> pluggrad.vmap(lambda row: row @ row)(x)
    tensor([ 5., 25.])
    """
    if randomness not in _MODES:
        raise ArgumentError(f"vmap: randomness is one of {', '.join(map(repr, _MODES))}, got {randomness!r}")
    if chunk_size is not None and (not isinstance(chunk_size, int) or chunk_size < 1):
        raise ArgumentError(f"vmap: chunk_size should be None or an int greater than 0, got {chunk_size!r}")

    @functools.wraps(func)
    def batched(*args: Any, **kwargs: Any) -> Any:
        flat, tree = flatten(args)
        dims = _in_dims(in_dims, args, flat, tree)
        # Keyword arguments are the same for all, as in PyTorch.
        named, named_tree = flatten(kwargs)
        flat = flat + named
        dims = dims + [None] * len(named)
        size = _batch_size(flat, dims)

        def run(values: list[Any], count: int) -> tuple[list[Any], Any]:
            split = len(values) - len(named)
            return _run(
                func, values, dims, count, randomness,
                lambda v: (unflatten(v[:split], tree), unflatten(v[split:], named_tree)),
            )  # fmt: skip

        if chunk_size is None or chunk_size >= size:
            outs, out_tree = run(flat, size)
            places = _out_dims(out_dims, outs, out_tree)
            return unflatten([leave(o, d, size) for o, d in zip(outs, places, strict=True)], out_tree)
        chunks = []
        for start in range(0, size, chunk_size):
            count = min(chunk_size, size - start)
            part = [v if d is None else _narrow(v, d, start, count) for v, d in zip(flat, dims, strict=True)]
            outs, out_tree = run(part, count)
            places = _out_dims(out_dims, outs, out_tree)
            chunks.append([leave(o, d, count) for o, d in zip(outs, places, strict=True)])
        joined = [_joined(column, d) for column, d in zip(zip(*chunks, strict=True), places, strict=True)]
        return unflatten(joined, out_tree)

    return batched


def _narrow(x: Tensor, dim: int, start: int, count: int) -> Tensor:
    return x[(*(slice(None),) * dim, slice(start, start + count))]


def _joined(parts: tuple[Tensor, ...], dim: int | None) -> Tensor:
    if dim is None:  # the same for all
        return parts[0]
    from ...function import functions

    axis = dim + parts[0]._array.ndim if dim < 0 else dim
    return functions()["concat"].call(*parts, axis=axis)


def _run(
    func: Callable[..., Any], values: list[Any], dims: list[Any], size: int, randomness: str,
    arguments: Callable[[list[Any]], tuple[Any, Any]],
) -> tuple[list[Tensor], Any]:  # fmt: skip
    """Call ``func`` one level up; its outputs, flat, still on that level, and their structure."""
    before = LEVELS.get()
    depth = len(before) + 1
    level = Level(BatchedKernels, size, randomness)
    token = LEVELS.set((*before, level))
    written: list[tuple[Tensor, Tensor, int | None]] = []
    try:
        entered = [
            _entered(v, d, size, depth) if isinstance(v, Tensor) else v for v, d in zip(values, dims, strict=True)
        ]
        vertices = [e._node if isinstance(e, Tensor) else None for e in entered]
        args, kwargs = arguments(entered)
        outs, tree = flatten(func(*args, **kwargs))
        for i, out in enumerate(outs):
            if not isinstance(out, Tensor):
                raise ArgumentError(
                    f"vmap({_name(func)}, ...): `{_name(func)}` must only return Tensors, got type "
                    f"{type(out).__name__} as output {i}"
                )
        written = [
            (v, e, d)
            for v, e, d, vertex in zip(values, entered, dims, vertices, strict=True)
            if isinstance(v, Tensor) and e._node is not vertex and type(e._node) not in (NoneType, Leaf)
        ]
        return [raised(o, depth) for o in outs], tree
    finally:
        LEVELS.reset(token)
        take_leave(level, depth)
        for given, inside, dim in written:
            _follow(given, inside, dim, size)


def _follow(x: Tensor, inside: Tensor, dim: int | None, size: int) -> None:
    """Let an argument stand for what was written to it inside, in the graph, too."""
    from ..inplace import check_writable, rebase  # they are built on this package

    check_writable(x)
    if is_grad_enabled():
        value = leave(inside, dim or 0, size)
        rebase(x, (value if dim is not None else value[0])._node)


def _entered(x: Tensor, dim: int | None, size: int, depth: int) -> Tensor:
    if dim is not None:
        return enter(raised(x, depth - 1), dim, size)
    out = raised(x, depth)
    if out is not x:
        memory.link_alias(x, out)  # a write to it is one to x
    return out


def raised(x: Tensor, depth: int) -> Tensor:
    """``x`` on the level of that depth."""
    running = LEVELS.get()
    array_type = x._type
    at = array_type.depth if isinstance(array_type, LevelType) else 0
    for level in running[at:depth]:
        array_type = level_type(array_type, level.kernels)
    return lift(x, array_type)


def raise_to_current(x: Tensor) -> Tensor:
    """``x`` on the level of the innermost running transform."""
    return raised(x, len(LEVELS.get()))


def _name(func: Any) -> str:
    return getattr(func, "__name__", type(func).__name__)


def _in_dims(in_dims: Any, args: tuple[Any, ...], flat: list[Any], tree: Any) -> list[int | None]:
    """The batch's axis of each tensor among the arguments, counted from the front; None for none."""
    if not isinstance(in_dims, int | tuple | list) or isinstance(in_dims, bool):
        raise ArgumentError(
            f"vmap: expected `in_dims` to be int or a (potentially nested) tuple matching the structure of inputs, "
            f"got: {type(in_dims).__name__}"
        )
    if not args:
        return []
    spec = tuple(in_dims) if isinstance(in_dims, list) else in_dims
    if isinstance(spec, tuple) and len(spec) != len(args):
        raise ArgumentError(
            f"vmap: in_dims {in_dims} has {len(spec)} entries for {len(args)} arguments; give one for each"
        )
    given = broadcast_prefix(spec, args)
    if given is None:
        raise ArgumentError(
            f"vmap: in_dims {in_dims} is not compatible with the structure of the inputs; "
            "give one int or None for each argument, or a structure like the argument's"
        )
    out: list[int | None] = []
    for value, dim in zip(flat, given, strict=True):
        if dim is None:
            out.append(None)
            continue
        if not isinstance(dim, int) or isinstance(dim, bool):
            raise ArgumentError(f"vmap: got in_dim={dim!r} for an input; expected an int or None")
        if not isinstance(value, Tensor):
            if spec == 0 or isinstance(spec, int):
                raise ArgumentError(
                    f"vmap: got in_dim={dim} for an input of type {type(value).__name__}: only tensors have a batch "
                    "axis; use None as its in_dim"
                )
            raise ArgumentError(
                f"vmap: got in_dim={dim} for an input of type {type(value).__name__}; use None as its in_dim"
            )
        ndim = value._array.ndim
        if not -ndim <= dim < ndim:
            raise ArgumentError(
                f"vmap: got in_dim={dim} for an input of shape {tuple(value.shape)}: expected "
                f"{f'{-ndim} to {ndim - 1}' if ndim else 'None, for it has no axis to map over'}"
            )
        out.append(dim % ndim)
    return out


def _batch_size(flat: list[Any], dims: list[int | None]) -> int:
    sizes = [v._array.shape[d] for v, d in zip(flat, dims, strict=True) if d is not None]
    if not sizes:
        raise ArgumentError("vmap: at least one argument must have a batch axis; all in_dims are None")
    if len(set(sizes)) > 1:
        raise ShapeError(
            f"vmap: Expected all tensors to have the same size in the mapped dimension, got sizes {sizes} for the "
            "mapped dimension"
        )
    return sizes[0]


def _out_dims(out_dims: Any, outs: list[Tensor], tree: Any) -> list[int | None]:
    if out_dims is None or isinstance(out_dims, int):
        given = None
    else:
        given = broadcast_prefix(out_dims, unflatten(list(outs), tree))
    if out_dims is None or isinstance(out_dims, int):
        given = [out_dims] * len(outs)
    elif given is None and isinstance(out_dims, tuple) and len(out_dims) == 1 and len(outs) == 1:
        given = list(out_dims)
    if given is None:
        raise ArgumentError(
            f"vmap: out_dims {out_dims} is not compatible with the structure of the {len(outs)} outputs"
        )
    for out, dim in zip(outs, given, strict=True):
        ndim = out._array.ndim + 1
        if dim is None:
            continue
        if not isinstance(dim, int) or not -ndim <= dim < ndim:
            raise ArgumentError(f"vmap: got out_dim={dim} for an output of shape {tuple(out.shape)} and a batch axis")
    return given
