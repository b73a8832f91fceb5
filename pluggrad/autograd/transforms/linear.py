"""A linear function of tensors, applied to tensors of transforms that it does not know of: part by part."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...function import functions
from ...tensor import Tensor
from . import dual
from .batched import BatchedKernels
from .levels import LEVELS, aside, depth_of
from .vmap import enter, leave, raised


def apply_linearly(
    func: Callable[..., Sequence[Tensor | None]], args: Sequence[Tensor | None]
) -> tuple[Tensor | None, ...]:
    """The outputs of a linear function for arguments of the innermost transform among them, a level below.

    Parameters
    ----------
    func : takes the arguments, and by name whether this call is the ``last``; gives several tensors or None
    args : tensors, at least one of a transform; or None

    Returns
    -------
    tuple of tensors of that transform, or None
    """
    depth = max(depth_of(a._type) for a in args if a is not None)
    running = LEVELS.get()
    level = running[depth - 1]
    given = [None if a is None else raised(a, depth) for a in args]
    token = LEVELS.set(running[: depth - 1])
    try:
        if level.kernels is BatchedKernels:
            batches = [None if a is None else aside(leave(a, 0, level.size)) for a in given]
            if level.size:
                members = [[None if b is None else b[i] for b in batches] for i in range(level.size)]
            else:  # one member of zeros, for the shapes
                members = [[None if b is None else b.new_zeros(b._array.shape[1:]) for b in batches]]
            rows = [func(*member, last=i == len(members) - 1) for i, member in enumerate(members)]
            stack = functions()["stack"].call
            out = [None if c[0] is None else stack(*c, axis=0)[: level.size] for c in zip(*rows, strict=True)]
            return tuple(None if o is None else aside(enter(o, 0, level.size)) for o in out)
        pairs = [(None, None) if a is None else tuple(map(aside, dual.unpack(a))) for a in given]
        values = func(*(v for v, _ in pairs), last=False)
        tangents = func(*(t for _, t in pairs), last=True)
        return tuple(
            None if v is None or t is None else aside(dual.make_dual(v, t))
            for v, t in zip(values, tangents, strict=True)
        )
    finally:
        LEVELS.reset(token)
