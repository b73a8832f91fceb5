"""utils.data: datasets, samplers, collation, the loader: the same programs on both libraries where order is fixed."""

from __future__ import annotations

import inspect
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

import pluggrad
from pluggrad.utils import data

torch = pytest.importorskip("torch")
theirs = torch.utils.data


class Point(NamedTuple):
    x: Any
    y: Any


def plain(value: Any) -> Any:
    """Tensors of either library as lists, with the dtype's name."""
    if isinstance(value, pluggrad.Tensor | torch.Tensor):
        return str(value.dtype).rpartition(".")[2], value.tolist()
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value).__name__, [plain(v) for v in value]
    if isinstance(value, list | tuple):
        return type(value).__name__, [plain(v) for v in value]
    return value


# -- collation -------------------------------------------------------------------------------------------------

BATCHES: dict[str, Callable[[Any], list[Any]]] = {
    "tensors": lambda lib: [lib.ones(2), lib.zeros(2)],
    "ints": lambda lib: [1, 2, 3],
    "floats": lambda lib: [0.5, 0.1],
    "bools": lambda lib: [True, False],
    "strings": lambda lib: ["a", "b"],
    "arrays": lambda lib: [np.ones(2), np.zeros(2)],
    "array scalars": lambda lib: [np.int32(3), np.int32(4)],
    "tuples": lambda lib: [(lib.ones(1), 3), (lib.zeros(1), 4)],
    "lists": lambda lib: [[1, "a"], [2, "b"]],
    "named": lambda lib: [Point(1, 2), Point(3, 4)],
    "dicts": lambda lib: [{"x": 1, "y": lib.ones(1)}, {"x": 2, "y": lib.zeros(1)}],
    "ordered": lambda lib: [OrderedDict(a=(1, 2)), OrderedDict(a=(3, 4))],
}


@pytest.mark.parametrize("name", BATCHES)
def test_collation_is_pytorchs(name: str) -> None:
    mine, yours = data.default_collate(BATCHES[name](pluggrad)), theirs.default_collate(BATCHES[name](torch))
    assert plain(mine) == plain(yours)
    assert type(mine).__name__ == type(yours).__name__


def test_conversion_without_batches_is_pytorchs() -> None:
    samples = [1, 0.5, "a", (np.arange(2), 3), [np.float32(2.0)], {"x": np.ones(1)}, Point(np.ones(1), "b")]
    for sample in samples:
        assert plain(data.default_convert(sample)) == plain(theirs.default_convert(sample))


def test_collation_copies_arrays() -> None:
    array = np.ones(2)
    out = data.default_collate([array, array])
    array[:] = 0
    assert out.tolist() == [[1.0, 1.0]] * 2


def test_what_does_not_collate() -> None:
    with pytest.raises(TypeError, match="must contain tensors, numpy arrays, numbers, dicts or lists; found object"):
        data.default_collate([object()])
    with pytest.raises((ValueError, RuntimeError), match="should be of equal size"):
        data.default_collate([[1], [1, 2]])


# -- the loader ------------------------------------------------------------------------------------------------


class Squares:
    def __len__(self) -> int:
        return 10

    def __getitem__(self, i: int) -> tuple[int, int]:
        return i, i * i


def stream(lib: Any) -> Any:
    class Stream(lib.IterableDataset):
        def __iter__(self) -> Iterator[int]:
            return iter(range(7))

        def __len__(self) -> int:
            return 7

    return Stream()


LOADERS: dict[str, Callable[[Any, Any], Any]] = {
    "one by one": lambda d, lib: d.DataLoader(Squares()),
    "batches": lambda d, lib: d.DataLoader(Squares(), batch_size=4),
    "whole batches": lambda d, lib: d.DataLoader(Squares(), batch_size=4, drop_last=True),
    "no batches": lambda d, lib: d.DataLoader(Squares(), batch_size=None),
    "sampler": lambda d, lib: d.DataLoader(Squares(), batch_size=2, sampler=[3, 1, 2]),
    "batch sampler": lambda d, lib: d.DataLoader(Squares(), batch_sampler=[[0, 1], [5]]),
    "collate": lambda d, lib: d.DataLoader(Squares(), batch_size=3, collate_fn=len),
    "a stream": lambda d, lib: d.DataLoader(stream(d), batch_size=3),
    "a stream in whole batches": lambda d, lib: d.DataLoader(stream(d), batch_size=3, drop_last=True),
    "a stream without batches": lambda d, lib: d.DataLoader(stream(d), batch_size=None),
    "tensors": lambda d, lib: d.DataLoader(d.TensorDataset(lib.arange(5), lib.arange(10).reshape(5, 2)), batch_size=2),
    "a subset": lambda d, lib: d.DataLoader(d.Subset(Squares(), [7, 2, 4]), batch_size=2),
    "of tensors": lambda d, lib: d.DataLoader(d.Subset(d.TensorDataset(lib.arange(5)), [4, 0, 2]), batch_size=2),
    "joined": lambda d, lib: d.DataLoader(d.ConcatDataset([Squares(), Squares()]), batch_size=7),
    "a list": lambda d, lib: d.DataLoader([{"x": i} for i in range(3)], batch_size=2),
}


