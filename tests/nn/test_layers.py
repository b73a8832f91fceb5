"""What is peculiar to some layers; what all have in common with PyTorch's is in test_against_torch.py."""

from __future__ import annotations

from typing import Any

import pytest

import pluggrad
from pluggrad import nn

torch = pytest.importorskip("torch")


def build(namespace: Any, call: str) -> Any:
    return eval(f"namespace.{call}", {"namespace": namespace})


@pytest.mark.parametrize("name", ["NLLLoss", "CrossEntropyLoss", "BCEWithLogitsLoss"])
def test_weights_of_losses_are_buffers(name: str) -> None:
    loss = getattr(nn, name)(weight=pluggrad.tensor([1.0, 2.0]))
    assert list(loss.state_dict()) == list(getattr(torch.nn, name)(weight=torch.tensor([1.0, 2.0])).state_dict())
    assert loss.double().weight.dtype is pluggrad.float64


def test_embedding_with_padding_starts_at_zero() -> None:
    layer = nn.Embedding(5, 3, padding_idx=2)
    assert layer.weight[2].tolist() == [0.0, 0.0, 0.0]
    assert layer.weight.requires_grad


def test_embedding_from_pretrained() -> None:
    table = pluggrad.tensor([[1.0, 2.0], [3.0, 4.0]])
    layer = nn.Embedding.from_pretrained(table)
    assert not layer.weight.requires_grad
    assert layer(pluggrad.tensor(1)).tolist() == [3.0, 4.0]
    with pytest.raises(ValueError, match="expected to be 2-dimensional"):
        nn.Embedding.from_pretrained(pluggrad.zeros(3))


def test_dropout_follows_the_mode() -> None:
    layer, x = nn.Dropout(0.5), pluggrad.ones(1000)
    assert 350 < (layer(x) == 0).sum().item() < 650
    assert layer.eval()(x).tolist() == x.tolist()


def test_softmax_without_an_axis_warns() -> None:
    with pytest.warns(UserWarning, match="Implicit dimension choice for Softmax"):
        assert nn.Softmax()(pluggrad.zeros(2, 4)).tolist() == [[0.25] * 4] * 2
