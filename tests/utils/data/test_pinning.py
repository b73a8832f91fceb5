"""Batches in pinned memory, where there is none; with a GPU: plugins/cupy_backend/tests/simulated_tests.py."""

from typing import Any, NamedTuple

import pytest

import pluggrad
from pluggrad.backends import accelerator
from pluggrad.utils.data import DataLoader
from pluggrad.utils.data.pinning import pin_memory


@pytest.fixture(autouse=True)
def no_accelerator(monkeypatch):
    monkeypatch.setattr(accelerator, "candidates", list)


def test_a_tensor_without_an_accelerator():
    x = pluggrad.ones(2, device="cpu")
    assert not x.is_pinned()
    with pytest.raises(RuntimeError, match="no accelerator can be used here"):
        x.pin_memory()
    assert x.to("cpu", non_blocking=True) is x


def test_a_loader_warns_and_goes_on():
    with pytest.warns(UserWarning, match="no accelerator is found"):
        batches = list(DataLoader([1, 2], pin_memory=True))
    assert [b.tolist() for b in batches] == [[1], [2]]


class Own:
    pinned = False

    def pin_memory(self):
        self.pinned = True
        return self


class Pair(NamedTuple):
    own: Any
    name: str


def test_what_is_pinned_in_a_batch():
    batch = pin_memory({"pair": Pair(Own(), "a"), "list": [Own(), (Own(), 3)], "bytes": b"x"})
    assert batch["pair"].own.pinned
    assert batch["pair"].name == "a"
    assert batch["list"][0].pinned
    assert batch["list"][1][0].pinned
    assert batch["list"][1][1] == 3
    assert batch["bytes"] == b"x"
