"""Hooks of modules: forward and backward, compared with PyTorch where numbers come out."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

import pluggrad
from pluggrad import nn
from pluggrad.nn.modules import hooks as module_hooks


def tensor(value: Any) -> pluggrad.Tensor:
    return pluggrad.tensor(value)


class Double(nn.Module):
    def forward(self, x: Any, *, plus: float = 0.0) -> Any:
        return x * 2 + plus


def test_forward_hooks_see_and_replace() -> None:
    module, calls = Double(), []
    first = module.register_forward_pre_hook(lambda m, args: calls.append("pre"))
    module.register_forward_pre_hook(lambda m, args: (args[0] + 1,))
    module.register_forward_hook(lambda m, args, out: calls.append(("post", args[0].item(), out.item())))
    module.register_forward_hook(lambda m, args, out: out * 10)
    assert module(tensor(1.0)).item() == 40.0
    assert calls == ["pre", ("post", 2.0, 4.0)]
    first.remove()
    module(tensor(1.0))
    assert calls.count("pre") == 1


def test_one_value_from_a_pre_hook_stands_for_a_tuple() -> None:
    module = Double()
    module.register_forward_pre_hook(lambda m, args: tensor(5.0))
    assert module(tensor(1.0)).item() == 10.0


def test_with_kwargs_and_prepend() -> None:
    module, order = Double(), []
    module.register_forward_pre_hook(lambda m, args, kwargs: (args, {"plus": 3.0}), with_kwargs=True)
    module.register_forward_hook(lambda m, args, kwargs, out: order.append(kwargs), with_kwargs=True)
    module.register_forward_hook(lambda m, args, out: order.append("first"), prepend=True)
    assert module(tensor(1.0)).item() == 5.0
    assert order == ["first", {"plus": 3.0}]
    module.register_forward_pre_hook(lambda m, args, kwargs: args, with_kwargs=True)
    with pytest.raises(RuntimeError, match="must return None or a tuple of .new_args, new_kwargs"):
        module(tensor(1.0))


def test_always_called() -> None:
    class Fails(nn.Module):
        def forward(self, x: Any) -> Any:
            raise KeyError("no")

    module, seen = Fails(), []
    module.register_forward_hook(lambda m, args, out: seen.append(out), always_call=True)
    module.register_forward_hook(lambda m, args, out: seen.append("not this one"))
    with pytest.raises(KeyError, match="no"):
        module(1)
    assert seen == [None]


def test_global_hooks() -> None:
    calls: list[str] = []
    handles = [
        module_hooks.register_module_forward_pre_hook(lambda m, args: calls.append(f"pre {type(m).__name__}")),
        module_hooks.register_module_forward_hook(lambda m, args, out: calls.append(f"post {type(m).__name__}")),
    ]
    nn.Sequential(Double())(tensor(1.0))
    for handle in handles:
        handle.remove()
    nn.Identity()(1)
    assert calls == ["pre Sequential", "pre Double", "post Double", "post Sequential"]


@pytest.mark.parametrize("copied", [lambda m: m, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_the_first_hook_of_a_process_is_seen_however_it_came(copied: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until there is one, no call looks for hooks."""
    monkeypatch.setattr(module_hooks, "_SOME_HOOK", [])
    plain = copied(nn.Identity())
    assert plain(-1) == -1 and not module_hooks._SOME_HOOK
    plain.register_forward_hook(absolute)
    assert plain(-1) == 1
    module_hooks._SOME_HOOK.clear()  # as in the process that reads what this one wrote
    copy_of_hooked = copied(plain)
    assert bool(module_hooks._SOME_HOOK) is (copy_of_hooked is not plain)
    assert copy_of_hooked(-1) == (-1 if copy_of_hooked is plain else 1)


def absolute(module: Any, args: Any, output: int) -> int:
    return abs(output)


def test_a_module_without_its_init_says_so() -> None:
    class Forgetful(nn.Module):
        def __init__(self) -> None:
            self.__dict__["factor"] = 2

        def forward(self, x: Any) -> Any:
            return self.weight * x

    with pytest.raises(AttributeError, match=r"Forgetful cannot be called before Module.__init__\(\) call"):
        Forgetful()(1)


def run_backward(namespace: Any, make: Any, needs_grad: bool) -> tuple[list[Any], Any]:
    """What the backward hooks of a layer see, and the gradient of its input, in either library."""
    layer = namespace.Linear(2, 2)
    layer.weight.data = make([[1.0, 2.0], [3.0, 4.0]])
    layer.bias.data = make([0.5, -0.5])
    seen: list[Any] = []

    def numbers(grads: Any) -> Any:
        return [None if g is None else g.tolist() for g in grads]

    def pre(module: Any, grad_output: Any) -> Any:
        seen.append(("pre", numbers(grad_output)))
        return (grad_output[0] * 2,)

    def post(module: Any, grad_input: Any, grad_output: Any) -> Any:
        seen.append(("post", numbers(grad_input), numbers(grad_output)))
        return None if grad_input[0] is None else (grad_input[0] + 100,)

    layer.register_full_backward_pre_hook(pre)
    layer.register_full_backward_hook(post)
    x = make([[1.0, -1.0]])
    x.requires_grad_(needs_grad)
    layer(x * 3).sum().backward() if needs_grad else layer(x).sum().backward()
    return seen + [layer.weight.grad.tolist()], None if x.grad is None else x.grad.tolist()


