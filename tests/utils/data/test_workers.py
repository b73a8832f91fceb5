"""Loading with worker processes: the same batches as without, seeds, options, and the same again from a state."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pluggrad
from pluggrad.utils import data

pytestmark = pytest.mark.timeout(120)

fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="datasets of a test file need the start method fork")


def loader(dataset: Any, num_workers: int = 2, **options: Any) -> data.DataLoader:
    context = "fork" if num_workers else None
    return data.DataLoader(dataset, num_workers=num_workers, multiprocessing_context=context, **options)


def plain(batch: Any) -> Any:
    if isinstance(batch, pluggrad.Tensor):
        return str(batch.dtype), batch.tolist()
    if isinstance(batch, np.ndarray):
        return batch.tolist()
    if isinstance(batch, dict):
        return {key: plain(value) for key, value in batch.items()}
    return [plain(part) for part in batch] if isinstance(batch, list | tuple) else batch


class Samples:
    """Small and large arrays, numbers and texts, by number."""

    def __len__(self) -> int:
        return 23

    def __getitem__(self, i: int) -> dict[str, Any]:
        return {
            "number": i,
            "large": np.full((60, 70), i, np.float32),
            "tensor": pluggrad.tensor([i, -i]),
            "text": "x" * (20_000 if i == 7 else i),
            "pair": (i, float(i)),
        }


class Draws:
    """What a dataset draws from each generator."""

    def __len__(self) -> int:
        return 24

    def __getitem__(self, i: int) -> tuple[Any, ...]:
        return i, random.random(), np.random.rand(), pluggrad.rand(1)


class Stream(data.IterableDataset[Any]):
    """Numbers with random ones, divided among workers."""

    def __init__(self, n: int = 23) -> None:
        self.n = n

    def __iter__(self) -> Iterator[Any]:
        info = data.get_worker_info()
        start, step = (0, 1) if info is None else (info.id, info.num_workers)
        for i in range(start, self.n, step):
            yield i, random.random()


class Resumable(data.IterableDataset[int]):
    """A stream that can be told where to go on."""

    def __init__(self) -> None:
        self.at = 0
        self.made = 0

    def __iter__(self) -> Iterator[int]:
        info = data.get_worker_info()
        offset = 0 if info is None else 1000 * info.id
        while self.at < 12:
            self.at += 1
            self.made += 1
            yield offset + 100 * self.made + self.at
        self.at = 0

    def state_dict(self) -> dict[str, int]:
        return {"at": self.at}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.at = state["at"]


# -- the same batches ------------------------------------------------------------------------------------------


@fork
@pytest.mark.parametrize(
    "options",
    [
        {"batch_size": 4},
        {"batch_size": 4, "drop_last": True},
        {"batch_size": None},
        {"batch_size": 5, "shuffle": True},
        {"batch_sampler": [[3, 1], [7], [2, 4, 6]]},
        {"batch_size": 3, "prefetch_factor": 5},
        {"batch_size": 3, "collate_fn": list},
        {"batch_size": 100},
    ],
    ids=str,
)
@pytest.mark.parametrize("num_workers", [1, 3])
def test_workers_give_what_this_process_gives(options: dict[str, Any], num_workers: int) -> None:
    pluggrad.manual_seed(3)
    alone = loader(Samples(), 0, **{k: v for k, v in options.items() if k != "prefetch_factor"})
    expected = [[plain(batch) for batch in alone] for _ in range(2)]
    after = pluggrad.get_rng_state().tolist()
    pluggrad.manual_seed(3)
    helped = loader(Samples(), num_workers, **options)
    assert [[plain(batch) for batch in helped] for _ in range(2)] == expected
    assert pluggrad.get_rng_state().tolist() == after
    assert len(helped) == len(alone)


@fork
def test_batches_are_ordinary_memory() -> None:
    batches = list(loader(Samples(), batch_size=4))
    for k, batch in enumerate(batches):
        batch["large"] += 1
        assert batch["large"][0, 0, 0].item() == 4 * k + 1


@fork
def test_growing_batches_and_none() -> None:
    class Growing:
        def __len__(self) -> int:
            return 12

        def __getitem__(self, i: int) -> Any:
            return None if i == 3 else np.full(10 ** (i % 6), i)

    got = list(loader(Growing(), batch_size=None, prefetch_factor=1))
    assert got[3] is None
    assert [None if x is None else (len(x), x[0].item()) for x in got] == [
        None if i == 3 else (10 ** (i % 6), i) for i in range(12)
    ]


@fork
@pytest.mark.parametrize("num_workers", [1, 2, 3, 5])
@pytest.mark.parametrize("options", [{"batch_size": 2}, {"batch_size": None}, {"batch_size": 3, "drop_last": True}])
def test_streams(num_workers: int, options: dict[str, Any]) -> None:
    epochs = loader(Stream(), num_workers, **options)
    numbers = [np.ravel(pluggrad.asarray(batch[0]).tolist()).tolist() for batch in epochs]
    parts = [list(range(w, 23, num_workers)) for w in range(num_workers)]
    size = options["batch_size"] or 1
    expected = []
    cut = [[part[i : i + size] for i in range(0, len(part), size)] for part in parts]
    if options.get("drop_last"):
        cut = [[batch for batch in part if len(batch) == size] for part in cut]
    for turn in range(max(map(len, cut))):  # the workers take turns, until each has no more
        expected += [part[turn] for part in cut if turn < len(part)]
    assert numbers == expected


@fork
def test_a_stream_longer_than_it_says() -> None:
    class Wrong(data.IterableDataset[int]):
        def __iter__(self) -> Iterator[int]:
            return iter(range(5))

        def __len__(self) -> int:
            return 5

    twice = loader(Wrong(), 2, batch_size=None)
    assert len(twice) == 5
    with pytest.warns(UserWarning, match=r"was given as 5, and there are more"):
        assert len(list(twice)) == 10


@fork
def test_tensor_datasets_and_their_subsets() -> None:
    whole = data.TensorDataset(pluggrad.arange(40).reshape(20, 2), pluggrad.arange(20))
    for dataset in (whole, data.Subset(whole, [3, 4, 9, 1]), data.Subset(data.Subset(whole, [3, 4, 9]), [2, 0])):
        expected = [plain(b) for b in data.DataLoader([dataset[i] for i in range(len(dataset))], batch_size=3)]
        assert [plain(b) for b in data.DataLoader(dataset, batch_size=3)] == expected
        assert [plain(b) for b in loader(dataset, batch_size=3)] == expected


@fork
def test_without_order_all_batches_come() -> None:
    class Slow:
        def __len__(self) -> int:
            return 8

        def __getitem__(self, i: int) -> int:
            if i == 0:
                gate.wait(60)
            return i

    context = pytest.importorskip("multiprocessing").get_context("fork")
    gate = context.Event()
    batches = iter(loader(Slow(), 2, batch_size=None, in_order=False))
    got = [next(batches) for _ in range(5)]
    assert 0 not in got  # the others did not wait for the first
    gate.set()
    assert sorted([*got, *batches]) == list(range(8))


@pytest.mark.slow
@pytest.mark.parametrize("context", ["spawn", "forkserver"])
def test_other_start_methods(context: str, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from pluggrad.utils.data import DataLoader\n"
        "import numpy\n"
        "class D:\n"
        "    def __len__(self): return 6\n"
        "    def __getitem__(self, i): return numpy.full(5000, i)\n"
        "if __name__ == '__main__':\n"
        f"    loader = DataLoader(D(), 2, num_workers=2, multiprocessing_context={context!r})\n"
        "    print([batch[:, 0].tolist() for batch in loader])\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", script], capture_output=True, text=True, timeout=100, check=False
    )
    assert (done.stdout.strip(), done.stderr) == ("[[0, 1], [2, 3], [4, 5]]", "")


@pytest.mark.skipif("spawn" not in pytest.importorskip("multiprocessing").get_all_start_methods(), reason="no spawn")
def test_what_cannot_be_pickled_is_an_error_before_anything_runs() -> None:
    local = data.DataLoader([1, 2], num_workers=1, multiprocessing_context="spawn", collate_fn=lambda batch: batch)
    with pytest.raises((AttributeError, TypeError, Exception), match="pickle|local object"):
        iter(local)


# -- what a worker knows ---------------------------------------------------------------------------------------


@fork
def test_worker_info_and_init() -> None:
    class Told:
        tag = "unset"

        def __len__(self) -> int:
            return 4

        def __getitem__(self, i: int) -> Any:
            info = data.get_worker_info()
            assert info is not None
            return info.id, info.num_workers, info.seed, info.dataset is self, self.tag

    def init(worker: int) -> None:
        info = data.get_worker_info()
        assert info is not None
        info.dataset.tag = f"worker {worker}"

    assert data.get_worker_info() is None
    rows = list(loader(Told(), 2, batch_size=None, worker_init_fn=init))
    assert [(row[0], row[1], row[3], row[4]) for row in rows] == [
        (0, 2, True, "worker 0"), (1, 2, True, "worker 1"), (0, 2, True, "worker 0"), (1, 2, True, "worker 1"),
    ]  # fmt: skip
    assert rows[1][2] == rows[0][2] + 1


@fork
def test_seeds_are_pytorchs() -> None:
    """Given base_seed and the number of the worker: ``random`` and pluggrad get the sum, NumPy a hash of both."""
    torch = pytest.importorskip("torch")
    generate = torch.utils.data._utils.worker._generate_state

    class Seeds:
        def __len__(self) -> int:
            return 3

        def __getitem__(self, i: int) -> Any:
            info = data.get_worker_info()
            assert info is not None
            return info.seed, pluggrad.initial_seed(), random.random(), np.random.rand()

    for worker, (seed, mine, drawn, numpy_drawn) in enumerate(loader(Seeds(), 3, batch_size=None)):
        assert seed == mine
        assert drawn == random.Random(seed).random()
        assert numpy_drawn == np.random.RandomState(generate(seed - worker, worker)).rand()


@fork
def test_workers_use_one_thread() -> None:
    pools = pytest.importorskip("threadpoolctl")

    class Threads:
        def __len__(self) -> int:
            return 1

        def __getitem__(self, i: int) -> Any:
            return [pool["num_threads"] for pool in pools.threadpool_info() if pool["user_api"] == "blas"]

    assert set(next(iter(loader(Threads(), 1, batch_size=None)))) <= {1}


@fork
def test_random_numbers_are_repeatable_and_new_in_each_epoch() -> None:
    def epochs(persistent: bool) -> list[Any]:
        pluggrad.manual_seed(11)
        epoch = loader(Draws(), 2, batch_size=3, shuffle=True, persistent_workers=persistent)
        return [[plain(batch) for batch in epoch] for _ in range(2)]

    first = epochs(False)
    assert first == epochs(False) == epochs(True)
    flat = [x for epoch in first for batch in epoch for x in batch[1][1]]
    assert len(set(flat)) == len(flat)


@fork
def test_persistent_workers_stay() -> None:
    class Pids:
        def __len__(self) -> int:
            return 4

        def __getitem__(self, i: int) -> int:
            return os.getpid()

    persistent = loader(Pids(), 2, batch_size=None, persistent_workers=True)
    first, second = set(persistent), set(persistent)
    assert first == second
    assert len(first) == 2
    assert os.getpid() not in first
    partly = iter(persistent)
    next(partly)
    assert len(list(persistent)) == 4  # what was ready of the unfinished epoch is no part of the next
    with pytest.raises(RuntimeError, match="a later iteration over this DataLoader"):
        next(partly)
    fleeting = loader(Pids(), 2, batch_size=None)
    assert not set(fleeting) & set(fleeting)


@fork
def test_iterating_in_threads() -> None:
    """Loaders whose workers are forked while other threads read theirs: no worker inherits a lock that stays locked."""
    results: dict[int, Any] = {}

    def consume(k: int) -> None:
        for _ in range(4):
            results[k] = [plain(batch)["number"] for batch in loader(Samples(), 2, batch_size=5, timeout=30)]

    threads = [threading.Thread(target=consume, args=(k,), daemon=True) for k in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert results[0] == results[1] == results[2]
    assert len(results[0]) == 5


# -- going on from a state -------------------------------------------------------------------------------------

RESUMED: dict[str, Callable[[int], data.DataLoader]] = {
    "shuffled": lambda n: loader(Samples(), n, batch_size=4, shuffle=True),
    "with a generator": lambda n: loader(
        Samples(), n, batch_size=4, shuffle=True, generator=pluggrad.Generator().manual_seed(5)
    ),
    "drawn with weights": lambda n: loader(
        Samples(), n, batch_size=2, sampler=data.WeightedRandomSampler(list(range(1, 24)), 11)
    ),
    "more than the dataset has": lambda n: loader(
        Samples(), n, batch_size=4,
        sampler=data.RandomSampler(Samples(), num_samples=60, generator=pluggrad.Generator().manual_seed(1)),
    ),
    "a part": lambda n: loader(Samples(), n, batch_size=2, sampler=data.SubsetRandomSampler(range(3, 17))),
    "of processes": lambda n: loader(Samples(), n, batch_size=2, sampler=data.DistributedSampler(Samples(), 2, 1)),
    "by Python's random": lambda n: loader(Samples(), n, batch_sampler=ByPython()),
    "a stream": lambda n: loader(Stream(), n, batch_size=2),
    "a stream that says where it is": lambda n: loader(Resumable(), n, batch_size=2),
    "without batches": lambda n: loader(Samples(), n, batch_size=None, shuffle=True),
}  # fmt: skip


class ByPython(data.Sampler[list[int]]):
    """Somebody's own sampler, which knows of no state."""

    def __iter__(self) -> Iterator[list[int]]:
        order = random.sample(range(23), 23)
        return iter([order[i : i + 3] for i in range(0, 23, 3)])

    def __len__(self) -> int:
        return 8


