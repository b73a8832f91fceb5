"""Seeded streams of random numbers, the same on every device: :class:`Generator`, and the process's default one."""

from __future__ import annotations

import contextlib
import operator
import os
import threading
from collections.abc import Iterator
from typing import Any

from ..device import Device
from ..dtypes import uint8
from ..errors import ArgumentError
from ..locks import open_after_fork
from ..ops import creation
from ..tensor import Tensor

__all__ = [
    "Generator", "default_generator", "fork_rng", "get_rng_state", "initial_seed", "manual_seed", "seed",
    "set_rng_state",
]  # fmt: skip

_MOST = 2**64


def _any_seed() -> int:
    return int.from_bytes(os.urandom(8), "little")


class Generator:
    """A stream of random numbers: a seed, and how far it has been read.

    What a stream holds depends on the seed alone (:mod:`pluggrad.backends.philox`): the same seed gives the same
    numbers on every device and backend. Threads may share a generator; each number is given out once.

    Parameters
    ----------
    device : accepted for PyTorch's sake; a generator serves tensors of any device

    >>> import pluggrad
    >>> g = pluggrad.Generator().manual_seed(0)
    >>> pluggrad.rand(2, generator=g)
    tensor([0.0347, 0.0115])
    """

    __slots__ = ("_block", "_lock", "_seed", "device")

    def __init__(self, device: Device | str = "cpu") -> None:
        self.device = Device(device)
        self._lock = threading.Lock()
        self._seed, self._block = _any_seed(), 0

    def __repr__(self) -> str:
        return f"<pluggrad.Generator seed={self._seed} offset={self._block}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (str(self.device), self._seed, self._block)

    def reserve(self, blocks: int) -> tuple[int, int]:
        """Take the next blocks (of 256 bits) of the stream: the seed, and the number of the first of them."""
        with self._lock:
            first = self._block
            self._block = (first + blocks) % _MOST
            return self._seed, first

    def _restart(self, seed: int, block: int) -> None:
        with self._lock:
            self._seed, self._block = seed, block

    def manual_seed(self, seed: int) -> Generator:
        """Go to the beginning of the stream of that seed, -2**63 <= seed < 2**64; a negative one counts from 2**64.

        Raises
        ------
        ArgumentError : a seed out of range
        """
        seed = operator.index(seed)
        if not -(_MOST // 2) <= seed < _MOST:
            raise ArgumentError(f"manual_seed: a seed lies between -2**63 and 2**64 - 1, got {seed}")
        self._restart(seed % _MOST, 0)
        return self

    def seed(self) -> int:
        """Go to the beginning of a stream that nobody can foresee; returns its seed."""
        self._restart(_any_seed(), 0)
        return self._seed

    def initial_seed(self) -> int:
        """The seed."""
        return self._seed

    def get_offset(self) -> int:
        """How many blocks have been read."""
        return self._block

    def set_offset(self, offset: int) -> None:
        """Go to a block."""
        self._restart(self._seed, operator.index(offset))

    def get_state(self) -> Tensor:
        """Seed and offset as 16 bytes: a uint8 tensor on the CPU, for :meth:`set_state`.

        >>> import pluggrad
        >>> pluggrad.Generator().manual_seed(1).get_state()
        tensor([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], dtype=pluggrad.uint8)
        """
        with self._lock:
            state = self._seed.to_bytes(8, "little") + self._block.to_bytes(8, "little")
        return creation.tensor(list(state), dtype=uint8, device="cpu")

    def set_state(self, new_state: Tensor) -> None:
        """Go back to where :meth:`get_state` was called.

        Raises
        ------
        TypeError : no uint8 tensor
        ArgumentError : not 16 bytes
        """
        if not isinstance(new_state, Tensor) or new_state.dtype is not uint8:
            raise TypeError("set_state: expected a uint8 tensor, as get_state gives it")
        if new_state.shape != (16,):
            raise ArgumentError(f"set_state: a state has 16 bytes, got shape {tuple(new_state.shape)}")
        state = bytes(new_state._type.kernels.tolist(new_state._array))
        self._restart(int.from_bytes(state[:8], "little"), int.from_bytes(state[8:], "little"))

    def clone_state(self) -> Generator:
        """Another generator at the same place of the same stream."""
        return _rebuild(str(self.device), self._seed, self._block)


def _rebuild(device: str, seed: int, block: int) -> Generator:
    generator = Generator(device)
    generator._restart(seed, block)
    return generator


#: What is drawn from when no generator is given.
default_generator = Generator()
open_after_fork(default_generator._lock)


def manual_seed(seed: int) -> Generator:
    """Seed the process's generator; returns it.

    >>> import pluggrad
    >>> _ = pluggrad.manual_seed(0)
    >>> pluggrad.rand(2)
    tensor([0.0347, 0.0115])
    """
    return default_generator.manual_seed(int(seed))


def seed() -> int:
    """Seed the process's generator with a number that nobody can foresee, and return that."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed of the process's generator."""
    return default_generator.initial_seed()


def get_rng_state() -> Tensor:
    """The state of the process's generator, as a uint8 tensor."""
    return default_generator.get_state()


def set_rng_state(new_state: Tensor) -> None:
    """Put the process's generator back into a state.

    >>> import pluggrad
    >>> state = pluggrad.get_rng_state()
    >>> x = pluggrad.rand(3)
    >>> pluggrad.set_rng_state(state)
    >>> bool((pluggrad.rand(3) == x).all())
    True
    """
    default_generator.set_state(new_state)


@contextlib.contextmanager
def fork_rng(devices: Any = None, enabled: bool = True, **kwargs: Any) -> Iterator[None]:
    """Inside, draw from the process's generator; afterwards it is as it was before.

    Parameters
    ----------
    devices : accepted for PyTorch's sake; there is one generator for all
    enabled : False: do nothing

    >>> import pluggrad
    >>> with pluggrad.random.fork_rng():
    ...     _ = pluggrad.manual_seed(0)
    """
    if not enabled:
        yield
        return
    state = get_rng_state()
    try:
        yield
    finally:
        set_rng_state(state)
