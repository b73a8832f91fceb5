"""Optimisers against PyTorch, step by step over 100 steps in float64, and their bookkeeping."""

from __future__ import annotations

import pytest

import pluggrad

torch = pytest.importorskip("torch")
np = pytest.importorskip("numpy")

CASES = [
    ("SGD", {"lr": 0.05}),
    ("SGD", {"lr": 0.05, "momentum": 0.9}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.001, "maximize": True, "weight_decay": 0.2}),
    ("Adam", {"lr": 0.05}),
    ("Adam", {"lr": 0.05, "betas": (0.8, 0.95), "eps": 1e-4, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.05, "amsgrad": True}),
    ("Adam", {"lr": 0.01, "maximize": True}),
    ("AdamW", {"lr": 0.05}),
    ("AdamW", {"lr": 0.05, "weight_decay": 0.3, "amsgrad": True}),
]
SHAPES = [(3,), (130, 70), ()]  # the second is larger than a block of the NumPy kernels


def parameters(lib, dtype):
    rng = np.random.default_rng(0)
    return [lib.tensor(rng.standard_normal(s), dtype=dtype, requires_grad=True) for s in SHAPES]


def loss_of(params):
    total = 0.0
    for i, p in enumerate(params):
        total = total + ((p - 0.3) ** 2).sum() * (1.0 + i) + (p**3).sum() * 0.01
    return total


@pytest.mark.parametrize(("name", "options"), CASES)
def test_a_hundred_steps_are_pytorchs(name, options):
    ours, theirs = parameters(pluggrad, pluggrad.float64), parameters(torch, torch.float64)
    a, b = getattr(pluggrad.optim, name)(ours, **options), getattr(torch.optim, name)(theirs, **options)
    for step in range(100):
        for params, optimizer in ((ours, a), (theirs, b)):
            optimizer.zero_grad()
            loss_of(params[: 3 if step % 7 else 2]).backward()  # now and then a parameter has no gradient
            optimizer.step()
        for p, q in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(p.tolist(), q.tolist(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_state_dicts_go_to_pytorch_and_back(name, options):
    ours, theirs = parameters(pluggrad, pluggrad.float64), parameters(torch, torch.float64)
    a, b = getattr(pluggrad.optim, name)(ours, **options), getattr(torch.optim, name)(theirs, **options)
    for _ in range(3):
        a.zero_grad()
        loss_of(ours).backward()
        a.step()
    state = a.state_dict()
    as_torch = {
        "state": {
            i: {k: torch.tensor(v.numpy()) if isinstance(v, pluggrad.Tensor) else v for k, v in s.items()}
            for i, s in state["state"].items()
        },
        "param_groups": state["param_groups"],
    }
    with torch.no_grad():
        for p, q in zip(ours, theirs, strict=True):
            q.copy_(torch.tensor(p.detach().numpy()))
    b.load_state_dict(as_torch)
    fresh = [p.detach().clone().requires_grad_() for p in ours]
    c = getattr(pluggrad.optim, name)(fresh, **options)
    back = b.state_dict()
    c.load_state_dict(
        {
            "state": {
                i: {k: v.numpy() if isinstance(v, torch.Tensor) else v for k, v in s.items()}
                for i, s in back["state"].items()
            },
            "param_groups": back["param_groups"],
        }
    )
    for _ in range(3):
        for params, optimizer in ((ours, a), (theirs, b), (fresh, c)):
            optimizer.zero_grad()
            loss_of(params).backward()
            optimizer.step()
    for p, q, r in zip(ours, theirs, fresh, strict=True):
        np.testing.assert_allclose(p.tolist(), q.tolist(), rtol=1e-10, atol=1e-12)
        assert p.tolist() == r.tolist()


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW"])
def test_complex_parameters(name):
    values = np.random.default_rng(1).standard_normal((2, 3)) + 1j
    ours, theirs = pluggrad.tensor(values, requires_grad=True), torch.tensor(values, requires_grad=True)
    a, b = (getattr(lib.optim, name)([p], lr=0.1) for lib, p in ((pluggrad, ours), (torch, theirs)))
    for _ in range(20):
        for p, optimizer in ((ours, a), (theirs, b)):
            optimizer.zero_grad()
            (p * p.conj()).real.sum().backward()
            optimizer.step()
    np.testing.assert_allclose(ours.tolist(), theirs.tolist(), rtol=1e-10)


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


def test_groups_with_options_of_their_own():
    a, b = pluggrad.ones(1, requires_grad=True), pluggrad.ones(1, requires_grad=True)
    optimizer = pluggrad.optim.SGD([{"params": [a]}, {"params": b, "lr": 0.5}], lr=0.1)
    (a.sum() + b.sum()).backward()
    optimizer.step()
    assert a.tolist() == pytest.approx([0.9]) and b.tolist() == pytest.approx([0.5])
    assert repr(optimizer).splitlines()[:3] == ["SGD (", "Parameter Group 0", "    dampening: 0"]


def test_closure_and_hooks():
    w = pluggrad.ones(1, requires_grad=True)
    optimizer = pluggrad.optim.SGD([w], lr=0.5)
    seen = []
    handle = optimizer.register_step_pre_hook(lambda o, args, kwargs: seen.append("before"))
    optimizer.register_step_post_hook(lambda o, args, kwargs: seen.append("after"))

    def closure():
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    with pluggrad.no_grad():
        assert optimizer.step(closure).item() == 1.0
    assert w.tolist() == [0.0] and seen == ["before", "after"]
    handle.remove()
    optimizer.step()
    assert seen == ["before", "after", "after"]


def test_zero_grad():
    w = pluggrad.ones(1, requires_grad=True)
    optimizer = pluggrad.optim.SGD([w], lr=0.5)
    w.sum().backward()
    optimizer.zero_grad(set_to_none=False)
    assert w.grad.tolist() == [0.0]
    optimizer.zero_grad()
    assert w.grad is None


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda w: pluggrad.optim.SGD(w, lr=0.1), TypeError, "iterable of Tensors or dicts, but got Tensor"),
        (lambda w: pluggrad.optim.SGD([], lr=0.1), ValueError, "empty parameter list"),
        (lambda w: pluggrad.optim.SGD([w], lr=-1.0), ValueError, "Invalid learning rate: -1.0"),
        (lambda w: pluggrad.optim.SGD([w], lr=0.1, nesterov=True), ValueError, "Nesterov momentum requires a momentum"),
        (lambda w: pluggrad.optim.Adam([w], betas=(1.0, 0.9)), ValueError, "Invalid beta parameter at index 0: 1.0"),
        (lambda w: pluggrad.optim.SGD([w * 2], lr=0.1), ValueError, "can't optimize a non-leaf Tensor"),
        (lambda w: pluggrad.optim.SGD([1], lr=0.1), TypeError, "one of the params is int"),
        (
            lambda w: pluggrad.optim.SGD([{"params": w}, {"params": w}], lr=0.1),
            ValueError,
            "more than one parameter group",
        ),
    ],
)
def test_mistakes(make, error, message):
    with pytest.raises(error, match=message):
        make(pluggrad.ones(1, requires_grad=True))


