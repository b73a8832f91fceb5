"""Weights of given norms, of spectral norm 1, and orthogonal ones, beside PyTorch's."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import pluggrad

torch = pytest.importorskip("torch")

BOTH = (pluggrad, torch)
LAYERS = {
    "Linear": (lambda lib: lib.nn.Linear(4, 3), (5, 4)),
    "Conv2d": (lambda lib: lib.nn.Conv2d(2, 3, 2), (2, 2, 4, 4)),
    "ConvTranspose1d": (lambda lib: lib.nn.ConvTranspose1d(2, 3, 2), (2, 2, 4)),
}


def tensor(lib: Any, *shape: int) -> Any:
    return lib.tensor(np.random.default_rng(len(shape)).normal(size=shape), dtype=lib.float32)


def same(ours: Any, theirs: Any, tolerance: float = 2e-5) -> None:
    np.testing.assert_allclose(
        ours.detach().cpu().numpy(), theirs.detach().cpu().numpy(), rtol=tolerance, atol=tolerance
    )


def share_state(ours: Any, theirs: Any) -> None:
    """Give our module the state of PyTorch's, by the names that both have."""
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict({k: pluggrad.tensor(v.cpu().numpy()) for k, v in theirs.state_dict().items()})


def compare_training(ours: Any, theirs: Any, shape: tuple[int, ...], tolerance: float = 2e-5) -> None:
    """Outputs, gradients and state, after each of two steps in training and one in evaluation."""
    share_state(ours, theirs)
    for step in range(3):
        outputs = []
        for lib, module in zip(BOTH, (ours, theirs), strict=True):
            module.train(step < 2)
            module.zero_grad()
            out = module(tensor(lib, *shape))
            (out + module(2 * tensor(lib, *shape))).sin().sum().backward()  # two forward passes for one backward
            outputs.append(out)
        same(*outputs, tolerance)
        for (name, p), (other, q) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
            assert name == other
            same(p.grad, q.grad, tolerance)
        for name, value in theirs.state_dict().items():
            same(ours.state_dict()[name], value, tolerance)


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("dim", [0, 1, None])
def test_weight_norm(layer: str, dim: int | None) -> None:
    make, shape = LAYERS[layer]
    ours, theirs = (lib.nn.utils.parametrizations.weight_norm(make(lib), dim=dim) for lib in BOTH)
    compare_training(ours, theirs, shape)
    assert repr(ours) == repr(theirs)
    ours.weight = pluggrad.ones_like(ours.weight)
    theirs.weight = torch.ones_like(theirs.weight)
    same(ours.weight, theirs.weight)
    same(ours.parametrizations.weight.original0, theirs.parametrizations.weight.original0)


def test_weight_norm_reads_older_state() -> None:
    for lib in BOTH:
        layer = lib.nn.utils.parametrizations.weight_norm(lib.nn.Linear(2, 3))
        layer.load_state_dict({"weight_g": lib.ones(3, 1), "weight_v": lib.ones(3, 2), "bias": lib.zeros(3)})
        np.testing.assert_allclose(layer.weight.detach().cpu().numpy(), np.full((3, 2), 0.5**0.5), rtol=1e-6)


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("options", [{}, {"n_power_iterations": 3}, {"dim": 1}], ids=str)
def test_spectral_norm(layer: str, options: dict[str, Any]) -> None:
    make, shape = LAYERS[layer]
    ours, theirs = (lib.nn.utils.parametrizations.spectral_norm(make(lib), **options) for lib in BOTH)
    compare_training(ours, theirs, shape, 1e-4)
    assert repr(ours) == repr(theirs)


def test_spectral_norm_is_one() -> None:
    layer = pluggrad.nn.utils.parametrizations.spectral_norm(pluggrad.nn.Linear(20, 30), n_power_iterations=100)
    assert np.linalg.norm(layer.weight.detach().cpu().numpy(), 2) == pytest.approx(1.0, rel=1e-3)


def test_spectral_norm_of_a_vector() -> None:
    for lib in BOTH:
        layer = lib.nn.utils.parametrizations.spectral_norm(lib.nn.Linear(2, 4), "bias")
        assert layer.bias.norm().item() == pytest.approx(1.0)


