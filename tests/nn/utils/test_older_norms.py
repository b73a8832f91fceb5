"""Weight and spectral normalisation by hooks, beside PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pluggrad

from .test_parametrizations import BOTH, LAYERS, compare_training, same, share_state

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.filterwarnings("ignore:.*weight_norm` is deprecated:FutureWarning")


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("dim", [0, 1, None])
def test_weight_norm(layer: str, dim: int | None) -> None:
    make, shape = LAYERS[layer]
    ours, theirs = (lib.nn.utils.weight_norm(make(lib), dim=dim) for lib in BOTH)
    compare_training(ours, theirs, shape)
    for lib, module in zip(BOTH, (ours, theirs), strict=True):
        assert lib.nn.utils.remove_weight_norm(module) is module
        assert isinstance(module.weight, lib.nn.Parameter) and not module._forward_pre_hooks
    same(ours.weight, theirs.weight)
    share_state(ours, theirs)


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("options", [{}, {"n_power_iterations": 3}, {"dim": 1}], ids=str)
def test_spectral_norm(layer: str, options: dict[str, Any]) -> None:
    make, shape = LAYERS[layer]
    ours, theirs = (lib.nn.utils.spectral_norm(make(lib), **options) for lib in BOTH)
    compare_training(ours, theirs, shape, 1e-4)
    for lib, module in zip(BOTH, (ours, theirs), strict=True):
        assert lib.nn.utils.remove_spectral_norm(module) is module
        assert isinstance(module.weight, lib.nn.Parameter) and not module._forward_pre_hooks
    same(ours.weight, theirs.weight, 1e-4)
    share_state(ours, theirs)


def test_state_goes_to_pytorch() -> None:
    ours, theirs = (lib.nn.utils.spectral_norm(lib.nn.Linear(4, 3)) for lib in BOTH)
    theirs.load_state_dict({k: torch.tensor(v.cpu().numpy()) for k, v in ours.state_dict().items()})
    x = np.ones((2, 4), dtype=np.float32)
    same(ours.eval()(pluggrad.tensor(x)), theirs.eval()(torch.tensor(x)))


@pytest.mark.parametrize("lib", BOTH)
def test_faults(lib: Any) -> None:
    tool = lib.nn.utils
    with pytest.warns(FutureWarning, match="deprecated"):
        layer = tool.weight_norm(lib.nn.Linear(2, 3))
    with pytest.raises(RuntimeError, match="Cannot register two weight_norm hooks on the same parameter weight"):
        tool.weight_norm(layer)
    layer = tool.spectral_norm(lib.nn.Linear(2, 3, bias=False))
    with pytest.raises(RuntimeError, match="Cannot register two spectral_norm hooks on the same parameter weight"):
        tool.spectral_norm(layer)
    with pytest.raises(ValueError, match="parameter `bias` is None"):
        tool.spectral_norm(layer, "bias")
    with pytest.raises(ValueError, match="n_power_iterations to be positive"):
        tool.spectral_norm(lib.nn.Linear(2, 3), n_power_iterations=0)
    for remove in (tool.remove_weight_norm, tool.remove_spectral_norm):
        with pytest.raises(ValueError, match="_norm of 'weight' not found in"):
            remove(lib.nn.Linear(2, 3))
    for apply in (tool.weight_norm, tool.spectral_norm):
        with pytest.raises(ValueError, match="can't have uninitialized parameters"):
            apply(lib.nn.LazyLinear(3))