def numbers(batch: Any) -> Any:
    return plain(batch["number"] if isinstance(batch, dict) else batch)


@fork
@pytest.mark.parametrize("num_workers", [0, 2])
@pytest.mark.parametrize("given", [0, 1, 4])
@pytest.mark.parametrize("name", RESUMED)
def test_an_epoch_goes_on_from_a_state(name: str, given: int, num_workers: int) -> None:
    pluggrad.manual_seed(2)
    random.seed(2)
    original = RESUMED[name](num_workers)
    list(original)  # an epoch before
    batches = iter(original)
    for _ in range(given):
        next(batches)
    state = original.state_dict()
    common = pluggrad.utils.random_state.get_random_state()
    rest = [numbers(batch) for batch in batches]
    following = [numbers(batch) for batch in original]

    pluggrad.manual_seed(77)  # another process, whose generators are put back
    pluggrad.utils.random_state.set_random_state(common)
    again = RESUMED[name](num_workers)
    again.load_state_dict(state)
    resumed = [numbers(batch) for batch in again]
    if name == "a stream that says where it is":  # `made` counts what was made again: nothing was
        assert [[v[1][k] % 100 for k in range(len(v[1]))] for v in resumed] == [
            [v[1][k] % 100 for k in range(len(v[1]))] for v in rest
        ]
        if given:
            assert resumed[0][1][0] % 1000 // 100 == 1
        return
    assert resumed == rest
    assert [numbers(batch) for batch in again] == following