@pytest.mark.parametrize("sizes", [(3, 3), (5, 3), (3, 5)], ids=str)
@pytest.mark.parametrize("orthogonal_map", [None, "matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("use_trivialization", [True, False])
def test_orthogonal(sizes: tuple[int, int], orthogonal_map: str | None, use_trivialization: bool) -> None:
    start = tensor(torch, 7, *sizes)[0]
    modules = []
    for lib in BOTH:
        layer = lib.nn.Linear(*sizes)
        layer.load_state_dict({"weight": lib.tensor(start.cpu().numpy()).T, "bias": lib.zeros(sizes[1])})
        lib.nn.utils.parametrizations.orthogonal(
            layer, orthogonal_map=orthogonal_map, use_trivialization=use_trivialization
        )
        modules.append(layer)
    ours, theirs = modules
    assert list(ours.state_dict()) == list(theirs.state_dict())
    same(ours.parametrizations.weight.original, theirs.parametrizations.weight.original)
    if not use_trivialization or sizes[0] == sizes[1]:  # else the other columns of the base are random
        same(ours.weight, theirs.weight)
    Q = ours.weight.detach().cpu().numpy()
    Q = Q if Q.shape[0] >= Q.shape[1] else Q.T
    np.testing.assert_allclose(Q.T @ Q, np.eye(Q.shape[1]), atol=1e-5)
    # Away from the start, from where the diagonal of the Householder map is kept.
    theirs.load_state_dict({
        k: v + 0.1 * tensor(torch, *v.shape).tril(-1) if k.endswith("original") else v
        for k, v in theirs.state_dict().items()
    })  # fmt: skip
    compare_training(ours, theirs, (4, sizes[0]), 1e-4)


def test_assigning_an_orthogonal_matrix() -> None:
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(4, 4)))[0]
    for lib in BOTH:
        for options in ({}, {"orthogonal_map": "householder", "use_trivialization": False}):
            layer = lib.nn.utils.parametrizations.orthogonal(lib.nn.Linear(4, 4), **options)
            layer.weight = lib.tensor(rotation, dtype=lib.float32)
            np.testing.assert_allclose(layer.weight.detach().cpu().numpy(), rotation, atol=1e-5)
            with pytest.raises(ValueError, match="Expected a matrix or batch of matrices of shape"):
                layer.weight = lib.ones(2, 2)
        layer = lib.nn.utils.parametrizations.orthogonal(lib.nn.Linear(4, 4), use_trivialization=False)
        with pytest.raises(NotImplementedError, match="not possible to assign"):
            layer.weight = lib.eye(4)


@pytest.mark.parametrize("shape", [(2, 4, 3), (2, 3, 4), (2, 3, 3)], ids=str)
@pytest.mark.parametrize("orthogonal_map", ["matrix_exp", "cayley", "householder"])
def test_batches_of_orthogonal_matrices(shape: tuple[int, ...], orthogonal_map: str) -> None:
    modules = []
    for lib in BOTH:
        module = lib.nn.Module()
        module.w = lib.nn.Parameter(tensor(lib, *shape))
        modules.append(lib.nn.utils.parametrizations.orthogonal(module, "w", orthogonal_map))
    share_state(*modules)
    for module in modules:
        (module.w.sin() ** 2).sum().backward()
    same(*(m.w for m in modules))
    same(*(m.parametrizations.w.original.grad for m in modules))


def test_unitary() -> None:
    for lib in BOTH:
        module = lib.nn.Module()
        module.u = lib.nn.Parameter(lib.complex(tensor(lib, 3, 3), tensor(lib, 3, 3).T))
        Q = lib.nn.utils.parametrizations.orthogonal(module, "u").u.detach().cpu().numpy()
        np.testing.assert_allclose(Q.conj().T @ Q, np.eye(3), atol=1e-5)


def test_copies() -> None:
    for lib in BOTH:
        for make in ("weight_norm", "spectral_norm", "orthogonal"):
            layer = getattr(lib.nn.utils.parametrizations, make)(lib.nn.Linear(3, 3)).eval()
            assert copy.deepcopy(layer).weight.tolist() == layer.weight.tolist()


@pytest.mark.parametrize("lib", BOTH)
def test_faults(lib: Any) -> None:
    tool, layer = lib.nn.utils.parametrizations, lib.nn.Linear(2, 3)
    for make in (tool.spectral_norm, tool.orthogonal):
        with pytest.raises(ValueError, match="has no parameter or buffer with name 'nothing'"):
            make(layer, "nothing")
    with pytest.raises(ValueError, match="n_power_iterations to be positive"):
        tool.spectral_norm(layer, n_power_iterations=0)
    with pytest.raises(IndexError, match="Dimension out of range"):
        tool.spectral_norm(layer, dim=2)
    with pytest.raises(ValueError, match="orthogonal_map has to be one of"):
        tool.orthogonal(layer, orthogonal_map="other")
    with pytest.raises(ValueError, match="Got a tensor of 1 dimensions"):
        tool.orthogonal(layer, "bias")
    layer.c = lib.nn.Parameter(lib.ones(2, 2, dtype=lib.complex64))
    with pytest.raises(ValueError, match="does not support complex"):
        tool.orthogonal(layer, "c", "householder")
