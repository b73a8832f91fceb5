"""Module: attributes, names, modes, conversion. Where behaviour is PyTorch's, the same program runs on both."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

import pluggrad
from pluggrad import nn


class Net(nn.Module):
    """Parameters, buffers and submodules, one of them shared."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(2, 3)
        self.scale = nn.Parameter(pluggrad.ones(3))
        self.register_buffer("count", pluggrad.zeros(1))
        self.register_buffer("scratch", pluggrad.zeros(2), persistent=False)
        self.body = nn.Sequential(nn.ReLU(), nn.Linear(3, 1, bias=False))
        self.again = self.first

    def forward(self, x: Any) -> Any:
        return self.body(self.first(x) * self.scale)


# -- attributes ----------------------------------------------------------------------------------------------


def test_assignment_sorts_by_type() -> None:
    net = Net()
    assert list(net._parameters) == ["scale"]
    assert list(net._buffers) == ["count", "scratch"]
    assert list(net._modules) == ["first", "body", "again"]
    net.plain = 3
    assert net.__dict__["plain"] == 3
    net.marked = nn.Buffer(pluggrad.ones(2), persistent=False)
    assert "marked" in net._buffers
    assert "marked" not in net.state_dict()


def test_a_name_changes_its_kind() -> None:
    net = nn.Module()
    net.x = 1
    net.x = nn.Parameter(pluggrad.ones(1))
    assert "x" in net._parameters
    assert "x" not in net.__dict__
    net.x = nn.Linear(1, 1)
    assert "x" in net._modules
    assert "x" not in net._parameters
    net.register_buffer("b", pluggrad.ones(1))
    net.b = None
    assert net.b is None
    assert "b" in net._buffers
    net.b = pluggrad.zeros(2)
    assert net.state_dict()["b"].shape == (2,)
    del net.b
    assert not hasattr(net, "b")
    del net.x
    assert not list(net.modules())[1:]


def test_dir_and_missing_attributes() -> None:
    net = Net()
    assert {"first", "scale", "count", "forward"} <= set(dir(net))
    with pytest.raises(AttributeError, match="'Net' object has no attribute 'second'"):
        net.second  # noqa: B018


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda n: setattr(n, "scale", pluggrad.ones(3)), TypeError, "cannot assign 'Tensor' as parameter 'scale'"),
        (lambda n: setattr(n, "first", 3), TypeError, "cannot assign 'int' as child module 'first'"),
        (lambda n: setattr(n, "count", 3), TypeError, "cannot assign 'int' as buffer 'count'"),
        (
            lambda n: n.register_parameter("w", pluggrad.ones(1)),
            TypeError,
            "cannot assign 'Tensor' object to parameter 'w'",
        ),
        (lambda n: n.register_parameter("a.b", None), KeyError, "t contain"),
        (lambda n: n.register_parameter("", None), KeyError, "t be empty"),
        (lambda n: n.register_buffer("first", pluggrad.ones(1)), KeyError, "attribute 'first' already exists"),
        (lambda n: n.register_buffer("b", [1.0]), TypeError, "cannot assign 'list' object to buffer 'b'"),
        (lambda n: n.add_module("m", 3), TypeError, "int is not a Module subclass"),
        (lambda n: n.add_module("forward", nn.Identity()), KeyError, "attribute 'forward' already exists"),
        (lambda n: n.train("yes"), ValueError, "training mode is expected to be boolean"),
        (lambda n: n.get_submodule("body.7"), AttributeError, "Sequential has no attribute `7`"),
        (lambda n: n.get_submodule("count"), AttributeError, "`count` is not an nn.Module"),
        (lambda n: n.get_parameter("first.bia"), AttributeError, "Linear has no attribute `bia`"),
        (lambda n: n.get_buffer("scale"), AttributeError, "`scale` is not a buffer"),
        (lambda n: nn.Module()(1), NotImplementedError, 'missing the required "forward" function'),
        (lambda n: n.to(pluggrad.int64), TypeError, "only accepts floating point or complex dtypes"),
        (lambda n: nn.Module(3), TypeError, "unexpected arguments"),
    ],
)
def test_mistakes(change: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        change(Net())


def test_forgetting_to_call_init() -> None:
    class Wrong(nn.Module):
        def __init__(self) -> None:
            self.layer = nn.Linear(1, 1)

    with pytest.raises(AttributeError, match=r"cannot assign module before Module.__init__\(\) call"):
        Wrong()


def test_a_computed_tensor_is_no_parameter() -> None:
    net = nn.Module()
    computed = nn.Parameter(pluggrad.ones(1))
    computed._node = (pluggrad.ones(1, requires_grad=True) * 2)._node
    with pytest.raises(ValueError, match="Cannot assign non-leaf Tensor to parameter 'w'"):
        net.register_parameter("w", computed)


# -- names ---------------------------------------------------------------------------------------------------


def test_names_are_pytorchs() -> None:
    torch = pytest.importorskip("torch")

    class Same(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = torch.nn.Linear(2, 3)
            self.scale = torch.nn.Parameter(torch.ones(3))
            self.register_buffer("count", torch.zeros(1))
            self.register_buffer("scratch", torch.zeros(2), persistent=False)
            self.body = torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Linear(3, 1, bias=False))
            self.again = self.first

    mine, yours = Net(), Same()
    for method, options in (
        ("named_parameters", {}), ("named_parameters", {"prefix": "net"}), ("named_parameters", {"recurse": False}),
        ("named_parameters", {"remove_duplicate": False}), ("named_buffers", {}), ("named_buffers", {"recurse": False}),
        ("named_modules", {}), ("named_modules", {"remove_duplicate": False}), ("named_children", {}),
    ):  # fmt: skip
        a, b = getattr(mine, method)(**options), getattr(yours, method)(**options)
        assert [n for n, _ in a] == [n for n, _ in b], (method, options)
    for method in ("parameters", "buffers", "modules", "children"):
        assert len(list(getattr(mine, method)())) == len(list(getattr(yours, method)()))
    assert list(mine.state_dict()) == list(yours.state_dict())
    assert repr(mine).replace("Net", "Same") == repr(yours)


def test_by_dotted_name() -> None:
    net = Net()
    assert net.get_submodule("") is net
    assert net.get_submodule("body.1") is net.body[1]
    assert net.get_parameter("body.1.weight") is net.body[1].weight
    assert net.get_buffer("count") is net.count
    net.set_submodule("body.0", nn.GELU())
    assert isinstance(net.body[0], nn.GELU)
    with pytest.raises(ValueError, match="without a target name"):
        net.set_submodule("", nn.GELU())


# -- modes, gradients, functions -----------------------------------------------------------------------------


def test_train_and_eval_reach_all() -> None:
    net = Net()
    assert all(m.training for m in net.modules())
    assert net.eval() is net
    assert not any(m.training for m in net.modules())
    net.train()
    assert net.body[1].training


def test_zero_grad() -> None:
    net = Net()
    net(pluggrad.ones(4, 2)).sum().backward()
    net.zero_grad(set_to_none=False)
    assert all(p.grad is not None and p.grad.sum().item() == 0 for p in net.parameters())
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())


