"""The older ``functional_call``, and what PyTorch has for layouts in memory."""

from __future__ import annotations

import pytest

import pluggrad
from pluggrad import nn

torch = pytest.importorskip("torch")


def test_functional_call_warns_and_calls() -> None:
    for lib in (pluggrad, torch):
        layer = lib.nn.Linear(2, 1)
        given = {"weight": lib.ones(1, 2), "bias": lib.tensor([0.5])}
        with pytest.warns(FutureWarning, match="functional_call"):
            out = lib.nn.utils.stateless.functional_call(layer, given, (lib.tensor([[1.0, 2.0]]),), strict=True)
        assert out.tolist() == [[3.5]]


def test_memory_formats_change_no_value() -> None:
    layer = nn.Conv2d(1, 2, 3)
    before = layer.weight.tolist()
    assert nn.utils.convert_conv2d_weight_memory_format(layer, "channels_last") is layer
    assert layer.weight.tolist() == before
    volume = nn.Conv3d(1, 2, 3)
    assert nn.utils.convert_conv3d_weight_memory_format(volume, "channels_last_3d") is volume
