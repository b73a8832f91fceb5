"""The bookkeeping of optimisers beside PyTorch's: groups, names, hooks, state dicts, mistakes."""

from __future__ import annotations

import warnings

import pytest

import pluggrad
from pluggrad.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from .cases import ONE_OF_EACH, identify, loss_of, optimizer_of, parameters


def weight(n=1):
    return pluggrad.ones(n, requires_grad=True)


def test_groups_with_options_of_their_own():
    a, b = weight(), weight()
    optimizer = pluggrad.optim.SGD([{"params": [a]}, {"params": b, "lr": 0.5}], lr=0.1)
    (a.sum() + b.sum()).backward()
    optimizer.step()
    assert a.tolist() == pytest.approx([0.9]) and b.tolist() == pytest.approx([0.5])


def test_a_group_added_later_and_a_generator_of_parameters():
    a, b = weight(), weight()
    optimizer = pluggrad.optim.Adam((p for p in [a]), lr=0.1)
    optimizer.add_param_group({"params": (p for p in [b]), "lr": 0.2, "name": "late"})
    assert [g["lr"] for g in optimizer.param_groups] == [0.1, 0.2]
    assert optimizer.param_groups[1]["name"] == "late" and optimizer.param_groups[1]["betas"] == (0.9, 0.999)
    (a.sum() + b.sum()).backward()
    optimizer.step()
    assert a.tolist() == pytest.approx([0.9]) and b.tolist() == pytest.approx([0.8])


def test_named_parameters():
    net = pluggrad.nn.Linear(2, 1)
    optimizer = pluggrad.optim.SGD(net.named_parameters(), lr=0.1)
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
    state = optimizer.state_dict()
    assert state["param_groups"][0]["param_names"] == ["weight", "bias"]
    other = pluggrad.optim.SGD(pluggrad.nn.Linear(2, 1).parameters(), lr=0.1)
    other.load_state_dict(state)
    assert other.param_groups[0]["param_names"] == ["weight", "bias"]
    with pytest.raises(ValueError, match="cannot add param group without names"):
        optimizer.add_param_group({"params": weight()})
    with pytest.raises(ValueError, match="Some param names are missing"):
        pluggrad.optim.SGD([("a", weight()), weight()])


def test_an_options_default_may_be_required():
    from pluggrad.optim.optimizer import Optimizer, required

    class Plain(Optimizer):
        def __init__(self, params, lr=required):
            super().__init__(params, {"lr": lr})

    with pytest.raises(ValueError, match="required optimization parameter lr"):
        Plain([weight()])
    assert Plain([{"params": weight(), "lr": 1.0}]).param_groups[0]["lr"] == 1.0


def test_an_optimiser_of_a_users_own():
    class Signs(pluggrad.optim.Optimizer):
        def __init__(self, params, lr):
            super().__init__(params, {"lr": lr})

        @pluggrad.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    self.state[p]["step"] = self.state[p].get("step", 0) + 1
                    p.add_(p.grad.sign(), alpha=-group["lr"])

    w, seen = weight(2), []
    optimizer = Signs([w], lr=0.5)
    optimizer.register_step_post_hook(lambda *_: seen.append(1))
    (w * 3).sum().backward()
    optimizer.step()
    assert w.tolist() == [0.5, 0.5] and seen == [1]
    assert optimizer.state_dict()["state"] == {0: {"step": 1}}
    with pytest.raises(NotImplementedError, match=r"Optimizer must implement step"):
        pluggrad.optim.Optimizer([w], {}).step()


def test_closure_and_hooks():
    w, seen = weight(), []
    optimizer = pluggrad.optim.SGD([w], lr=0.5)
    handle = optimizer.register_step_pre_hook(lambda o, args, kwargs: seen.append(("before", args == (o,))))
    optimizer.register_step_post_hook(lambda o, args, kwargs: seen.append("after"))

    def closure():
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    with pluggrad.no_grad():
        assert optimizer.step(closure=closure).item() == 1.0
    assert w.tolist() == [0.0] and seen == [("before", True), "after"]
    handle.remove()
    optimizer.step()
    assert seen == [("before", True), "after", "after"]


def test_a_hook_may_replace_the_arguments():
    w = weight()
    w.grad = pluggrad.ones(1)
    optimizer = pluggrad.optim.SGD([w], lr=0.5)
    handle = optimizer.register_step_pre_hook(lambda o, args, kwargs: ((o, lambda: "loss"), {}))
    assert optimizer.step() == "loss"
    handle.remove()
    optimizer.register_step_pre_hook(lambda o, args, kwargs: 3)
    with pytest.raises(RuntimeError, match="a pre-hook must return None or a tuple of"):
        optimizer.step()