@fork
def test_random_numbers_of_workers_go_on() -> None:
    pluggrad.manual_seed(4)
    original = loader(Draws(), 2, batch_size=2, shuffle=True)
    batches = iter(original)
    for _ in range(5):
        next(batches)
    state, rest = original.state_dict(), [plain(batch) for batch in batches]
    again = loader(Draws(), 2, batch_size=2, shuffle=True)
    again.load_state_dict(state)
    assert [plain(batch) for batch in again] == rest
    other = loader(Draws(), 3, batch_size=2, shuffle=True)
    other.load_state_dict(state)
    with pytest.raises(
        ValueError, match=r"in an epoch with 2 processes, this loader has 3.*their random numbers go on"
    ):
        iter(other)


@fork
@pytest.mark.parametrize(("before", "after"), [(0, 2), (2, 0), (2, 3)])
def test_a_state_for_another_number_of_workers(before: int, after: int) -> None:
    """A dataset that draws no random numbers gives the same with any."""
    original = loader(Samples(), before, batch_size=2, shuffle=True)
    batches = iter(original)
    for _ in range(5):
        next(batches)
    state, rest = original.state_dict(), [numbers(batch) for batch in batches]
    again = loader(Samples(), after, batch_size=2, shuffle=True)
    again.load_state_dict(state)
    assert [numbers(batch) for batch in again] == rest
    stream = loader(Stream(), before, batch_size=2)
    next(iter(stream))
    other = loader(Stream(), after, batch_size=2)
    other.load_state_dict(stream.state_dict())
    if max(before, 1) != max(after, 1):
        with pytest.raises(ValueError, match="a stream is divided among them"):
            iter(other)


