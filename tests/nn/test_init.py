"""Initial values: bounds and moments, compared with PyTorch's formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest

import pluggrad
from pluggrad.nn import init

torch = pytest.importorskip("torch")

SHAPE = (40, 30, 3, 3)
FAN_IN, FAN_OUT = 30 * 9, 40 * 9


def values(name: str, *args: object, **options: object) -> np.ndarray:
    x = pluggrad.empty(SHAPE)
    pluggrad.manual_seed(0)
    assert getattr(init, name)(x, *args, **options) is x
    return np.asarray(x.tolist())


@pytest.mark.parametrize(
    ("name", "options", "bound"),
    [
        ("uniform_", {"a": -2.0, "b": 2.0}, 2.0),
        ("xavier_uniform_", {}, math.sqrt(6 / (FAN_IN + FAN_OUT))),
        ("xavier_uniform_", {"gain": 2.0}, 2 * math.sqrt(6 / (FAN_IN + FAN_OUT))),
        ("kaiming_uniform_", {}, math.sqrt(2) * math.sqrt(3 / FAN_IN)),
        ("kaiming_uniform_", {"a": math.sqrt(5)}, 1 / math.sqrt(FAN_IN)),
        ("kaiming_uniform_", {"mode": "fan_out", "nonlinearity": "relu"}, math.sqrt(2) * math.sqrt(3 / FAN_OUT)),
    ],
)
def test_uniform(name: str, options: dict[str, object], bound: float) -> None:
    x = values(name, **options)
    assert abs(x).max() <= bound * (1 + 1e-6)
    assert abs(x).max() == pytest.approx(bound, rel=1e-2)
    assert x.mean() == pytest.approx(0, abs=0.05 * bound)
    assert x.std() == pytest.approx(bound / math.sqrt(3), rel=2e-2)


@pytest.mark.parametrize(
    ("name", "options", "mean", "std"),
    [
        ("normal_", {"mean": 3.0, "std": 0.5}, 3.0, 0.5),
        ("xavier_normal_", {}, 0.0, math.sqrt(2 / (FAN_IN + FAN_OUT))),
        ("kaiming_normal_", {}, 0.0, math.sqrt(2 / FAN_IN)),
        ("kaiming_normal_", {"mode": "fan_out", "nonlinearity": "tanh"}, 0.0, 5 / 3 / math.sqrt(FAN_OUT)),
    ],
)
def test_normal(name: str, options: dict[str, object], mean: float, std: float) -> None:
    x = values(name, **options)
    assert x.mean() == pytest.approx(mean, abs=0.05 * std)
    assert x.std() == pytest.approx(std, rel=2e-2)


def test_constants() -> None:
    assert (values("constant_", 0.5) == 0.5).all()
    assert (values("ones_") == 1).all()
    assert (values("zeros_") == 0).all()


def test_parameters_are_written_off_the_record() -> None:
    p = pluggrad.nn.Parameter(pluggrad.zeros(2, 2))
    init.ones_(p)
    assert p.is_leaf
    assert p.requires_grad
    assert p.tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_a_generator_of_ones_own() -> None:
    g = pluggrad.Generator().manual_seed(3)
    a = init.normal_(pluggrad.empty(5), generator=g).tolist()
    g.manual_seed(3)
    assert init.normal_(pluggrad.empty(5), generator=g).tolist() == a


@pytest.mark.parametrize(
    "name", ["linear", "conv2d", "conv_transpose3d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"]
)
def test_gain(name: str) -> None:
    torch = pytest.importorskip("torch")
    assert init.calculate_gain(name) == torch.nn.init.calculate_gain(name)
    assert init.calculate_gain("leaky_relu", 0.2) == torch.nn.init.calculate_gain("leaky_relu", 0.2)


def test_mistakes() -> None:
    with pytest.raises(ValueError, match="Unsupported nonlinearity cube"):
        init.calculate_gain("cube")
    with pytest.raises(ValueError, match="negative_slope x not a valid number"):
        init.calculate_gain("leaky_relu", "x")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="Mode fan not supported"):
        init.kaiming_uniform_(pluggrad.empty(2, 2), mode="fan")
    with pytest.raises(ValueError, match="fewer than 2 dimensions"):
        init.xavier_uniform_(pluggrad.empty(3))
    with pytest.warns(UserWarning, match="zero-element tensors is a no-op"):
        init.kaiming_uniform_(pluggrad.empty(0, 3))


def test_truncated_normal_numbers() -> None:
    x = np.asarray(init.trunc_normal_(pluggrad.empty(100, 100), 0.5, 2.0, -1.0, 3.0).tolist()).reshape(-1)
    y = torch.nn.init.trunc_normal_(torch.empty(100, 100), 0.5, 2.0, -1.0, 3.0).numpy().reshape(-1)
    assert x.min() >= -1
    assert x.max() <= 3
    assert x.mean() == pytest.approx(y.mean(), abs=0.05)
    assert x.std() == pytest.approx(y.std(), rel=0.05)


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 2, 3)])
def test_orthogonal_rows_or_columns(shape: tuple[int, ...]) -> None:
    w = np.asarray(init.orthogonal_(pluggrad.empty(*shape, dtype=pluggrad.float64), 2.0).tolist())
    w = w.reshape(shape[0], -1)
    product = w @ w.T if w.shape[0] < w.shape[1] else w.T @ w
    np.testing.assert_allclose(product, np.eye(len(product)) * 4, atol=1e-12)


@pytest.mark.parametrize(("shape", "groups"), [((4, 2, 3), 2), ((3, 5, 3, 2), 1), ((2, 2, 1, 3, 3), 1)])
def test_dirac(shape: tuple[int, ...], groups: int) -> None:
    mine = init.dirac_(pluggrad.empty(*shape), groups)
    assert mine.tolist() == torch.nn.init.dirac_(torch.empty(*shape), groups).tolist()


def test_eye_and_sparse() -> None:
    assert init.eye_(pluggrad.empty(2, 3)).tolist() == [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    x = np.asarray(init.sparse_(pluggrad.empty(20, 7), 0.33).tolist())
    assert ((x == 0).sum(0) == 7).all()
    assert x[x != 0].std() == pytest.approx(0.01, rel=0.3)


@pytest.mark.parametrize("name", ["constant", "dirac", "eye", "normal", "orthogonal", "sparse", "xavier_uniform"])
def test_names_without_the_underscore_warn_as_in_pytorch(name: str) -> None:
    arguments = {"constant": (2.0,), "sparse": (0.5,)}.get(name, ())
    shape = (2, 3, 3) if name == "dirac" else (2, 3)
    for lib in (pluggrad, torch):
        with pytest.warns(FutureWarning, match=f"`nn.init.{name}` is now deprecated in favor of `nn.init.{name}_`"):
            x = getattr(lib.nn.init, name)(lib.empty(*shape), *arguments)
        assert tuple(x.shape) == shape


def test_numbers_of_inputs_and_outputs_under_pytorchs_names() -> None:
    torch = pytest.importorskip("torch")
    for shape in ((3, 2), (4, 3, 5), (4, 3, 2, 5)):
        found = []
        for lib in (pluggrad, torch):
            init, weight = lib.nn.init, lib.ones(*shape)
            found.append(
                [
                    init._calculate_fan_in_and_fan_out(weight),
                    *(init._calculate_correct_fan(weight, mode) for mode in ("fan_in", "fan_out")),
                ]
            )
        assert found[0] == found[1]