def test_hooks_of_all_optimisers():
    seen = []
    handles = [
        register_optimizer_step_pre_hook(lambda o, *_: seen.append(("pre", type(o).__name__))),
        register_optimizer_step_post_hook(lambda o, *_: seen.append(("post", type(o).__name__))),
    ]
    try:
        for kind in (pluggrad.optim.SGD, pluggrad.optim.RAdam):
            kind([weight()]).step()
    finally:
        for handle in handles:
            handle.remove()
    pluggrad.optim.SGD([weight()]).step()
    assert seen == [("pre", "SGD"), ("post", "SGD"), ("pre", "RAdam"), ("post", "RAdam")]


def test_hooks_of_state_dicts():
    optimizer, seen = pluggrad.optim.SGD([weight()], lr=0.5), []
    optimizer.register_state_dict_pre_hook(lambda o: seen.append("second"))
    optimizer.register_state_dict_pre_hook(lambda o: seen.append("first"), prepend=True)
    optimizer.register_state_dict_post_hook(lambda o, state: {**state, "extra": 1})
    state = optimizer.state_dict()
    assert seen == ["first", "second"] and state["extra"] == 1

    def half_the_rate(o, state):
        state["param_groups"] = [{**g, "lr": g["lr"] / 2} for g in state["param_groups"]]

    optimizer.register_load_state_dict_pre_hook(half_the_rate)
    optimizer.register_load_state_dict_post_hook(lambda o: seen.append(o.param_groups[0]["lr"]))
    optimizer.load_state_dict(state)
    assert seen[-1] == 0.25 and state["param_groups"][0]["lr"] == 0.5


def test_zero_grad():
    w = weight()
    optimizer = pluggrad.optim.SGD([w], lr=0.5)
    w.sum().backward()
    optimizer.zero_grad(set_to_none=False)
    assert w.grad.tolist() == [0.0]
    optimizer.zero_grad()
    assert w.grad is None


def test_zero_grad_lets_go_of_a_gradients_graph():
    w = weight()
    optimizer = pluggrad.optim.SGD([w], lr=0.5)
    (w * w).sum().backward(create_graph=True)
    assert w.grad.requires_grad
    optimizer.zero_grad(set_to_none=False)
    assert not w.grad.requires_grad and w.grad.tolist() == [0.0]


@pytest.mark.parametrize("case", ONE_OF_EACH, ids=identify)
def test_a_state_that_was_loaded_goes_on_to_the_last_bit(case):
    params = parameters(pluggrad, pluggrad.float64)
    optimizer = optimizer_of(pluggrad, case, params)
    for _ in range(3):
        optimizer.zero_grad()
        loss_of(params).backward()
        optimizer.step()
    again = [p.detach().clone().requires_grad_() for p in params]
    other = optimizer_of(pluggrad, case, again)
    other.load_state_dict(optimizer.state_dict())
    for mine, one in ((params, optimizer), (again, other)):
        one.zero_grad()
        loss_of(mine).backward()
        one.step()
    assert [p.tolist() for p in params] == [p.tolist() for p in again]


def test_a_loaded_state_is_a_copy_in_the_parameters_dtype():
    w, v = weight(), pluggrad.ones(1, dtype=pluggrad.float64, requires_grad=True)
    one, two = pluggrad.optim.Adam([w]), pluggrad.optim.Adam([v])
    w.sum().backward()
    one.step()
    two.load_state_dict(one.state_dict())
    state = two.state[v]
    assert state["exp_avg"].dtype is pluggrad.float64 and state["step"].dtype is pluggrad.float32
    state["exp_avg"].zero_()
    assert one.state[w]["exp_avg"].item() != 0


def test_numbers_of_old_states_become_tensors():
    w = weight()
    optimizer = pluggrad.optim.Adam([w])
    w.sum().backward()
    optimizer.step()
    state = optimizer.state_dict()
    state["state"][0]["step"] = 1
    del state["param_groups"][0]["maximize"]
    optimizer.load_state_dict(state)
    assert optimizer.state[w]["step"].tolist() == 1.0
    assert optimizer.param_groups[0]["maximize"] is False
    optimizer.step()


def test_duplicate_parameters_warn():
    w = weight()
    with pytest.warns(UserWarning, match="duplicate parameters"):
        pluggrad.optim.SGD([w, w])