def test_states_that_do_not_fit() -> None:
    state = data.DataLoader(range(4), 2).state_dict()
    with pytest.raises(ValueError, match="batch_size=2, this one has batch_size=3"):
        data.DataLoader(range(4), 3).load_state_dict(state)
    with pytest.raises(ValueError, match=r"were given 0 generators, this one's were given 1"):
        data.DataLoader(range(4), 2, generator=pluggrad.Generator()).load_state_dict(state)


def test_a_state_after_a_break_and_before_and_behind_an_epoch() -> None:
    original = data.DataLoader(range(6), 2, shuffle=True, generator=pluggrad.Generator().manual_seed(0))
    fresh = original.state_dict()
    first = next(iter(original))
    state = original.state_dict()
    again = data.DataLoader(range(6), 2, shuffle=True, generator=pluggrad.Generator())
    again.load_state_dict(state)
    rest = [batch.tolist() for batch in again]
    assert sorted([*first.tolist(), *(i for batch in rest for i in batch)]) == list(range(6))
    assert again.state_dict()["epoch"] is None
    following = [batch.tolist() for batch in again]
    once_more = data.DataLoader(range(6), 2, shuffle=True, generator=pluggrad.Generator())
    once_more.load_state_dict(fresh)
    assert [batch.tolist() for batch in once_more] == [first.tolist(), *rest]
    assert [batch.tolist() for batch in once_more] == following


@fork
def test_a_state_without_order() -> None:
    original = loader(Samples(), 2, batch_size=2, in_order=False)
    batches = iter(original)
    seen = [tuple(next(batches)["number"].tolist()) for _ in range(5)]
    again = loader(Samples(), 2, batch_size=2, in_order=False)
    again.load_state_dict(original.state_dict())
    seen += [tuple(batch["number"].tolist()) for batch in again]
    assert sorted(seen) == [(*range(i, min(i + 2, 23)),) for i in range(0, 23, 2)]


# -- options -----------------------------------------------------------------------------------------------


def test_attributes_that_are_fixed() -> None:
    fixed = data.DataLoader(range(4), 2)
    for name in ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"):
        with pytest.raises(ValueError, match=f"{name} attribute should not be set after DataLoader is initialized"):
            setattr(fixed, name, None)
    with pytest.raises(TypeError, match="a valid context object or a string"):
        data.DataLoader(range(4), num_workers=1, multiprocessing_context=3)
