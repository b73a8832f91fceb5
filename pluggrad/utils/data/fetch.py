"""From numbers of samples, or from a stream, to a batch: the same in this process and in workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from .collate import default_collate, default_convert
from .dataset import IterableDataset

__all__ = ["END", "Fetcher", "Recipe", "StreamFetcher", "fetcher_of"]


class _End:
    """What comes behind the last batch of a stream. One object, in all processes."""

    def __reduce__(self) -> str:
        return "END"


END = _End()


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a loader makes batches: what a worker must know.

    ``batch_size`` None: samples as they are, by ``collate_fn`` or :func:`default_convert`.
    """

    dataset: Any
    batched: bool
    batch_size: int | None
    drop_last: bool
    collate_fn: Callable[[Any], Any] | None

    @property
    def is_stream(self) -> bool:
        """Whether the dataset is one of samples without numbers."""
        return isinstance(self.dataset, IterableDataset)


class Fetcher:
    """Batches of a dataset by numbers."""

    def __init__(self, recipe: Recipe) -> None:
        self._dataset, self._batched = recipe.dataset, recipe.batched
        self._convert = recipe.collate_fn or (default_collate if recipe.batched else default_convert)
        # One indexing for the batch instead of one for each sample, with the same result.
        plain = self._batched and self._convert is default_collate
        self._take = getattr(self._dataset, "_take", None) if plain else None

    def __call__(self, index: Any) -> Any:
        """The batch of the samples with these numbers, or the sample with this one."""
        if not self._batched:
            return self._convert(self._dataset[index])
        if self._take is not None:
            batch = self._take(index)
            if batch is not None:
                return batch
        if callable(getattr(self._dataset, "__getitems__", None)):
            return self._convert(self._dataset.__getitems__(index))
        return self._convert([self._dataset[i] for i in index])

    def state_dict(self) -> Any:
        """A dataset with numbers has no place that it has come to."""
        return None


class StreamFetcher:
    """Batches of an IterableDataset, one after another, then END."""

    def __init__(self, recipe: Recipe, state: Any = None) -> None:
        self._recipe = recipe
        if state is not None:
            recipe.dataset.load_state_dict(state)
        self._samples: Iterator[Any] = iter(recipe.dataset)
        self._collate = recipe.collate_fn or (default_collate if recipe.batched else default_convert)
        self._ended = False

    def __call__(self, index: Any = None) -> Any:
        """The next batch, or END."""
        recipe = self._recipe
        if self._ended:
            return END
        if not recipe.batched:
            for sample in self._samples:
                return self._collate(sample)
            self._ended = True
            return END
        batch = list(islice(self._samples, recipe.batch_size))
        self._ended = len(batch) < (recipe.batch_size or 0)
        if not batch or (self._ended and recipe.drop_last):
            self._ended = True
            return END
        return self._collate(batch)

    def state_dict(self) -> Any:
        """The place that the dataset has come to, if it tells: its ``state_dict()``; else None."""
        tell = getattr(self._recipe.dataset, "state_dict", None)
        return None if tell is None else tell()


def fetcher_of(recipe: Recipe, state: Any = None) -> Fetcher | StreamFetcher:
    """What makes a loader's batches; from ``state`` on, if the dataset can go there."""
    return StreamFetcher(recipe, state) if recipe.is_stream else Fetcher(recipe)
