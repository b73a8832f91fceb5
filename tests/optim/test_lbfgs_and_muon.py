"""Optimisers whose steps are not elementwise: L-BFGS with its line search, Muon."""

from __future__ import annotations

import copy

import pytest

import pluggrad

from .cases import converted

torch = pytest.importorskip("torch")
np = pytest.importorskip("numpy")


def rosenbrock(x, y):
    return ((1 - x[:-1]) ** 2).sum() + 100 * ((x[1:] - x[:-1] ** 2) ** 2).sum() + (y**4).sum()


def start(lib):
    return [
        lib.tensor([-1.2, 1.0, 0.3, 2.0], dtype=lib.float64, requires_grad=True),
        lib.tensor([[1.0, -2.0]], dtype=lib.float64, requires_grad=True),
    ]


def steps(lib, optimizer, params, count):
    def closure():
        optimizer.zero_grad()
        loss = rosenbrock(*params)
        loss.backward()
        return loss

    return [optimizer.step(closure).item() for _ in range(count)]


@pytest.mark.parametrize(
    "options",
    [
        {"line_search_fn": "strong_wolfe"},
        {"line_search_fn": "strong_wolfe", "history_size": 2, "max_iter": 5},
        {"line_search_fn": "strong_wolfe", "lr": 0.1, "max_iter": 3, "max_eval": 20},
        {"line_search_fn": "strong_wolfe", "max_iter": 4, "max_eval": 3},
        {"lr": 1e-3, "max_iter": 4},
        {"lr": 1e-3, "max_iter": 10, "max_eval": 3, "history_size": 3},
    ],
    ids=str,
)
def test_lbfgs_is_pytorchs_step_by_step(options):
    ours, theirs = start(pluggrad), start(torch)
    a, b = pluggrad.optim.LBFGS(ours, **options), torch.optim.LBFGS(theirs, **options)
    for _ in range(12):
        before, after = (steps(lib, o, p, 1) for lib, o, p in ((pluggrad, a, ours), (torch, b, theirs)))
        np.testing.assert_allclose(before, after, rtol=1e-6, atol=1e-12)
        for p, q in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(p.tolist(), q.tolist(), rtol=1e-5, atol=1e-6)
        for name in ("func_evals", "n_iter"):
            assert a.state[ours[0]][name] == b.state[theirs[0]][name]


def test_lbfgs_finds_the_minimum():
    params = start(pluggrad)
    params[0].data.fill_(0.5)  # from the other start it finds Rosenbrock's second minimum, at (-0.78, 0.61, ...)
    optimizer = pluggrad.optim.LBFGS(params, line_search_fn="strong_wolfe", max_iter=100)
    steps(pluggrad, optimizer, params, 3)
    np.testing.assert_allclose(params[0].tolist(), [1.0] * 4, atol=1e-5)


def test_lbfgs_state_dicts_go_both_ways():
    options = {"lr": 1e-3, "max_iter": 5, "history_size": 4}
    ours = start(pluggrad)
    a = pluggrad.optim.LBFGS(ours, **options)
    steps(pluggrad, a, ours, 2)
    state = a.state_dict()
    theirs = [torch.tensor(p.detach().cpu().numpy(), requires_grad=True) for p in ours]
    b = torch.optim.LBFGS(theirs, **options)
    steps(torch, b, copy.deepcopy(theirs), 0)
    b.load_state_dict(converted(state, pluggrad.Tensor, lambda t: torch.tensor(t.cpu().numpy())))
    fresh = [p.detach().clone().requires_grad_() for p in ours]
    c = pluggrad.optim.LBFGS(fresh, **options)
    c.load_state_dict(converted(b.state_dict(), torch.Tensor, lambda t: t.cpu().numpy()))
    results = [steps(lib, o, p, 2) for lib, o, p in ((pluggrad, a, ours), (torch, b, theirs), (pluggrad, c, fresh))]
    np.testing.assert_allclose(results[0], results[1], rtol=1e-9)
    np.testing.assert_allclose(results[0], results[2], rtol=1e-9)
    assert set(a.state_dict()["state"][0]) == set(b.state_dict()["state"][0])


def test_lbfgs_of_complex_parameters():
    results = []
    for lib in (pluggrad, torch):
        p = lib.tensor([1.0 + 2.0j, -0.5 + 0.1j], dtype=lib.complex128, requires_grad=True)
        optimizer = lib.optim.LBFGS([p], line_search_fn="strong_wolfe", max_iter=4)

        def closure():
            optimizer.zero_grad()
            loss = ((p - (1 + 1j)).abs() ** 4).sum()
            loss.backward()
            return loss

        optimizer.step(closure)
        results.append(p.tolist())
    np.testing.assert_allclose(*results, rtol=1e-8)


def test_lbfgs_refuses_other_line_searches():
    w = pluggrad.ones(1, requires_grad=True)
    optimizer = pluggrad.optim.LBFGS([w], line_search_fn="armijo")

    def closure():
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    with pytest.raises(RuntimeError, match="only 'strong_wolfe' is supported, got 'armijo'"):
        optimizer.step(closure)


MUON = [
    {},
    {"nesterov": False, "weight_decay": 0.0},
    {"adjust_lr_fn": "match_rms_adamw", "momentum": 0.8},
    {"ns_steps": 3, "ns_coefficients": (2.0, -1.5, 0.5), "adjust_lr_fn": "original"},
]


def muon_steps(options, count):
    rng = np.random.default_rng(0)
    first = [rng.standard_normal(s) for s in ((4, 6), (7, 3), (5, 5))]
    ours = [pluggrad.tensor(a, requires_grad=True) for a in first]
    theirs = [torch.tensor(a, requires_grad=True) for a in first]
    a, b = pluggrad.optim.Muon(ours, lr=0.02, **options), torch.optim.Muon(theirs, lr=0.02, **options)
    for _ in range(count):
        for p, q in zip(ours, theirs, strict=True):
            gradient = rng.standard_normal(p.shape)
            p.grad, q.grad = pluggrad.tensor(gradient, device=p.device), torch.tensor(gradient)
        a.step()
        b.step()
        yield ours, theirs


@pytest.mark.parametrize("options", MUON, ids=str)
def test_muon_is_pytorchs_in_one_precision(options, monkeypatch):
    monkeypatch.setattr(torch.Tensor, "bfloat16", lambda self: self.clone())  # PyTorch iterates in bfloat16
    for ours, theirs in muon_steps(options, 100):
        for p, q in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(p.tolist(), q.tolist(), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("options", MUON, ids=str)
def test_muon_is_pytorchs_to_bfloat16(options):
    for ours, theirs in muon_steps(options, 5):
        for p, q in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(p.tolist(), q.tolist(), atol=5 * 0.02 * 0.03)