def test_sets_and_other_mistakes():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(TypeError, match="ordered collections"):
            pluggrad.optim.SGD([{"params": {weight()}}])
        with pytest.raises(TypeError, match="param_group must be a dict, but got list"):
            pluggrad.optim.SGD([weight()]).add_param_group([weight()])


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda w: pluggrad.optim.SGD(w, lr=0.1), TypeError, "iterable of Tensors or dicts, but got Tensor"),
        (lambda w: pluggrad.optim.SGD([], lr=0.1), ValueError, "empty parameter list"),
        (lambda w: pluggrad.optim.SGD([w], lr=-1.0), ValueError, "Invalid learning rate: -1.0"),
        (lambda w: pluggrad.optim.SGD([w], lr=0.1, nesterov=True), ValueError, "Nesterov momentum requires a momentum"),
        (lambda w: pluggrad.optim.SGD([w * 2], lr=0.1), ValueError, "can't optimize a non-leaf Tensor"),
        (lambda w: pluggrad.optim.SGD([1], lr=0.1), TypeError, "one of the params is int"),
        (
            lambda w: pluggrad.optim.SGD([{"params": w}, {"params": w}], lr=0.1),
            ValueError,
            "more than one parameter group",
        ),
        (lambda w: pluggrad.optim.Adam([w], fused=True, foreach=True), RuntimeError, "`fused` and `foreach`"),
        (lambda w: pluggrad.optim.Adam([w], fused=True, differentiable=True), RuntimeError, "`fused` does not support"),
        (lambda w: pluggrad.optim.LBFGS([{"params": w}, {"params": weight()}]), ValueError, "per-parameter options"),
        (lambda w: pluggrad.optim.Muon([w]), ValueError, "only supports 2D parameters"),
    ],
)
def test_mistakes(make, error, message):
    with pytest.raises(error, match=message):
        make(weight())


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("SGD", {"momentum": -1}), ("SGD", {"weight_decay": -0.1}), ("Adam", {"betas": (1.0, 0.9)}),
        ("Adam", {"betas": (0.9, -1.0)}), ("Adam", {"eps": -1}), ("AdamW", {"weight_decay": -1}),
        ("NAdam", {"momentum_decay": -1}), ("RAdam", {"lr": -1}), ("Adamax", {"betas": (0.9, 1.0)}),
        ("Adagrad", {"lr_decay": -1}), ("Adagrad", {"initial_accumulator_value": -1}), ("Adagrad", {"eps": -1}),
        ("Adadelta", {"rho": 1.5}), ("Adadelta", {"weight_decay": -1}), ("RMSprop", {"alpha": -1}),
        ("RMSprop", {"momentum": -1}), ("Rprop", {"etas": (1.5, 0.5)}), ("ASGD", {"weight_decay": -1}),
        ("LBFGS", {"lr": -1}), ("Muon", {"momentum": -1}), ("Muon", {"adjust_lr_fn": "x"}),
        ("Adafactor", {"beta2_decay": 1}), ("Adafactor", {"d": 0.5}), ("Adafactor", {"eps": (-1, 1)}),
        ("Adafactor", {"weight_decay": -1}), ("Adafactor", {"lr": -1}),
    ],
)  # fmt: skip
def test_options_out_of_range_in_pytorchs_words(name, options):
    torch = pytest.importorskip("torch")
    messages = []
    for lib in (pluggrad, torch):
        with pytest.raises(ValueError) as caught:  # noqa: PT011 (the messages are compared)
            getattr(lib.optim, name)([lib.ones(1, 1, requires_grad=True)], **options)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]


def test_loading_a_state_of_another_shape():
    w, v = weight(), weight()
    one, two = pluggrad.optim.SGD([w], lr=0.1), pluggrad.optim.SGD([w, v], lr=0.1)
    with pytest.raises(
        ValueError, match="doesn't match the size of optimizer's group: 2 parameters, the optimizer's has 1"
    ):
        one.load_state_dict(two.state_dict())
    three = pluggrad.optim.SGD([{"params": w}, {"params": v}])
    with pytest.raises(ValueError, match="different number of parameter groups: 2, the optimizer has 1"):
        one.load_state_dict(three.state_dict())


def test_a_gradient_of_another_dtype_is_refused():
    w = weight()
    w.sum().backward()
    optimizer = pluggrad.optim.SGD([w])
    w.data = w.data.to(pluggrad.float64)
    with pytest.raises(RuntimeError, match=r"a parameter is pluggrad.float64 on .*, its grad pluggrad.float32"):
        optimizer.step()