def test_loading_a_state_of_another_shape():
    w, v = pluggrad.ones(1, requires_grad=True), pluggrad.ones(1, requires_grad=True)
    one, two = pluggrad.optim.SGD([w], lr=0.1), pluggrad.optim.SGD([w, v], lr=0.1)
    with pytest.raises(
        ValueError, match="doesn't match the size of optimizer's group: 2 parameters, the optimizer's has 1"
    ):
        one.load_state_dict(two.state_dict())


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("StepLR", (3, 0.5)),
        ("CosineAnnealingLR", (10,)),
        ("CosineAnnealingLR", (7, 0.01)),
        ("LambdaLR", (lambda t: 0.9**t,)),
    ],
)
def test_schedules(name, arguments):
    rates = []
    for lib in (pluggrad, torch):
        w = lib.ones(1, requires_grad=True)
        optimizer = lib.optim.SGD([w], lr=0.3)
        schedule = getattr(lib.optim.lr_scheduler, name)(optimizer, *arguments)
        seen = [schedule.get_last_lr()[0]]
        for _ in range(25):
            optimizer.step()
            schedule.step()
            seen.append(schedule.get_last_lr()[0])
        rates.append(seen)
    assert rates[0] == pytest.approx(rates[1], rel=1e-12)


def test_a_schedule_is_resumed_from_its_state():
    w = pluggrad.ones(1, requires_grad=True)
    optimizer = pluggrad.optim.SGD([w], lr=0.3)
    schedule = pluggrad.optim.lr_scheduler.StepLR(optimizer, 2)
    for _ in range(3):
        optimizer.step()
        schedule.step()
    again = pluggrad.optim.lr_scheduler.StepLR(optimizer, 99)
    again.load_state_dict(schedule.state_dict())
    assert again.step_size == 2 and again.last_epoch == 3


def test_a_schedule_stepped_before_its_optimiser_warns():
    optimizer = pluggrad.optim.SGD([pluggrad.ones(1, requires_grad=True)], lr=0.3)
    schedule = pluggrad.optim.lr_scheduler.StepLR(optimizer, 2)
    with pytest.warns(UserWarning, match="before optimizer.step"):
        schedule.step()