def test_requires_grad_and_apply() -> None:
    net = Net().requires_grad_(False)
    assert not any(p.requires_grad for p in net.parameters())
    assert not net(pluggrad.ones(1, 2)).requires_grad
    seen: list[str] = []
    assert net.apply(lambda m: seen.append(type(m).__name__)) is net
    assert seen == ["Linear", "ReLU", "Linear", "Sequential", "Net"]


# -- conversion ----------------------------------------------------------------------------------------------


def test_to_changes_the_values_and_keeps_the_objects() -> None:
    net = Net()
    before = list(net.parameters())
    net(pluggrad.ones(1, 2)).sum().backward()
    net.register_buffer("number", pluggrad.tensor(3))
    assert net.to(pluggrad.float64) is net
    assert [id(p) for p in net.parameters()] == [id(p) for p in before]
    assert all(p.dtype is pluggrad.float64 and p.grad is not None and p.grad.dtype is pluggrad.float64 for p in before)
    assert all(p.is_leaf and p.requires_grad for p in before)
    assert net.count.dtype is pluggrad.float64
    assert net.number.dtype is pluggrad.int64
    net(pluggrad.ones(1, 2, dtype=pluggrad.float64)).sum().backward()


@pytest.mark.parametrize(
    ("convert", "dtype"),
    [
        (lambda m: m.double(), pluggrad.float64),
        (lambda m: m.float(), pluggrad.float32),
        (lambda m: m.half(), pluggrad.float16),
        (lambda m: m.to("cpu", pluggrad.float64), pluggrad.float64),
        (lambda m: m.to(dtype=pluggrad.float64), pluggrad.float64),
        (lambda m: m.to(pluggrad.zeros(1, dtype=pluggrad.float64)), pluggrad.float64),
        (lambda m: m.to("cpu"), pluggrad.float32),
        (lambda m: m.cpu(), pluggrad.float32),
        (lambda m: m.type(pluggrad.float64), pluggrad.float64),
    ],
)
def test_conversions(convert: Any, dtype: pluggrad.dtype) -> None:
    with pluggrad.device("cpu"):
        assert convert(nn.Linear(2, 2)).weight.dtype is dtype


