"""The table of batching rules, and what is done where there is none: each member by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .... import function
from ....errors import ShapeError
from ..batched import BatchedArray, BatchedKernels, bare, batch_size
from ..levels import LevelError

Rule = Callable[[BatchedKernels, str, tuple[Any, ...], dict[str, Any]], Any]
RULES: dict[str, Rule] = {}


def batching(*names: str) -> Callable[[Rule], Rule]:
    """Make a function the batching rule of these functions."""

    def enter(rule: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, rule))
        return rule

    return enter


def rule_of(name: str) -> Rule | None:
    """The batching rule of a function: its own, or, if it broadcasts and has no axes, that of elementwise functions."""
    rule = RULES.get(name)
    if rule is None:
        declared = function.get(name)
        if declared is not None and declared.batching is not None:
            return BATCHING.get(declared.batching, declared_rule)
        if declared is not None and declared.broadcasts and not {"axis", "axes"} & set(declared.parameters):
            return elementwise
    return rule


def full(xp: BatchedKernels, a: Any, size: int) -> Any:
    """The array below, with the batch as its first axis also where all members are the same."""
    if not isinstance(a, BatchedArray):
        return a
    if a.batched:
        return a.array
    return xp.inner.broadcast_to(xp.inner.expand_dims(a.array, axis=(0,)), shape=(size, *a.array.shape))


# -- for all functions ---------------------------------------------------------------------------------


def elementwise(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    """A function that works on each element by itself and broadcasts."""
    if len(args) > 1 and not function.functions()[name].broadcasts:
        size = batch_size(args)
        args = tuple([xp.wrap(full(xp, a, size)) for a in args])
    return xp.apply_elementwise(getattr(xp.inner, name), args, **parameters)


def composed(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    """A function whose forward, in the standard's words, is made of functions that have rules."""
    declared = function.get(name)
    assert declared is not None and declared.forward is not None
    return declared.forward(xp, *args, **parameters)


def leading(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    """A function whose arrays may have an axis more, before the others."""
    size = batch_size(args)
    return xp.wrap(getattr(xp.inner, name)(*[full(xp, a, size) for a in args], **parameters))


def declared_rule(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    """The rule that came with a declaration.

    Raises
    ------
    ShapeError : an output whose first axis is not the batch
    """
    declared = function.functions()[name]
    batched = tuple(isinstance(a, BatchedArray) and a.batched for a in args)
    outs = declared.batching(xp.inner, batched, *[bare(a) for a in args], **parameters)  # type: ignore[operator,misc]
    size = batch_size(args)
    for out in outs if isinstance(outs, tuple | list) else (outs,):
        if tuple(out.shape[:1]) != (size,):
            raise ShapeError(
                f"{name}: the first axis of what a batching rule gives is the batch, here of size {size}; got an array "
                f"of shape {tuple(out.shape)}"
            )
    return xp.wrap(outs)


#: The rules that a declaration may call for by a word.
BATCHING: dict[Any, Rule] = {"elementwise": elementwise, "leading": leading, "forward": composed}


# -- member by member --------------------------------------------------------------------------------


def _member(a: Any, i: int) -> Any:
    if isinstance(a, BatchedArray):
        return a.array[i, ...] if a.batched else a.array
    if hasattr(a, "buffers"):  # the indices of an advanced key
        return a.of(lambda array: _member(array, i))
    return a


def batched_parts(args: tuple[Any, ...], parameters: dict[str, Any]) -> list[Any]:
    """The arguments, and the arrays in their parameters: what may be batched."""
    parts = list(args)
    for p in parameters.values():
        parts += [b.array for b in getattr(p, "buffers", ()) if b is not None]
    return parts


def loop(xp: BatchedKernels, name: str, args: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    """Call the kernel below for each member, and stack the results.

    Raises
    ------
    LevelError : results of different shapes, as of ``nonzero``
    """
    size = batch_size(batched_parts(args, parameters))
    kernel = getattr(xp.inner, name)
    outs = []
    for i in range(max(size, 1)):
        if size:
            members = [_member(a, i) for a in args]
        else:  # one member of zeros, for the shape
            members = [
                xp.inner.new_zeros(a.array, shape=a.shape) if isinstance(a, BatchedArray) and a.batched else bare(a)
                for a in args
            ]
        if name == "index" and _has_mask(xp, parameters):
            raise LevelError(
                "vmap: how many elements a mask picks depends on its values, which may differ over the batch; use "
                "pluggrad.where(mask, x, 0) instead"
            )
        outs.append(kernel(*members, **{k: _member(p, i) for k, p in parameters.items()}))
    return _stacked(xp, name, outs, size)


def _has_mask(xp: BatchedKernels, parameters: dict[str, Any]) -> bool:
    buffers = parameters["indices"].buffers
    return any(
        b is not None and isinstance(b.array, BatchedArray) and b.array.batched and xp.isdtype(b.array.dtype, "bool")
        for b in buffers
    )


def _stacked(xp: BatchedKernels, name: str, outs: list[Any], size: int) -> Any:
    first = outs[0]
    if isinstance(first, tuple | list):
        return tuple(_stacked(xp, name, list(column), size) for column in zip(*outs, strict=True))
    if not hasattr(first, "shape"):
        return first
    if any(tuple(o.shape) != tuple(first.shape) for o in outs):
        raise LevelError(
            f"vmap: {name} gives results whose shape depends on the values, so those of the batch do not stack: "
            f"{', '.join(sorted({str(tuple(o.shape)) for o in outs}))}; vmap cannot follow that. "
            "Use pluggrad.where or a mask instead"
        )
    if name in ("nonzero", "argwhere", "unique_values", "unique_all", "unique_counts", "unique_inverse"):
        raise LevelError(
            f"vmap: the shape of what {name} gives depends on the values, which may differ over the batch; "
            "use pluggrad.where or a mask instead"
        )
    out = xp.inner.stack(*[xp.inner.namespace.asarray(o) for o in outs], axis=0)
    return BatchedArray(out if size else out[:0, ...], True, xp)