@pytest.mark.filterwarnings("ignore:Full backward hook is firing:UserWarning")  # PyTorch's
@pytest.mark.parametrize("needs_grad", [True, False])
def test_backward_hooks_are_pytorchs(needs_grad: bool) -> None:
    torch = pytest.importorskip("torch")
    assert run_backward(nn, pluggrad.tensor, needs_grad) == run_backward(torch.nn, torch.tensor, needs_grad)


def test_backward_hooks_of_several_inputs_and_outputs() -> None:
    class Two(nn.Module):
        def forward(self, a: Any, n: int, b: Any) -> Any:
            return a * n, a * b

    module, seen = Two(), []
    module.register_full_backward_hook(
        lambda m, gi, go: seen.append([None if g is None else g.item() for g in (*gi, *go)])
    )
    a, b = (pluggrad.tensor(v, requires_grad=True) for v in (2.0, 3.0))
    x, y = module(a, 4, b)
    (x + 10 * y).backward()
    assert seen == [[4.0 + 30.0, None, 20.0, 1.0, 10.0]]
    assert a.grad is not None
    assert a.grad.item() == 34.0


def test_a_wrong_number_of_gradients() -> None:
    module = Double()
    module.register_full_backward_hook(lambda m, gi, go: (gi[0], gi[0]))
    out = module(pluggrad.tensor(1.0, requires_grad=True))
    with pytest.raises(RuntimeError, match="invalid number of grad_input, got 2, but expected 1"):
        out.backward()


def test_backward_hook_with_in_place_layers() -> None:
    """The output passes through a node of its own, which an in-place layer behind it may overwrite."""
    net = nn.Sequential(nn.Linear(2, 2), nn.ReLU(inplace=True), nn.Linear(2, 1))
    seen: list[int] = []
    for module in net:
        module.register_full_backward_hook(lambda m, gi, go: seen.append(1))
    net(pluggrad.ones(1, 2)).sum().backward()
    assert len(seen) == 3
    assert all(p.grad is not None for p in net.parameters())


def everything_global(namespace: Any) -> list[Any]:
    """What the hooks of all modules see, in either library."""
    hooks, layers = namespace.nn.modules.module, namespace.nn
    seen: list[Any] = []

    class Fails(layers.Module):  # type: ignore[name-defined, misc]
        def forward(self, x: Any, *, plus: float = 0.0) -> Any:
            raise ValueError("no")

    handles = [
        hooks.register_module_parameter_registration_hook(lambda m, n, p: seen.append(("parameter", n))),
        hooks.register_module_buffer_registration_hook(lambda m, n, b: seen.append(("buffer", n))),
        hooks.register_module_module_registration_hook(
            lambda m, n, c: seen.append(("module", n)) or (layers.Tanh() if n == "replaced" else None)
        ),
        hooks.register_module_forward_hook(lambda m, a, k, o: seen.append((sorted(k), o)), with_kwargs=True),
        hooks.register_module_forward_hook(lambda m, a, o: seen.append(("always", o)), always_call=True),
    ]
    module = layers.Module()
    module.weight = layers.Parameter(namespace.ones(1))
    module.register_parameter("none", None)
    module.register_buffer("mean", namespace.ones(1))
    module.child = layers.Identity()
    module.add_module("replaced", layers.ReLU())
    seen.append(repr(module))
    try:
        Fails()(1, plus=2.0)
    except ValueError:
        seen.append("raised")
    layers.Identity()(3)
    for handle in handles:
        handle.remove()
    module.later = layers.Identity()
    return seen


def test_hooks_of_all_modules_are_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    seen = everything_global(pluggrad)
    assert seen == everything_global(torch)
    assert ("always", None) in seen and ("module", "replaced") in seen


def failing_hooks(namespace: Any) -> list[Any]:
    seen: list[Any] = []
    module = namespace.nn.Identity()
    module.register_forward_hook(lambda m, args, out: 1 / 0)
    module.register_forward_hook(lambda m, args, out: seen.append(out), always_call=True)
    module.register_forward_hook(lambda m, args, out: int("x"), always_call=True)
    with pytest.warns(UserWarning, match="silenced as another error was raised"), pytest.raises(ZeroDivisionError):
        module(3)
    return seen


def test_a_failing_hook_hides_neither_the_output_nor_the_first_error() -> None:
    torch = pytest.importorskip("torch")
    assert failing_hooks(pluggrad) == failing_hooks(torch) == [3]


def test_no_backward_hook_where_the_gradient_comes_by_another_way() -> None:
    class Dict(nn.Module):
        def forward(self, x: Any) -> Any:
            return {"y": x * 2}

    module, seen = Dict(), []
    module.register_full_backward_hook(lambda m, grad_input, grad_output: seen.append(grad_output))
    x = tensor(1.0).requires_grad_()
    module(x)["y"].backward()
    assert not seen and x.grad.item() == 2.0
