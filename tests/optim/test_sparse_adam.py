"""Programs that ask for sparse gradients train as in PyTorch, although the gradients are dense here."""

from __future__ import annotations

import numpy as np
import pytest

import pluggrad

torch = pytest.importorskip("torch")

# PyTorch says so of the sparse tensors that it makes in its own Adagrad.
pytestmark = pytest.mark.filterwarnings("ignore:Sparse invariant checks are implicitly disabled:UserWarning")

#: The optimisers that take sparse gradients in PyTorch.
OPTIMIZERS = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.01}),
    ("SparseAdam", {"lr": 0.05}),
    ("SparseAdam", {"lr": 0.05, "betas": (0.5, 0.7), "eps": 1e-3, "maximize": True}),
]
MODELS = {"Embedding": {"padding_idx": 2}, "EmbeddingBag": {"mode": "sum", "padding_idx": 2}}


def model_of(lib, name):
    weight = lib.tensor(np.random.default_rng(0).standard_normal((12, 3)), dtype=lib.float64)
    return getattr(lib.nn, name)(12, 3, sparse=True, _weight=weight, **MODELS[name])


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(("optimizer", "options"), OPTIMIZERS)
def test_a_hundred_steps_are_pytorchs(name, optimizer, options):
    rng = np.random.default_rng(1)
    batches = [(rng.integers(0, 12, (2, 3)), rng.standard_normal(3)) for _ in range(100)]
    results = []
    for lib in (pluggrad, torch):
        model = model_of(lib, name)
        steps = getattr(lib.optim, optimizer)(model.parameters(), **options)
        for numbers, direction in batches:
            steps.zero_grad()
            ((model(lib.tensor(numbers)) @ lib.tensor(direction)) ** 2).sum().backward()
            steps.step()
        results.append((model.weight, steps))
    (mine, a), (yours, b) = results
    np.testing.assert_allclose(mine.detach().cpu().numpy(), yours.detach().numpy(), rtol=1e-11, atol=1e-13)
    if optimizer == "SparseAdam":
        state, other = a.state_dict()["state"][0], b.state_dict()["state"][0]
        assert list(state) == list(other) and state["step"] == other["step"] == 100
        for key in ("exp_avg", "exp_avg_sq"):
            np.testing.assert_allclose(state[key].cpu().numpy(), other[key].numpy(), rtol=1e-11, atol=1e-13)


def test_the_state_goes_both_ways():
    model, other = model_of(pluggrad, "Embedding"), model_of(torch, "Embedding")
    a, b = pluggrad.optim.SparseAdam(model.parameters()), torch.optim.SparseAdam(other.parameters())
    for lib, m, steps in ((pluggrad, model, a), (torch, other, b)):
        m(lib.tensor([1, 5])).sum().backward()
        steps.step()
    mine = a.state_dict()
    b.load_state_dict(
        {
            **mine,
            "state": {0: {k: torch.tensor(v.cpu().numpy()) if k != "step" else v for k, v in mine["state"][0].items()}},
        }
    )
    a.load_state_dict(b.state_dict())
    for lib, m, steps in ((pluggrad, model, a), (torch, other, b)):
        steps.zero_grad()
        m(lib.tensor([1, 7])).sum().backward()
        steps.step()
    np.testing.assert_allclose(model.weight.detach().cpu().numpy(), other.weight.detach().numpy(), rtol=1e-12)


def test_rows_without_a_gradient_rest():
    options = {"dtype": pluggrad.float64, "requires_grad": True}
    p, scalar, row = pluggrad.ones(4, 2, **options), pluggrad.ones((), **options), pluggrad.ones(3, **options)
    optimizer = pluggrad.optim.SparseAdam([p, scalar, row], lr=0.5)
    (p[0].sum() + scalar + row[1]).backward()
    optimizer.step()
    assert p[0].tolist() == pytest.approx([0.5, 0.5]) and (p[1:] == 1).all()
    assert scalar.item() == pytest.approx(0.5) and row.tolist() == pytest.approx([1, 0.5, 1])
    before = p.detach().clone()
    optimizer.zero_grad()
    (p * 0).sum().backward()
    optimizer.step()
    assert optimizer.state[p]["step"] == 2 and (p == before).all()


@pytest.mark.parametrize(
    "options",
    [{"lr": 0.0}, {"lr": -1}, {"eps": 0.0}, {"betas": (1.0, 0.9)}, {"betas": (0.9, -0.1)}, {"lr": [0.1, 0.2]}],
)
def test_mistakes_in_pytorchs_words(options):
    messages = []
    for lib in (pluggrad, torch):
        given = {k: lib.tensor(v) if isinstance(v, list) else v for k, v in options.items()}
        with pytest.raises(ValueError, match=".") as caught:
            lib.optim.SparseAdam([lib.ones(2, requires_grad=True)], **given)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]


def test_complex_parameters_are_refused():
    with pytest.raises(ValueError, match=r"Complex params at indices \[\[0, 1\]\]"):
        pluggrad.optim.SparseAdam(
            [
                pluggrad.ones(2, requires_grad=True),
                pluggrad.ones(2, dtype=pluggrad.complex64, requires_grad=True),
            ]
        )
