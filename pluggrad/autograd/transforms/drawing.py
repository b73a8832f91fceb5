"""Random numbers inside ``vmap``: for each member others, the same for all, or none, as its ``randomness`` says."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ...backends.loaded import ArrayType
from .batched import BatchedArray, BatchedKernels
from .dual import DualArray
from .levels import LEVELS, LevelError, LevelType, depth_of, level_type

_REFUSED = (
    "vmap: called random operation while in randomness error mode. Please either use the 'same' or 'different' "
    "randomness flags on vmap or perform the randomness operation out of vmap"
)


def random_type(array_type: ArrayType) -> ArrayType:
    """The type that new random numbers have inside the running transforms: that of the innermost of them."""
    running = LEVELS.get()
    depth = array_type.depth if isinstance(array_type, LevelType) else 0
    for level in running[depth:]:
        array_type = level_type(array_type, level.kernels)
    return array_type


def check_fill(array_type: ArrayType) -> None:
    """Refuse to fill, inside of ``vmap``, an array that all members share with random numbers of each member's own.

    Raises
    ------
    LevelError : ``randomness`` is "error", or "different"
    """
    for level in LEVELS.get()[depth_of(array_type) :]:
        if level.kernels is BatchedKernels and level.randomness == "error":
            raise LevelError(_REFUSED)
        if level.kernels is BatchedKernels and level.randomness == "different":
            raise LevelError(
                "vmap: cannot fill a tensor that all members of the batch share with different random numbers in "
                "place; draw new ones, as in pluggrad.randn(2), or ask for randomness='same'"
            )


def draw(array_type: LevelType, count: int, flat: Callable[[ArrayType, int], Any]) -> Any:
    """``count`` random numbers for each member of the batches that a type is of.

    ``flat(array_type, count)`` : draws from the real library

    Raises
    ------
    LevelError : within ``vmap(..., randomness="error")``
    """
    levels: list[tuple[LevelType, int | None]] = []
    running = LEVELS.get()
    base: ArrayType = array_type
    while isinstance(base, LevelType):
        level = running[base.depth - 1]
        if level.kernels is BatchedKernels and level.randomness == "error":
            raise LevelError(_REFUSED)
        levels.append((base, level.size if level.randomness == "different" else None))
        base = base.inner
    sizes = tuple(size for _, size in reversed(levels) if size is not None)
    out = flat(base, count * math.prod(sizes))
    out = base.kernels.reshape(out, shape=(*sizes, count))
    for one, size in reversed(levels):
        kernels: Any = one.kernels
        out = (
            BatchedArray(out, size is not None, kernels)
            if one.array_class is BatchedArray
            else DualArray(out, None, kernels)
        )
    return out
