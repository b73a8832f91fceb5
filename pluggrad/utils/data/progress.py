"""How far a loader has come in an epoch, as data: what another loader goes on from.

It has the generators of random numbers as they were at the beginning of the epoch, and how many batches have been
given since. To go on, an epoch is begun with these generators, and that many batches are passed over: of the numbers
alone, where a dataset has numbers. So a sampler need not know how to be saved.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from ...random import Generator, default_generator
from ..random_state import get_random_state, set_random_state

if TYPE_CHECKING:
    from .dataloader import DataLoader

__all__ = ["Progress", "WorkerProgress", "generators_of", "place"]


def generators_of(loader: DataLoader) -> list[Generator]:
    """The generators that were given to a loader and its samplers, but for the default one."""
    inner = getattr(loader.batch_sampler, "sampler", None)
    found = [getattr(holder, "generator", None) for holder in (loader, loader.sampler, loader.batch_sampler, inner)]
    distinct = {id(g): g for g in found if isinstance(g, Generator) and g is not default_generator}
    return list(distinct.values())


def place(generators: list[Generator]) -> list[list[int]]:
    """Where generators are: seeds and offsets."""
    return [[generator.initial_seed(), generator.get_offset()] for generator in generators]


def put(generators: list[Generator], places: list[list[int]]) -> None:
    """Put generators where :func:`place` found them.

    Raises
    ------
    ValueError : another number of them
    """
    if len(generators) != len(places):
        raise ValueError(
            f"the state was taken from a loader whose samplers were given {len(places)} generators, this one's were "
            f"given {len(generators)}"
        )
    for generator, (seed, offset) in zip(generators, places, strict=True):
        generator.manual_seed(seed).set_offset(offset)


@dataclass(slots=True)
class WorkerProgress:
    """How far one worker has come; this process's own loading counts as one.

    ``random`` : its generators behind the last batch that was given, if they were drawn from
    ``stream`` : its dataset's ``state_dict()`` there, if it has one
    ``batches``, ``ended`` : of a stream, how many of its batches were given, and whether it has no more
    """

    random: dict[str, Any] | None = None
    stream: Any = None
    batches: int = 0
    ended: bool = False


@dataclass(slots=True)
class Progress:
    """How far an epoch has come.

    ``random``, ``generators``, ``sampler`` : the common generators, those of the samplers, and the sampler's own
        ``state_dict()``, if it has one, all at the beginning
    ``batches`` : how many have been given without a gap; ``besides`` : the numbers of those given beyond a gap, which
        there is with ``in_order=False``
    ``turn`` : of a stream, the worker whose batch comes next
    """

    random: dict[str, Any]
    generators: list[list[int]]
    sampler: Any
    workers: list[WorkerProgress]
    batches: int = 0
    besides: list[int] = field(default_factory=list)
    turn: int = 0
    finished: bool = False

    @staticmethod
    def begin(loader: DataLoader) -> Progress:
        """The beginning of an epoch, now."""
        sampler = loader._stateful_sampler
        return Progress(
            random=get_random_state(),
            generators=place(generators_of(loader)),
            sampler=None if sampler is None else sampler.state_dict(),
            workers=[WorkerProgress() for _ in range(max(1, loader.num_workers))],
        )

    def go_back(self, loader: DataLoader) -> None:
        """Put generators and sampler where they were at the beginning."""
        set_random_state(self.random)
        put(generators_of(loader), self.generators)
        if self.sampler is not None:
            loader._stateful_sampler.load_state_dict(self.sampler)

    def note(self, batch: int) -> None:
        """Note that a batch has been given."""
        if batch != self.batches:
            self.besides.append(batch)
            return
        self.batches += 1
        while self.batches in self.besides:
            self.besides.remove(self.batches)
            self.batches += 1

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)

    @staticmethod
    def from_dict(state: dict[str, Any]) -> Progress:
        """From what :meth:`to_dict` gave."""
        return Progress(**{**state, "workers": [WorkerProgress(**worker) for worker in state["workers"]]})

    def fit(self, workers: int, is_stream: bool) -> None:
        """Be the progress of a loader with so many workers.

        Raises
        ------
        ValueError : what the workers have come to cannot be divided among another number of them
        """
        if len(self.workers) == workers:
            return
        if is_stream or any(worker.random is not None for worker in self.workers):
            reason = "a stream is divided among them" if is_stream else "their random numbers go on"
            raise ValueError(
                f"the state was taken in an epoch with {len(self.workers)} processes, this loader has {workers}: "
                f"give it the same num_workers, since {reason}"
            )
        self.workers = [WorkerProgress() for _ in range(workers)]
