"""The state of all generators of random numbers that a program commonly draws from, as plain data.

These are Python's ``random``, pluggrad's default generator, and the own generators of the array libraries in use,
such as NumPy's ``np.random``.
"""

from __future__ import annotations

import contextlib
import random as python
from collections.abc import Iterator
from typing import Any

from ..backends import plugins
from ..random import default_generator, manual_seed
from .forking import FORKING

__all__ = ["get_random_state", "preserved", "seed_worker", "set_random_state"]


def get_random_state() -> dict[str, Any]:
    """The state of the generators, for :func:`set_random_state`; dicts, lists, numbers and bytes, for a file.

    >>> import random, pluggrad
    >>> state = get_random_state()
    >>> x, y = random.random(), pluggrad.rand(2)
    >>> set_random_state(state)
    >>> random.random() == x, bool((pluggrad.rand(2) == y).all())
    (True, True)
    """
    version, words, gauss = python.getstate()
    plugins.backend("cpu")  # whose library a program may draw from before it has made a tensor
    with FORKING:  # NumPy's generator has a lock
        libraries = {loaded.name: loaded.kernels.library_random_state() for loaded in plugins.loaded()}
    return {
        "python": [version, b"".join(word.to_bytes(4, "little") for word in words), gauss],
        "pluggrad": [default_generator.initial_seed(), default_generator.get_offset()],
        "libraries": {name: state for name, state in libraries.items() if state is not None},
    }


def set_random_state(state: dict[str, Any]) -> None:
    """Put the generators back to where :func:`get_random_state` was called."""
    version, data, gauss = state["python"]
    words = tuple(int.from_bytes(data[i : i + 4], "little") for i in range(0, len(data), 4))
    python.setstate((version, words, gauss))
    seed, offset = state["pluggrad"]
    manual_seed(seed)
    default_generator.set_offset(offset)
    plugins.backend("cpu")
    with FORKING:
        for loaded in plugins.loaded():
            if loaded.name in state["libraries"]:
                loaded.kernels.set_library_random_state(state["libraries"][loaded.name])


@contextlib.contextmanager
def preserved() -> Iterator[None]:
    """Inside, draw and seed at will: the generators are afterwards as they were."""
    state = get_random_state()
    try:
        yield
    finally:
        set_random_state(state)


def seed_worker(base_seed: int, worker: int) -> None:
    """Seed the generators of a worker process, each as PyTorch's loader seeds it."""
    python.seed(base_seed + worker)
    manual_seed(base_seed + worker)
    plugins.backend("cpu")
    for loaded in plugins.loaded():
        loaded.kernels.seed_library(base_seed=base_seed, worker=worker)
