"""Optimisers against PyTorch, step by step over 100 steps in float64, and their bookkeeping."""

from __future__ import annotations

import copy
import pickle

import pytest

import pluggrad

from .cases import ELEMENTWISE, ONE_OF_EACH, WHOLE, converted, identify, loss_of, optimizer_of, parameters

torch = pytest.importorskip("torch")
np = pytest.importorskip("numpy")

CLOSE = {"rtol": 1e-11, "atol": 1e-13}


def to_torch(state):
    return converted(state, pluggrad.Tensor, lambda t: torch.tensor(t.cpu().numpy()))


@pytest.mark.parametrize("case", ELEMENTWISE + WHOLE, ids=identify)
def test_a_hundred_steps_are_pytorchs(case):
    """On the same gradients: ones that follow the parameters would magnify what is rounded differently."""
    ours, theirs = parameters(pluggrad, pluggrad.float64), parameters(torch, torch.float64)
    a, b = optimizer_of(pluggrad, case, ours), optimizer_of(torch, case, theirs)
    rng = np.random.default_rng(1)
    for step in range(100 if pluggrad.get_default_device() == "cpu" else 10):
        for i, (p, q) in enumerate(zip(ours, theirs, strict=True)):
            gradient = rng.standard_normal(p.shape)
            p.grad, q.grad = pluggrad.tensor(gradient, device=p.device), torch.tensor(gradient)
            if i == 2 and step % 7 == 3:  # now and then a parameter has no gradient
                p.grad = q.grad = None
        a.step()
        b.step()
        for p, q in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(p.detach().cpu().numpy(), q.detach().numpy(), **CLOSE)


@pytest.mark.parametrize("case", ONE_OF_EACH, ids=identify)
def test_training_runs_as_in_pytorch(case):
    ours, theirs = parameters(pluggrad, pluggrad.float64), parameters(torch, torch.float64)
    a, b = optimizer_of(pluggrad, case, ours), optimizer_of(torch, case, theirs)
    for _ in range(30):
        losses = []
        for params, optimizer in ((ours, a), (theirs, b)):
            optimizer.zero_grad()
            loss = loss_of(params)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        assert losses[0] == pytest.approx(losses[1], rel=1e-9)


