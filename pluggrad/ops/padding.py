"""Padding: with a constant, or with the tensor's own elements mirrored, repeated or wrapped around."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from ..autograd.operands import require_tensors
from ..dtypes import NUMERIC
from ..errors import ArgumentError, ShapeError
from ..tensor import Tensor
from .declare import composite
from .indexing import as_value

__all__ = ["pad"]

Widths = tuple[tuple[int, int], ...]
Mode = Literal["constant", "reflect", "replicate", "circular"]

#: NumPy's names of the modes.
_MODES = {"edge": "replicate", "wrap": "circular"}


def _inner(widths: Widths, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """The key of what was padded within the result."""
    return (*(slice(a, a + n) for (a, _), n in zip(widths, shape, strict=True)), ...)


def _crop(widths: Widths, sizes: Sequence[int]) -> tuple[Any, ...]:
    """The key of what is left of an axis where a width is negative."""
    return (*(slice(max(-a, 0), n - max(-b, 0)) for (a, b), n in zip(widths, sizes, strict=True)), ...)


def _pad_constant_x(xp: Any, g: Any, x_shape: tuple[int, ...], widths: Widths) -> Any:
    if min(min(pair) for pair in widths) >= 0:
        return g[_inner(widths, x_shape)]
    # What was cut off has no gradient: the way back pads where there was a cut, and the other way round.
    return xp.pad_constant(g, widths=tuple([(-a, -b) for a, b in widths]), value=0)


@composite(name="pad_constant", alias="ConstantPadNd", result="same", vjp=_pad_constant_x)
def _pad_constant(xp: Any, x: Any, /, *, widths: Widths, value: bool | int | float | complex) -> Any:
    ns = xp.namespace
    x = x[_crop(widths, x.shape)]
    grown: Widths = tuple((max(a, 0), max(b, 0)) for a, b in widths)
    shape = tuple(n + a + b for n, (a, b) in zip(x.shape, grown, strict=True))
    out = ns.full(shape, value, dtype=x.dtype, device=xp.native_device(x))
    out[_inner(grown, x.shape)] = x
    return out


def _source(n: int, before: int, after: int, mode: str) -> list[tuple[slice, slice]]:
    """How one axis is filled: pairs of a part of the result, and the part of the source it is copied from."""
    total = before + n + after
    if mode == "replicate":
        # One row for many: the assignment broadcasts it.
        edges = [(slice(0, before), slice(0, 1)), (slice(before + n, total), slice(n - 1, n))]
    elif mode == "reflect":
        # Without the edge itself, in reversed order.
        edges = [
            (slice(0, before), slice(before, 0, -1)),
            (slice(before + n, total), slice(n - 2, n - 2 - after if n - 2 - after >= 0 else None, -1)),
        ]
    else:
        edges = [(slice(0, before), slice(n - before, n)), (slice(before + n, total), slice(0, after))]
    return [edge for edge, width in zip(edges, (before, after), strict=True) if width]


def _pad_edges_x(xp: Any, g: Any, widths: Widths, mode: str) -> Any:
    return xp.fold_edges(g, widths=widths, mode=mode)


@composite(name="pad_edges", alias="Pad", result="same", vjp=_pad_edges_x)
def _pad_edges(xp: Any, x: Any, /, *, widths: Widths, mode: str) -> Any:
    """Axis after axis, each from what is there already, so that the corners come out right."""
    ns = xp.namespace
    inner = _inner(widths, x.shape)
    shape = tuple(a + n + b for n, (a, b) in zip(x.shape, widths, strict=True))
    out = ns.empty(shape, dtype=x.dtype, device=xp.native_device(x))
    out[inner] = x
    for axis, (before, after) in enumerate(widths):
        n = x.shape[axis]
        # Axes before this one are complete; those after it are not, but complete themselves in their turn.
        lead = (slice(None),) * axis
        for target, source in _source(n, before, after, mode):
            values = out[(*lead, slice(before, before + n), ...)][(*lead, source, ...)]
            part = out[(*lead, target, ...)]
            out[(*lead, target, ...)] = ns.broadcast_to(values, part.shape)
    return out


def _fold_edges_x(xp: Any, g: Any, widths: Widths, mode: str) -> Any:
    return xp.pad_edges(g, widths=widths, mode=mode)


@composite(name="fold_edges", result="same", kinds=NUMERIC, vjp=_fold_edges_x)
def _fold_edges(xp: Any, x: Any, /, *, widths: Widths, mode: str) -> Any:
    """The way back of :func:`_pad_edges`: each edge is added to where it was copied from."""
    ns = xp.namespace
    for axis in reversed(range(x.ndim)):
        before, after = widths[axis]
        n = x.shape[axis] - before - after
        lead = (slice(None),) * axis
        inner = ns.asarray(x[(*lead, slice(before, before + n), ...)], copy=True)
        for target, source in _source(n, before, after, mode):
            part = x[(*lead, target, ...)]
            if mode == "replicate":
                part = ns.sum(part, axis=axis, keepdims=True, dtype=part.dtype)
            inner[(*lead, source, ...)] += part
        x = inner
    return x


def pad(
    x: Tensor,
    pad: Any = None,
    mode: str = "constant",
    value: Any = None,
    *,
    pad_width: Any = None,
    constant_values: Any = None,
) -> Tensor:
    """``x`` with elements added at both ends of axes.

    Parameters
    ----------
    x : Tensor, n-D
    pad, pad_width : as NumPy has it, n pairs (before, after), or one pair, or one number for all axes; a flat
        sequence of ints is PyTorch's: (before, after) of the last axis, then of the one before it, ...
    mode : "constant", "reflect" (mirrored without the edge), "replicate" (or "edge"), "circular" (or "wrap")
    value, constant_values : for "constant"; default 0

    Negative widths cut elements off.

    Raises
    ------
    ShapeError : widths that do not fit the tensor

    >>> import pluggrad
    >>> pluggrad.pad(pluggrad.asarray([1, 2, 3]), ((1, 2),), mode="reflect")
    tensor([2, 1, 2, 3, 2, 1])
    """
    given = pad if pad_width is None else pad_width
    require_tensors("pad", input=x)
    widths = _widths(given, x._array.ndim)
    value = constant_values if value is None else value
    mode = _MODES.get(mode, mode)
    if mode == "constant":
        filler = as_value(0 if value is None else value, x._type)
        for i, ((a, b), n) in enumerate(zip(widths, x._array.shape, strict=True)):
            if n + min(a, 0) + min(b, 0) < 0 or n + a + b < 0:
                raise ShapeError(f"pad: widths ({a}, {b}) of axis {i} leave a negative size of shape {list(x.shape)}")
        if not widths:
            return x.clone()
        return _pad_constant(x, widths=widths, value=filler._type.kernels.tolist(filler._array))
    if mode not in ("reflect", "replicate", "circular"):
        raise NotImplementedError(f"pad: mode must be constant, reflect, replicate or circular, got {mode!r}")
    if value is not None and value != 0:
        raise ArgumentError(f"pad: mode {mode!r} doesn't take in value argument")
    for i, ((a, b), n) in enumerate(zip(widths, x._array.shape, strict=True)):
        most = {"reflect": n - 1, "circular": n}.get(mode)
        if most is not None and max(a, b) > most and (a or b):
            raise ShapeError(
                f"pad: widths ({a}, {b}) of axis {i} are too large for mode {mode!r}: the size is {n}, so at most "
                f"{max(most, 0)}"
            )
        if (not n and (a or b)) or n + a + b < (1 if n else 0):
            raise ShapeError(
                f"pad: mode {mode!r} takes no empty axes and leaves none, got ({a}, {b}) for size {n} of axis {i}"
            )
    for axis, (a, b) in enumerate(widths):
        if min(a, b) < 0:
            x = _taken(x, axis, a, b, mode)
    widths = tuple((a, b) if min(a, b) >= 0 else (0, 0) for a, b in widths)
    return _pad_edges(x, widths=widths, mode=mode) if widths else x.clone()


def _taken(x: Tensor, axis: int, before: int, behind: int, mode: str) -> Tensor:
    """``x`` padded along an axis where a width is negative: each element from where the mode says."""
    from .creation import asarray
    from .gathering import index_select

    n = x._array.shape[axis]
    places = range(-before, n + behind)
    if mode == "replicate":
        at = [min(max(i, 0), n - 1) for i in places]
    elif mode == "circular":
        at = [i % n for i in places]
    else:
        at = [i if 0 <= i < n else -i if i < 0 else 2 * (n - 1) - i for i in places]
    return index_select(x, axis, asarray(at, device=x.device))


def _widths(given: Any, ndim: int) -> Widths:
    """Widths as one pair for each axis."""
    if isinstance(given, int):
        return ((given, given),) * ndim
    if given is None:
        raise TypeError("pad: the widths are required")
    given = tuple(given)
    if all(isinstance(w, int) for w in given):
        if len(given) % 2:
            raise ShapeError(f"pad: padding length must be divisible by 2, got {len(given)}")
        if len(given) // 2 > ndim:
            raise ShapeError(
                "pad: padding length should be less than or equal to two times the input dimension but got padding "
                f"length {len(given)} and input of dimension {ndim}"
            )
        pairs = [(int(given[i]), int(given[i + 1])) for i in range(0, len(given), 2)][::-1]
        return ((0, 0),) * (ndim - len(pairs)) + tuple(pairs)
    pairs = [(int(w[0]), int(w[-1])) for w in given]
    if len(pairs) == 1:
        pairs = pairs * ndim
    if len(pairs) != ndim:
        raise ShapeError(f"pad: expected a pair of widths for each of the {ndim} axes, got {len(pairs)}")
    return tuple(pairs)
