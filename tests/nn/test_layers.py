"""Every layer against PyTorch's: signature, printing, initial values, state dict both ways, forward and gradients."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import pluggrad
from pluggrad import nn

torch = pytest.importorskip("torch")

#: What is called, and the shapes of its inputs; ints are class numbers below the number given.
Case = tuple[str, tuple[Any, ...]]

CASES: list[Case] = [
    ("Identity(3, unused=True)", ((2, 3),)),
    ("Linear(4, 3)", ((2, 4),)),
    ("Linear(4, 3, bias=False)", ((2, 5, 4),)),
    ("Flatten()", ((2, 3, 4),)),
    ("Flatten(0, 1)", ((2, 3, 4),)),
    ("Conv1d(2, 4, 3, stride=2)", ((2, 2, 9),)),
    ("Conv2d(2, 4, 3)", ((2, 2, 6, 5),)),
    ("Conv2d(2, 4, (3, 2), stride=2, padding=(1, 0), dilation=(1, 2), groups=2, bias=False)", ((2, 2, 6, 5),)),
    ("Conv2d(2, 4, 3, padding='same')", ((2, 2, 6, 5),)),
    ("Conv2d(2, 4, 3, padding='valid')", ((2, 2, 6, 5),)),
    ("Conv2d(2, 4, 3, padding=1, padding_mode='reflect')", ((2, 2, 6, 5),)),
    ("Conv2d(2, 4, 3, padding=(2, 1), padding_mode='circular')", ((2, 2, 6, 5),)),
    ("Conv1d(2, 4, 4, padding='same', padding_mode='replicate')", ((2, 2, 9),)),
    ("Conv3d(2, 3, 2, padding=1)", ((1, 2, 3, 4, 3),)),
    ("MaxPool1d(2)", ((2, 3, 7),)),
    ("MaxPool2d(3, stride=2, padding=1, ceil_mode=True)", ((2, 3, 6, 7),)),
    ("MaxPool2d((2, 3))", ((2, 3, 6, 7),)),
    ("MaxPool3d(2, dilation=2)", ((1, 2, 5, 4, 4),)),
    ("AvgPool1d(3, padding=1)", ((2, 3, 7),)),
    ("AvgPool2d(2)", ((2, 3, 6, 7),)),
    ("AvgPool2d(3, 2, 1, True, False)", ((2, 3, 6, 7),)),
    ("AvgPool2d(2, divisor_override=3)", ((2, 3, 6, 7),)),
    ("AvgPool3d(2)", ((1, 2, 4, 4, 5),)),
    ("ReLU()", ((2, 3),)),
    ("ReLU(inplace=True)", ((2, 3),)),
    ("LeakyReLU()", ((2, 3),)),
    ("LeakyReLU(0.2, inplace=True)", ((2, 3),)),
    ("ELU(0.5)", ((2, 3),)),
    ("GELU()", ((2, 3),)),
    ("GELU(approximate='tanh')", ((2, 3),)),
    ("SiLU()", ((2, 3),)),
    ("Tanh()", ((2, 3),)),
    ("Sigmoid()", ((2, 3),)),
    ("LogSigmoid()", ((2, 3),)),
    ("Softplus(beta=2.0)", ((2, 3),)),
    ("Softmax(dim=1)", ((2, 3),)),
    ("Softmin(dim=0)", ((2, 3),)),
    ("LogSoftmax(dim=-1)", ((2, 3),)),
    ("Dropout(0.0)", ((2, 3),)),
    ("Dropout(1.0, inplace=True)", ((2, 3),)),
    ("BatchNorm1d(3)", ((4, 3),)),
    ("BatchNorm1d(3, momentum=None)", ((4, 3, 2),)),
    ("BatchNorm2d(3, eps=1e-3, momentum=0.3)", ((2, 3, 4, 5),)),
    ("BatchNorm2d(3, affine=False)", ((2, 3, 4, 5),)),
    ("BatchNorm2d(3, track_running_stats=False)", ((2, 3, 4, 5),)),
    ("BatchNorm2d(3, bias=False)", ((2, 3, 4, 5),)),
    ("BatchNorm3d(2)", ((2, 2, 3, 2, 2),)),
    ("LayerNorm(4)", ((2, 3, 4),)),
    ("LayerNorm((3, 4), elementwise_affine=False)", ((2, 3, 4),)),
    ("LayerNorm([3, 4], bias=False, eps=1e-3)", ((2, 3, 4),)),
    ("Embedding(7, 3)", (7,)),
    ("Embedding(7, 3, padding_idx=-2)", (7,)),
    ("Embedding(7, 3, max_norm=1.0, scale_grad_by_freq=True)", (7,)),
    ("MSELoss()", ((2, 3), (2, 3))),
    ("MSELoss(reduction='sum')", ((2, 3), (2, 3))),
    ("L1Loss(reduction='none')", ((2, 3), (2, 3))),
    ("BCEWithLogitsLoss()", ((2, 3), (2, 3))),
    ("CrossEntropyLoss()", ((5, 3), 3)),
    ("CrossEntropyLoss(ignore_index=1, label_smoothing=0.1, reduction='sum')", ((5, 3), 3)),
    ("CrossEntropyLoss()", ((5, 3), (5, 3))),
    ("NLLLoss(reduction='none')", ((5, 3), 3)),
]
#: Modules without a case of their own above, and why.
ELSEWHERE = {"Module", "Sequential", "ModuleList", "ModuleDict", "BCELoss"}


def build(namespace: Any, call: str) -> Any:
    return eval(f"namespace.{call}", {"namespace": namespace})


def state_of(module: Any) -> dict[str, np.ndarray]:
    return {k: np.asarray(v.detach().tolist()) for k, v in module.state_dict().items()}


def test_every_module_is_compared() -> None:
    compared = {call.partition("(")[0] for call, _ in CASES}
    modules = {name for name in nn.modules.__all__ if inspect.isclass(getattr(nn, name))}
    assert modules - compared == ELSEWHERE


@pytest.mark.parametrize("name", nn.modules.__all__)
def test_signature(name: str) -> None:
    def arguments(cls: Any) -> list[Any]:
        return [(p.name, p.kind, p.default) for p in inspect.signature(cls).parameters.values()]

    mine, yours = arguments(getattr(nn, name)), arguments(getattr(torch.nn, name))
    if name not in ("Module", "Sequential"):  # of any arguments, in both
        assert mine == yours


@pytest.mark.parametrize("call", [call for call, _ in CASES])
def test_printing(call: str) -> None:
    assert repr(build(nn, call)) == repr(build(torch.nn, call))


@pytest.mark.parametrize("call", [call for call, _ in CASES])
def test_state_has_the_same_keys_and_shapes(call: str) -> None:
    mine, yours = build(nn, call).state_dict(), build(torch.nn, call).state_dict()
    assert [(k, tuple(v.shape), v.dtype.name) for k, v in mine.items()] == [
        (k, tuple(v.shape), str(v.dtype)[6:]) for k, v in yours.items()
    ]
    assert dict(mine._metadata) == dict(yours._metadata)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("call", "inputs"), CASES)
def test_forward_and_gradients(call: str, inputs: tuple[Any, ...], training: bool) -> None:
    rng = np.random.default_rng(0)
    mine, yours = build(nn, call).double().train(training), build(torch.nn, call).double().train(training)
    mine.load_state_dict(yours.state_dict())
    arrays = [rng.integers(0, i, (5,)) if isinstance(i, int) else rng.normal(size=i) for i in inputs]
    xs = [pluggrad.tensor(a).to(pluggrad.get_default_device()) for a in arrays]
    ts = [torch.tensor(a) for a in arrays]
    mine.to(pluggrad.get_default_device())
    for group in (xs, ts):
        group[0].requires_grad_(group[0].dtype in (pluggrad.float64, torch.float64))
    # A computed value, for layers that work in place.
    (x, *xs_), (t, *ts_) = xs, ts
    out = mine(x * 1 if x.requires_grad else x, *xs_)
    expected = yours(t * 1 if t.requires_grad else t, *ts_)
    np.testing.assert_allclose(np.asarray(out.detach().tolist()), expected.detach().numpy(), rtol=1e-10, atol=1e-12)
    if not expected.requires_grad:
        assert not out.requires_grad
        return
    (out * out).sum().backward()
    (expected * expected).sum().backward()
    pairs = [(x.grad, t.grad), *((p.grad, q.grad) for p, q in zip(mine.parameters(), yours.parameters(), strict=True))]
    for g, h in pairs:
        assert (g is None) == (h is None)
        if h is not None:
            np.testing.assert_allclose(np.asarray(g.tolist()), h.numpy(), rtol=1e-9, atol=1e-10)
    for (name, buffer), other in zip(mine.named_buffers(), yours.buffers(), strict=True):
        np.testing.assert_allclose(np.asarray(buffer.tolist()), other.numpy(), rtol=1e-10, err_msg=name)


def test_bce_loss() -> None:
    p, t = np.array([0.2, 0.9]), np.array([0.0, 1.0])
    mine = nn.BCELoss(reduction="sum")(pluggrad.tensor(p), pluggrad.tensor(t))
    assert mine.item() == pytest.approx(torch.nn.BCELoss(reduction="sum")(torch.tensor(p), torch.tensor(t)).item())


@pytest.mark.parametrize("name", ["NLLLoss", "CrossEntropyLoss", "BCEWithLogitsLoss"])
def test_weights_of_losses_are_buffers(name: str) -> None:
    loss = getattr(nn, name)(weight=pluggrad.tensor([1.0, 2.0]))
    assert list(loss.state_dict()) == list(getattr(torch.nn, name)(weight=torch.tensor([1.0, 2.0])).state_dict())
    assert loss.double().weight.dtype is pluggrad.float64


@pytest.mark.parametrize("call", [call for call, _ in CASES if "Loss" not in call])
def test_state_dict_to_pytorch_and_back(call: str) -> None:
    mine, yours = build(nn, call), build(torch.nn, call)
    # There: PyTorch takes NumPy arrays through from_numpy.
    yours.load_state_dict({k: torch.from_numpy(v.detach().cpu().numpy().copy()) for k, v in mine.state_dict().items()})
    for k, v in state_of(mine).items():
        assert (state_of(yours)[k] == v).all()
    # And back: PyTorch's tensors as they are.
    with torch.no_grad():
        for p in yours.parameters():
            p.add_(1.0)
    assert repr(mine.load_state_dict(yours.state_dict())) == "<All keys matched successfully>"
    for k, v in state_of(yours).items():
        assert (state_of(mine)[k] == v).all()


WEIGHTED = [
    "Linear(40, 50)",
    "Conv1d(6, 8, 9)",
    "Conv2d(8, 9, 4, groups=1)",
    "Conv2d(8, 12, 5, groups=4)",
    "Embedding(60, 40)",
]


@pytest.mark.parametrize("call", WEIGHTED)
def test_initial_values_are_drawn_from_the_same_distribution(call: str) -> None:
    pluggrad.manual_seed(0)
    torch.manual_seed(0)
    mine, yours = state_of(build(nn, call)), state_of(build(torch.nn, call))
    for name, y in yours.items():
        x = mine[name]
        if "Embedding" in call:
            assert abs(x.mean()) < 0.1
            assert x.std() == pytest.approx(1.0, abs=0.05)
            continue
        bound = max(abs(x).max(), abs(y).max())
        fan_in = np.prod(yours["weight"].shape[1:])
        assert bound <= 1 / np.sqrt(fan_in)
        if x.size > 200:
            assert abs(x).max() == pytest.approx(1 / np.sqrt(fan_in), rel=0.05)
            assert x.std() == pytest.approx(y.std(), rel=0.1)


def test_embedding_with_padding_starts_at_zero() -> None:
    layer = nn.Embedding(5, 3, padding_idx=2)
    assert layer.weight[2].tolist() == [0.0, 0.0, 0.0]
    assert layer.weight.requires_grad


def test_embedding_from_pretrained() -> None:
    table = pluggrad.tensor([[1.0, 2.0], [3.0, 4.0]])
    layer = nn.Embedding.from_pretrained(table)
    assert not layer.weight.requires_grad
    assert layer(pluggrad.tensor(1)).tolist() == [3.0, 4.0]
    with pytest.raises(ValueError, match="expected to be 2-dimensional"):
        nn.Embedding.from_pretrained(pluggrad.zeros(3))


def test_dropout_follows_the_mode() -> None:
    layer, x = nn.Dropout(0.5), pluggrad.ones(1000)
    assert 350 < (layer(x) == 0).sum().item() < 650
    assert layer.eval()(x).tolist() == x.tolist()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("Conv2d(3, 4, 3, groups=2)", "in_channels must be divisible by groups"),
        ("Conv2d(4, 3, 3, groups=2)", "out_channels must be divisible by groups"),
        ("Conv2d(4, 3, 3, groups=0)", "groups must be a positive integer"),
        ("Conv2d(4, 3, 3, padding_mode='mirror')", "padding_mode must be one of"),
        ("Conv2d(4, 3, 3, padding='full')", "Invalid padding string 'full'"),
        ("Conv2d(4, 3, 3, padding='same', stride=2)", "padding='same' is not supported for strided"),
        ("Conv2d(4, 3, (3, 3, 3))", "Conv2d: kernel_size must be one int or 2 ints"),
        ("Dropout(1.5)", "dropout probability has to be between 0 and 1, but got 1.5"),
        ("Embedding(3, 2, padding_idx=3)", "padding_idx must be within num_embeddings"),
    ],
)
def test_wrong_arguments(call: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build(nn, call)


def test_wrong_inputs_name_what_was_expected() -> None:
    with pytest.raises(ValueError, match="expected 4D input .got 3D input"):
        nn.BatchNorm2d(3)(pluggrad.zeros(2, 3, 4))
    with pytest.raises(ValueError, match="Expected more than 1 value per channel when training"):
        nn.BatchNorm1d(3)(pluggrad.zeros(1, 3))
    with pytest.raises(RuntimeError, match=r"linear: input of shape \(2, 3\) and weight of shape \(5, 4\) do not fit"):
        nn.Linear(4, 5)(pluggrad.zeros(2, 3))


def test_softmax_without_an_axis_warns() -> None:
    with pytest.warns(UserWarning, match="Implicit dimension choice for Softmax"):
        assert nn.Softmax()(pluggrad.zeros(2, 4)).tolist() == [[0.25] * 4] * 2