@pytest.mark.parametrize("name", LOADERS)
def test_batches_are_pytorchs(name: str) -> None:
    mine, yours = LOADERS[name](data, pluggrad), LOADERS[name](theirs, torch)
    assert plain(list(mine)) == plain(list(yours))
    assert plain(list(mine)) == plain(list(yours))  # a second epoch
    assert len(mine) == len(yours)


def test_arguments_are_pytorchs() -> None:
    def arguments(cls: Any) -> list[tuple[str, Any]]:
        return [(p.name, p.kind) for p in inspect.signature(cls).parameters.values()]

    for name in (
        "DataLoader",
        "BatchSampler",
        "RandomSampler",
        "SubsetRandomSampler",
        "TensorDataset",
        "Subset",
        "random_split",
    ):
        assert arguments(getattr(data, name)) == arguments(getattr(theirs, name)), name


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_workers": -1}, "num_workers option should be non-negative"),
        ({"num_workers": 1, "prefetch_factor": 0}, "prefetch_factor option should be at least 1"),
        ({"num_workers": 1, "multiprocessing_context": "magic"}, "multiprocessing_context should be one of"),
        ({"shuffle": True, "sampler": [1]}, "sampler option is mutually exclusive with shuffle"),
        ({"batch_sampler": [[1]], "batch_size": 2}, "batch_sampler option is mutually exclusive with batch_size"),
        ({"batch_size": None, "drop_last": True}, "disables auto-batching and is mutually exclusive with drop_last"),
        ({"batch_size": 0}, "batch_size should be a positive integer value, but got batch_size=0"),
        ({"timeout": -1}, "timeout option should be non-negative"),
        ({"prefetch_factor": 2}, "prefetch_factor option could only be specified in multiprocessing"),
        ({"persistent_workers": True}, "persistent_workers option needs num_workers > 0"),
        ({"multiprocessing_context": "spawn"}, "can only be used with multi-process loading"),
    ],
)
def test_options_that_do_not_go_together(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        data.DataLoader(Squares(), **options)


def test_a_stream_sets_its_own_order() -> None:
    with pytest.raises(ValueError, match="expected no shuffle, sampler or batch_sampler"):
        data.DataLoader(stream(data), shuffle=True)


# -- order -----------------------------------------------------------------------------------------------------


def order(loader: Any) -> list[int]:
    return [i for batch in loader for i in batch[0].tolist()]


def test_shuffling() -> None:
    def loader() -> Any:
        return data.DataLoader(Squares(), batch_size=3, shuffle=True, generator=pluggrad.Generator().manual_seed(1))

    one = loader()
    first, second = order(one), order(one)
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second
    again = loader()
    assert [order(again), order(again)] == [first, second]


def test_shuffling_draws_from_the_default_generator() -> None:
    loader = data.DataLoader(Squares(), batch_size=3, shuffle=True)
    pluggrad.manual_seed(5)
    first = order(loader)
    pluggrad.manual_seed(5)
    assert order(loader) == first
    assert order(loader) != first


def test_random_samplers() -> None:
    g = pluggrad.Generator().manual_seed(0)
    assert sorted(data.RandomSampler(range(6), generator=g)) == list(range(6))
    some = list(data.RandomSampler(range(6), replacement=True, num_samples=50, generator=g))
    assert len(some) == 50
    assert set(some) == set(range(6))
    more = list(data.RandomSampler(range(3), num_samples=7, generator=g))
    assert sorted(more[:3]) == sorted(more[3:6]) == [0, 1, 2]
    assert len(more) == 7
    assert sorted(data.SubsetRandomSampler([5, 7, 9], generator=g)) == [5, 7, 9]
    drawn = list(data.WeightedRandomSampler([0.0, 1.0, 3.0], 400, generator=g))
    assert 0 not in drawn
    assert 0.65 < drawn.count(2) / 400 < 0.85
    with pytest.raises(ValueError, match="num_samples should be a positive integer value"):
        data.RandomSampler(range(3), num_samples=0)


def test_random_split() -> None:
    parts = data.random_split(Squares(), [7, 3], generator=pluggrad.Generator().manual_seed(0))
    numbers = [i for part in parts for i, _ in (part[k] for k in range(len(part)))]
    assert sorted(numbers) == list(range(10))
    assert numbers != list(range(10))
    again = data.random_split(Squares(), [7, 3], generator=pluggrad.Generator().manual_seed(0))
    assert [p.indices for p in again] == [p.indices for p in parts]
    for lengths in ([0.5, 0.3, 0.2], [0.33, 0.33, 0.34], [1.0]):
        mine, yours = data.random_split(Squares(), lengths), theirs.random_split(Squares(), lengths)
        assert list(map(len, mine)) == list(map(len, yours))
    with pytest.raises(ValueError, match="Sum of input lengths does not equal the length of the input dataset"):
        data.random_split(Squares(), [5, 4])


def test_datasets() -> None:
    with pytest.raises(ValueError, match="Size mismatch between tensors"):
        data.TensorDataset(pluggrad.zeros(2), pluggrad.zeros(3))
    joined = data.TensorDataset(pluggrad.arange(2)) + data.TensorDataset(pluggrad.arange(3))
    assert len(joined) == 5
    assert joined[-1][0].item() == 2
    with pytest.raises(IndexError, match="index 5 is out of range for a dataset of 5 samples"):
        joined[5]
    with pytest.raises(NotImplementedError, match="should implement __getitem__"):
        data.Dataset()[0]
