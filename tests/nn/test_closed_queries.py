"""Queries to which masks close all keys: 0 or NaN, on each of the ways that PyTorch computes attention."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import pluggrad

torch = pytest.importorskip("torch")

pytestmark = [
    pytest.mark.filterwarnings("ignore:enable_nested_tensor is True:UserWarning"),
    pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors:UserWarning"),
]
SWITCHES = list(itertools.product((False, True), repeat=3))


def _both(make: Any) -> tuple[Any, Any]:
    """A module of both libraries, with the same parameters."""
    torch.manual_seed(0)
    theirs, ours = make(torch), make(pluggrad)
    ours.load_state_dict({name: pluggrad.tensor(t.cpu().numpy()) for name, t in theirs.state_dict().items()})
    return ours, theirs


def _masks(lib: Any, kind: str, batch: int, length: int) -> tuple[Any, Any]:
    """A mask of padding, by which all of the first sequence is closed, and one by which the first query is."""
    padding, closed = np.zeros((batch, length), bool), np.zeros((length, length), bool)
    padding[0], padding[1, -1], closed[0] = True, True, True
    if kind == "numbers":
        return lib.tensor(np.where(padding, -np.inf, 0).astype(np.float32)), None
    return (
        lib.tensor(padding) if kind in ("padding", "both") else None,
        lib.tensor(closed) if kind in ("queries", "both") else None,
    )


def _same(ours: Any, theirs: Any) -> None:
    assert (ours is None) == (theirs is None)
    if ours is not None:
        np.testing.assert_allclose(ours.detach().cpu().numpy(), theirs.detach().cpu().numpy(), atol=1e-5)


@pytest.mark.parametrize("kind", ["padding", "queries", "both", "numbers"])
@pytest.mark.parametrize(("batch_first", "training", "record"), SWITCHES)
@pytest.mark.parametrize("need_weights", [False, True])
@pytest.mark.parametrize("to_itself", [False, True])
def test_multihead_attention(
    kind: str, batch_first: bool, training: bool, record: bool, need_weights: bool, to_itself: bool
) -> None:
    x = np.random.default_rng(0).standard_normal((3, 4, 8)).astype(np.float32)
    results = []
    for lib, layer in zip(
        (pluggrad, torch), _both(lambda lib: lib.nn.MultiheadAttention(8, 2, batch_first=batch_first)), strict=True
    ):
        query = lib.tensor(x)
        key = query if to_itself else lib.tensor(x / 2)
        padding, closed = _masks(lib, kind, *((3, 4) if batch_first else (4, 3)))
        with lib.set_grad_enabled(record):
            results.append(layer.train(training)(query, key, key, padding, need_weights, closed))
    for ours, theirs in zip(*results, strict=True):
        _same(ours, theirs)


MODELS = {
    "layer": lambda lib, layer: layer,
    "encoder": lambda lib, layer: lib.nn.TransformerEncoder(layer, 2, lib.nn.LayerNorm(8)),
    "encoder, not nested": lambda lib, layer: lib.nn.TransformerEncoder(layer, 2, enable_nested_tensor=False),
}


@pytest.mark.parametrize("kind", ["padding", "queries", "both"])
@pytest.mark.parametrize(("batch_first", "training", "record"), SWITCHES)
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("options", [{}, {"norm_first": True}, {"activation": "gelu"}, {"bias": False}], ids=str)
def test_transformer_encoder(
    kind: str, batch_first: bool, training: bool, record: bool, model: str, options: dict[str, Any]
) -> None:
    def make(lib: Any) -> Any:
        layer = lib.nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=batch_first, **options)
        return MODELS[model](lib, layer)

    x = np.random.default_rng(0).standard_normal((3, 4, 8)).astype(np.float32)
    results = []
    for lib, module in zip((pluggrad, torch), _both(make), strict=True):
        padding, closed = _masks(lib, kind, *((3, 4) if batch_first else (4, 3)))
        with lib.set_grad_enabled(record):
            results.append(module.train(training)(lib.tensor(x), closed, src_key_padding_mask=padding))
    _same(*results)


def test_layers_that_pytorch_has_no_fast_path_for() -> None:
    """With a hook, or another activation, closed queries attend to nothing."""
    for change in (lambda layer: layer.linear1.register_forward_hook(lambda *_: None), None):
        results = []
        for lib, layer in zip(
            (pluggrad, torch),
            _both(
                lambda lib, change=change: lib.nn.TransformerEncoderLayer(
                    8, 2, 16, batch_first=True, activation="relu" if change else lib.tanh
                )
            ),
            strict=True,
        ):
            if change:
                change(layer)
            padding, _ = _masks(lib, "padding", 2, 4)
            with lib.no_grad():
                results.append(layer.eval()(lib.ones(2, 4, 8), src_key_padding_mask=padding))
        _same(*results)
        assert np.isfinite(results[0].cpu().numpy()).all()
