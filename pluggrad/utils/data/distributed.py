"""The sampler that gives each of several processes its part of a dataset."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sized
from typing import Any

from ... import random
from ...errors import ArgumentError
from ...random import Generator
from .sampler import Sampler

__all__ = ["DistributedSampler"]


class DistributedSampler(Sampler[int]):
    """Every ``num_replicas``-th number from ``rank`` on, of an order that all processes compute alike.

    Parameters
    ----------
    dataset : whose samples are divided
    num_replicas, rank : how many processes there are, and which this is; default: the environment variables
        ``WORLD_SIZE`` and ``RANK``, which launchers of distributed programs set
    shuffle : a random order, of ``seed`` and the number given to :meth:`set_epoch`
    seed : the same in all processes
    drop_last : leave samples out so that all get the same number; default: give some twice

    Raises
    ------
    RuntimeError : no ``num_replicas`` or ``rank``, and no such environment variable
    ValueError : ``rank`` is not below ``num_replicas``

    >>> [list(DistributedSampler(range(5), 2, rank, shuffle=False)) for rank in (0, 1)]
    [[0, 2, 4], [1, 3, 0]]
    """

    def __init__(
        self, dataset: Sized, num_replicas: int | None = None, rank: int | None = None, shuffle: bool = True,
        seed: int = 0, drop_last: bool = False,
    ) -> None:  # fmt: skip
        num_replicas = _given(num_replicas, "num_replicas", "WORLD_SIZE")
        rank = _given(rank, "rank", "RANK")
        if not 0 <= rank < num_replicas:
            raise ValueError(f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]")
        self.dataset, self.num_replicas, self.rank = dataset, num_replicas, rank
        self.shuffle, self.seed, self.drop_last, self.epoch = shuffle, seed, drop_last, 0
        whole = len(dataset) // num_replicas
        self.num_samples = whole if drop_last else math.ceil(len(dataset) / num_replicas)
        self.total_size = self.num_samples * num_replicas

    def __iter__(self) -> Iterator[int]:
        n = len(self.dataset)
        order = list(range(n))
        if self.shuffle:
            generator = Generator().manual_seed(self.seed + self.epoch)
            order = random.randperm(n, generator=generator, device="cpu").tolist()
        if n:
            order = (order * math.ceil(self.total_size / n))[: self.total_size]
        return iter(order[self.rank :: self.num_replicas])

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of an epoch. Without this each has the same."""
        self.epoch = epoch

    def state_dict(self) -> dict[str, Any]:
        """The number of the epoch."""
        return {"epoch": self.epoch}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over the number of the epoch."""
        self.epoch = state_dict["epoch"]


def _given(value: int | None, name: str, variable: str) -> int:
    if value is None:
        if variable not in os.environ:
            raise ArgumentError(f"DistributedSampler: give {name}=, or set the environment variable {variable}")
        return int(os.environ[variable])
    return value
