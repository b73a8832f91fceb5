"""Padding and packing beside PyTorch's, and recurrent layers over packed sequences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pluggrad
from pluggrad.nn.utils import rnn

torch = pytest.importorskip("torch")
torch_rnn = torch.nn.utils.rnn

LENGTHS = ([4, 4, 2, 1], [2, 4, 1, 3])


def _same(ours: Any, theirs: Any) -> None:
    np.testing.assert_allclose(ours.detach().cpu().numpy(), theirs.detach().cpu().numpy(), rtol=1e-10, atol=1e-12)


def _both(shape: tuple[int, ...]) -> tuple[Any, Any]:
    values = np.random.default_rng(0).normal(size=shape)
    return pluggrad.tensor(values, requires_grad=True), torch.tensor(values, requires_grad=True)


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("batch_first", [False, True])
def test_pack_and_pad(lengths: list[int], batch_first: bool) -> None:
    x, t = _both((4, 4, 3))
    packed = rnn.pack_padded_sequence(x, lengths, batch_first, enforce_sorted=False)
    theirs = torch_rnn.pack_padded_sequence(t, torch.tensor(lengths), batch_first, enforce_sorted=False)
    _same(packed.data, theirs.data)
    _same(packed.batch_sizes, theirs.batch_sizes)
    ours_back, ours_lengths = rnn.pad_packed_sequence(packed, batch_first, -1.0, total_length=6)
    back, back_lengths = torch_rnn.pad_packed_sequence(theirs, batch_first, -1.0, total_length=6)
    _same(ours_back, back)
    _same(ours_lengths, back_lengths)
    (ours_back**2).sum().backward()
    (back**2).sum().backward()
    _same(x.grad, t.grad)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("lengths", LENGTHS)
def test_layers_over_packed_sequences(kind: str, lengths: list[int]) -> None:
    x, t = _both((4, 4, 3))
    layer = getattr(pluggrad.nn, kind)(3, 5, 2, bidirectional=True).double()
    other = getattr(torch.nn, kind)(3, 5, 2, bidirectional=True).double()
    other.load_state_dict({name: torch.tensor(p.cpu().numpy()) for name, p in layer.state_dict().items()})
    out, state = layer(rnn.pack_padded_sequence(x, lengths, enforce_sorted=False))
    out_t, state_t = other(torch_rnn.pack_padded_sequence(t, torch.tensor(lengths), enforce_sorted=False))
    _same(out.data, out_t.data)
    states = zip(state, state_t, strict=True) if kind == "LSTM" else [(state, state_t)]
    for mine, theirs in states:
        _same(mine, theirs)
    (out.data**2).sum().backward()
    (out_t.data**2).sum().backward()
    _same(x.grad, t.grad)
    for p, q in zip(layer.parameters(), other.parameters(), strict=True):
        _same(p.grad, q.grad)


def test_sequences_come_back() -> None:
    given = [pluggrad.arange(n) for n in (3, 1, 2)]
    packed = rnn.pack_sequence(given, enforce_sorted=False)
    assert [s.tolist() for s in rnn.unpack_sequence(packed)] == [s.tolist() for s in given]
    left = rnn.pad_sequence(given, batch_first=True, padding_value=-1, padding_side="left")
    assert left.tolist() == [[0, 1, 2], [-1, -1, 0], [-1, 0, 1]]


def test_refused() -> None:
    x = pluggrad.zeros(4, 2, 3)
    with pytest.raises(RuntimeError, match="sorted in decreasing order"):
        rnn.pack_padded_sequence(x, [1, 3])
    with pytest.raises(ValueError, match="lengths from 1 to 4"):
        rnn.pack_padded_sequence(x, [5, 1])
    with pytest.raises(ValueError, match="one length for each of the 2"):
        rnn.pack_padded_sequence(x, [4])
    with pytest.raises(ValueError, match="total_length=1"):
        rnn.pad_packed_sequence(rnn.pack_padded_sequence(x, [4, 1]), total_length=1)


@pytest.mark.cpu
@pytest.mark.parametrize("name", ["double", "float", "half", "long", "int", "short", "char", "byte", "cpu"])
def test_packed_sequences_in_other_types(name: str) -> None:
    for lib in (pluggrad, torch):
        packed = lib.nn.utils.rnn.pack_sequence([lib.ones(1), lib.ones(2)], enforce_sorted=False)
        other = getattr(packed, name)()
        assert other.data.dtype == getattr(packed.data, name)().dtype and not other.is_cuda and not other.is_pinned()
        assert other.sorted_indices.tolist() == [1, 0] and other.batch_sizes.tolist() == [2, 1]