def test_to_another_device_and_back() -> None:
    pytest.importorskip("pluggrad_strict")
    net = nn.Linear(2, 2, device="cpu").to("strict")
    assert net.weight.device.type == "strict"
    out = net(pluggrad.ones(1, 2, device="strict"))
    out.sum().backward()
    assert net.weight.grad is not None
    assert net.weight.grad.device.type == "strict"
    net.to("cpu")
    assert net.weight.grad.device == "cpu"
    assert net.weight.is_leaf
    assert net.to_empty(device="strict").weight.shape == (2, 2)


def test_graphs_of_before_keep_their_values() -> None:
    layer = nn.Linear(2, 1, bias=False)
    x = pluggrad.ones(1, 2, requires_grad=True)
    expected = layer.weight.tolist()
    out = layer(x)
    layer.double()
    with pluggrad.no_grad():
        layer.weight.zero_()
    out.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == expected


# -- copying -------------------------------------------------------------------------------------------------


def test_deepcopy_is_independent() -> None:
    net = Net()
    other = copy.deepcopy(net)
    assert isinstance(other.scale, nn.Parameter)
    assert other.first is other.again  # shared in the copy, too
    with pluggrad.no_grad():
        other.scale.zero_()
    assert net.scale.tolist() == [1.0] * 3
    assert list(other.state_dict()) == list(net.state_dict())


def test_pickle() -> None:
    layer = nn.Linear(2, 3)
    layer.eval()
    other = pickle.loads(pickle.dumps(layer))
    assert isinstance(other.weight, nn.Parameter)
    assert other.weight.tolist() == layer.weight.tolist()
    assert not other.training
    assert other(pluggrad.ones(1, 2)).tolist() == layer(pluggrad.ones(1, 2)).tolist()


# -- Parameter, Buffer ---------------------------------------------------------------------------------------


def test_parameter() -> None:
    x = pluggrad.ones(2)
    p = nn.Parameter(x)
    assert p.requires_grad
    assert p.is_leaf
    assert isinstance(p, pluggrad.Tensor)
    assert type(p * 2) is pluggrad.Tensor
    x[0] = 5.0
    assert p.tolist() == [5.0, 1.0]  # shared memory
    assert repr(p).startswith("Parameter containing:\ntensor([5., 1.]")
    assert "requires_grad=True" in repr(p)
    assert not nn.Parameter(x, requires_grad=False).requires_grad
    assert nn.Parameter().shape == (0,)
    with pytest.raises(TypeError, match="is made from a tensor"):
        nn.Parameter([1.0])


def test_buffer() -> None:
    b = nn.Buffer(pluggrad.ones(2))
    assert isinstance(b, nn.Buffer)
    assert isinstance(b, pluggrad.Tensor)
    assert not isinstance(pluggrad.ones(2), nn.Buffer)
    assert not b.requires_grad


def test_compile_changes_nothing_and_sharing_memory_is_refused() -> None:
    layer, x = nn.Linear(2, 2), pluggrad.ones(1, 2)
    before = layer(x)
    assert layer.compile(mode="max-autotune") is None
    assert layer(x).tolist() == before.tolist()
    with pytest.raises(NotImplementedError, match="memory of this process"):
        layer.share_memory()


def test_errors_say_which_module_they_come_from_and_what_it_expects() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.ReLU(), nn.ModuleDict({"fc": nn.Linear(3, 4)})["fc"])
            self.loss = nn.CrossEntropyLoss()

        def forward(self, x: pluggrad.Tensor, y: pluggrad.Tensor) -> pluggrad.Tensor:
            return self.loss(self.body(x), y)

    net = Net()
    net.body.register_forward_hook(lambda m, args, out: None)
    with pytest.raises(RuntimeError, match="linear: input of shape") as caught:
        net(pluggrad.zeros(2, 5), pluggrad.zeros(2, dtype=pluggrad.int64))
    assert caught.value.__notes__ == ["in Linear(in_features=3, out_features=4, bias=True), 'body.1' of Net"]
    with pytest.raises(IndexError, match="target 7 is out of bounds") as caught:
        net(pluggrad.zeros(2, 3), pluggrad.tensor([0, 7]))
    assert caught.value.__notes__ == ["in CrossEntropyLoss(), 'loss' of Net"]
    with pytest.raises(RuntimeError, match="layer_norm: given normalized_shape=.5., expected") as caught:
        nn.LayerNorm(5)(pluggrad.zeros(2, 4))
    assert caught.value.__notes__ == ["in LayerNorm((5,), eps=1e-05, elementwise_affine=True, bias=True)"]


def test_arguments_for_another_base() -> None:
    torch = pytest.importorskip("torch")

    class Named:
        def __init__(self, name: str) -> None:
            self.name = name

    for lib in (pluggrad, torch):

        class Layer(lib.nn.Module, Named):  # type: ignore[misc, name-defined]
            call_super_init = True

        layer = Layer("one")
        assert layer.name == "one" and list(layer.parameters()) == []