@pytest.mark.parametrize("case", ONE_OF_EACH, ids=identify)
def test_in_float32_too(case):
    ours, theirs = parameters(pluggrad, pluggrad.float32), parameters(torch, torch.float32)
    a, b = optimizer_of(pluggrad, case, ours), optimizer_of(torch, case, theirs)
    for _ in range(10):
        for params, optimizer in ((ours, a), (theirs, b)):
            optimizer.zero_grad()
            loss_of(params).backward()
            optimizer.step()
    for p, q in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(p.tolist(), q.tolist(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("case", ONE_OF_EACH, ids=identify)
def test_state_dicts_go_to_pytorch_and_back(case):
    ours, theirs = parameters(pluggrad, pluggrad.float32), parameters(torch, torch.float32)
    a, b = optimizer_of(pluggrad, case, ours), optimizer_of(torch, case, theirs)
    for _ in range(3):
        for params, optimizer in ((ours, a), (theirs, b)):
            optimizer.zero_grad()
            loss_of(params).backward()
            optimizer.step()
    described = [
        {k: {n: (tuple(v.shape), str(v.dtype).split(".")[-1]) for n, v in s.items()} for k, s in state["state"].items()}
        for state in (a.state_dict(), b.state_dict())
    ]
    assert described[0] == described[1]
    assert a.state_dict()["param_groups"] == b.state_dict()["param_groups"]

    # On from ours in PyTorch, and from PyTorch's here.
    with torch.no_grad():
        for p, q in zip(ours, theirs, strict=True):
            q.copy_(torch.tensor(p.detach().cpu().numpy()))
    b.load_state_dict(to_torch(a.state_dict()))
    fresh = [p.detach().clone().requires_grad_() for p in ours]
    c = optimizer_of(pluggrad, case, fresh)
    c.load_state_dict(converted(b.state_dict(), torch.Tensor, lambda t: t.cpu().numpy()))
    for _ in range(3):
        for params, optimizer in ((ours, a), (theirs, b), (fresh, c)):
            optimizer.zero_grad()
            loss_of(params).backward()
            optimizer.step()
    for p, q, r in zip(ours, theirs, fresh, strict=True):
        np.testing.assert_allclose(p.tolist(), q.tolist(), rtol=1e-5, atol=1e-6)
        assert p.tolist() == r.tolist()


@pytest.mark.parametrize("case", [c for c in ELEMENTWISE if c in ONE_OF_EACH or "amsgrad" in c[1]], ids=identify)
def test_complex_parameters(case):
    values = np.random.default_rng(1).standard_normal((2, 3)) + 1j * np.random.default_rng(2).standard_normal((2, 3))
    ours, theirs = pluggrad.tensor(values, requires_grad=True), torch.tensor(values, requires_grad=True)
    a, b = (optimizer_of(lib, case, [p]) for lib, p in ((pluggrad, ours), (torch, theirs)))
    for _ in range(20):
        for p, optimizer in ((ours, a), (theirs, b)):
            optimizer.zero_grad()
            (p * p.conj()).real.sum().backward()
            optimizer.step()
    np.testing.assert_allclose(ours.tolist(), theirs.tolist(), rtol=1e-10)


SMOOTH = [c for c in ONE_OF_EACH if c in ELEMENTWISE and c[0] != "Rprop"]


def stepped(lib, case, start, steps):
    """What differentiable steps make of a copy of ``start``, the gradients depending on ``start``, too."""
    p = start.clone()
    optimizer = optimizer_of(lib, (case[0], {**case[1], "differentiable": True}), [p])
    for g in steps:
        p.grad = start * start * g
        optimizer.step()
    return p


@pytest.mark.parametrize("case", SMOOTH, ids=identify)
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_gradients_go_through_differentiable_steps(case, dtype):
    start = pluggrad.tensor([0.5, -1.0, 2.0], dtype=getattr(pluggrad, dtype))
    if start.dtype.is_complex:
        start = start * (1 + 0.3j)
    start.requires_grad_()
    assert pluggrad.autograd.gradcheck(lambda x: stepped(pluggrad, case, x, (0.3, 0.7)), [start])


@pytest.mark.parametrize("case", SMOOTH, ids=identify)
def test_gradients_through_a_differentiable_step_are_pytorchs(case):
    gradients = []
    for lib in (pluggrad, torch):
        before = lib.get_default_dtype()
        lib.set_default_dtype(lib.float64)  # in which PyTorch counts steps
        try:
            start = lib.tensor([0.5, -1.0, 2.0], requires_grad=True)
            (stepped(lib, case, start, (0.3,)) ** 2).sum().backward()
        finally:
            lib.set_default_dtype(before)
        gradients.append(start.grad.tolist())
    np.testing.assert_allclose(*gradients, **CLOSE)


def test_a_differentiable_step_of_a_leaf_is_refused_as_in_pytorch():
    w = pluggrad.ones(1, requires_grad=True)
    w.grad = pluggrad.ones(1)
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad is being used in an in-place"):
        pluggrad.optim.SGD([w], differentiable=True).step()


def test_the_learning_rate_can_be_learned():
    gradients = []
    for lib in (pluggrad, torch):
        lr = lib.tensor(0.1, dtype=lib.float64, requires_grad=True)
        p = lib.tensor([0.5, -1.0], dtype=lib.float64, requires_grad=True).clone()
        optimizer = lib.optim.SGD([p], lr=lr, differentiable=True)
        p.grad = lib.tensor([1.0, 2.0], dtype=lib.float64)
        optimizer.step()
        (p * p).sum().backward()
        gradients.append(lr.grad.item())
    assert gradients[0] == pytest.approx(gradients[1], rel=1e-12)


def test_a_tensor_as_learning_rate():
    w = pluggrad.ones(1, requires_grad=True)
    optimizer = pluggrad.optim.Adam([w], lr=pluggrad.tensor(0.5))
    w.sum().backward()
    optimizer.step()
    assert w.tolist() == pytest.approx([0.5])
    with pytest.raises(ValueError, match="Tensor lr must be 1-element"):
        pluggrad.optim.Adam([w], lr=pluggrad.ones(2))


@pytest.mark.parametrize("case", ONE_OF_EACH, ids=identify)
def test_pickled_and_copied_optimisers_go_on_alike(case):
    params = parameters(pluggrad, pluggrad.float64)
    optimizer = optimizer_of(pluggrad, case, params)
    loss_of(params).backward()
    optimizer.step()
    others = [pickle.loads(pickle.dumps(optimizer)), copy.deepcopy(optimizer)]
    results = []
    for one in (optimizer, *others):
        assert repr(one) == repr(optimizer)
        mine = one.param_groups[0]["params"]
        one.zero_grad()
        loss_of(mine).backward()
        one.step()
        results.append([p.tolist() for p in mine])
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize("case", ONE_OF_EACH, ids=identify)
def test_printed_as_pytorch_prints(case):
    made = [
        optimizer_of(lib, case, [{"params": [lib.ones(1, requires_grad=True)]}, {"params": [lib.ones(2)], "lr": 0.5}])
        for lib in (pluggrad, torch)
    ]
    assert repr(made[0]) == repr(made[1])


@pytest.mark.parametrize("shapes", [[(2, 3)] * 5, [(0,), (3,)], [(5000,), (5000,)], [(1,)] * 40])
def test_many_small_parameters_and_empty_ones(shapes):
    ours, theirs = parameters(pluggrad, pluggrad.float64, shapes), parameters(torch, torch.float64, shapes)
    case = ("AdamW", {"lr": 0.1})
    a, b = optimizer_of(pluggrad, case, ours), optimizer_of(torch, case, theirs)
    for _ in range(3):
        for params, optimizer in ((ours, a), (theirs, b)):
            optimizer.zero_grad()
            loss_of(params).backward()
            optimizer.step()
    for p, q in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(p.tolist(), q.tolist(), **CLOSE)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_sgd_of_large_complex_parameters(momentum):
    results = []
    for lib in (pluggrad, torch):
        w = lib.complex(*(lib.reshape(lib.arange(n, 20000 + n, dtype=lib.float64), (100, 200)) / 1e4 for n in (0, 7)))
        w.requires_grad_()
        optimizer = lib.optim.SGD([w], lr=0.1, momentum=momentum)
        for _ in range(3):
            optimizer.zero_grad()
            (w.abs() ** 2).sum().backward()
            optimizer.step()
        results.append(w.tolist())
    np.testing.assert_allclose(*results, **CLOSE)


def test_parameters_that_are_not_contiguous():
    results = []
    for lib in (pluggrad, torch):
        whole = lib.reshape(lib.arange(20000, dtype=lib.float64), (100, 200)) / 1e4
        w = whole.T.detach().requires_grad_()
        optimizer = lib.optim.Adam([w], lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            (w**2).sum().backward()
            optimizer.step()
        results.append((w.tolist(), whole.tolist()))
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, **CLOSE)


def test_a_value_saved_in_a_graph_survives_the_step():
    w = pluggrad.tensor([3.0], dtype=pluggrad.float64, requires_grad=True)
    y = w * w
    optimizer = pluggrad.optim.SGD([w], lr=0.1)
    y.sum().backward(retain_graph=True)
    optimizer.step()
    w.grad = None
    y.sum().backward()
    assert w.grad.tolist() == [6.0]  # at the w of the forward, not at the stepped one


def test_weights_are_not_copied_by_a_step_whose_graph_is_gone(monkeypatch):
    w = pluggrad.ones(3, requires_grad=True)
    optimizer = pluggrad.optim.SGD([w], lr=0.1)
    (w * w).sum().backward()
    copies = []
    kernels = w._type.kernels
    copy = kernels.copy
    monkeypatch.setattr(kernels, "copy", lambda a: copies.append(a) or copy(a))
    optimizer.step()
    assert copies == []


@pytest.mark.parametrize("device", ["strict:device1", "torch"])
@pytest.mark.parametrize("case", ONE_OF_EACH, ids=identify)
def test_other_backends_take_the_same_steps(case, device):
    pytest.importorskip({"strict": "pluggrad_strict", "torch": "pluggrad_torch"}[device.split(":")[0]])
    results = []
    for place in ("cpu", device):
        params = [
            p.detach().to(place).requires_grad_() for p in parameters(pluggrad, pluggrad.float64, [(3,), (4, 5), ()])
        ]
        if case in ELEMENTWISE:
            params.append(pluggrad.tensor([1.0 + 2.0j, -1.0j], device=place, requires_grad=True))
        optimizer = optimizer_of(pluggrad, case, params)
        for _ in range(5):
            optimizer.zero_grad()
            loss_of(params[:3]).backward()
            if len(params) > 3:
                (params[3] * params[3].conj()).real.sum().backward()
            optimizer.step()
        other = optimizer_of(pluggrad, case, params)
        other.load_state_dict(optimizer.state_dict())
        other.step()
        results.append([p.tolist() for p in params])
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)  # the complex ones are single
