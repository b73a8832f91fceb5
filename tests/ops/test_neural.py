"""Functions of neural networks against PyTorch: values and gradients; NumPy kernels against the composed forwards."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import pluggrad
import pluggrad.nn.functional as F
from pluggrad.function import functions
from pluggrad.testing.samples import samples_of

torch = pytest.importorskip("torch")
TF = torch.nn.functional

TOLERANCE = {"float32": 2e-5, "float64": 1e-11}


def ours(array: Any, requires_grad: bool = False) -> pluggrad.Tensor:
    x = pluggrad.tensor(array, device=pluggrad.get_default_device())
    return x.requires_grad_() if requires_grad and x.dtype.is_differentiable else x


def theirs(array: Any, requires_grad: bool = False) -> Any:
    x = torch.tensor(array)
    return x.requires_grad_() if requires_grad and x.is_floating_point() else x


def host(x: pluggrad.Tensor) -> np.ndarray:
    return np.asarray(x.detach().tolist(), dtype=x.dtype.name).reshape(tuple(x.shape))


def close(x: pluggrad.Tensor, y: Any, dtype: str = "float64") -> None:
    assert tuple(x.shape) == tuple(y.shape)
    assert x.dtype.name == str(y.dtype).removeprefix("torch.")
    np.testing.assert_allclose(host(x), y.detach().numpy(), rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


def agree(f: Callable[..., Any], g: Callable[..., Any], *arrays: Any, no_grad: tuple[int, ...] = ()) -> None:
    """Both functions give the same values and, for a weighted sum of these, the same gradients."""
    dtype = next(a.dtype.name for a in arrays if a is not None and a.dtype.kind == "f")
    mine = [None if a is None else ours(a, i not in no_grad) for i, a in enumerate(arrays)]
    yours = [None if a is None else theirs(a, i not in no_grad) for i, a in enumerate(arrays)]
    x, y = f(*mine), g(*yours)
    close(x, y, dtype)
    weights = np.cos(np.arange(y.numel())).reshape(tuple(y.shape)).astype(dtype)
    (x * ours(weights)).sum().backward()
    (y * torch.tensor(weights)).sum().backward()
    for a, b in zip(mine, yours, strict=True):
        if b is not None and b.requires_grad:
            assert (a.grad is None) == (b.grad is None)
            if b.grad is not None:
                close(a.grad, b.grad, dtype)


def draw(*shape: int, dtype: str = "float64", seed: int = 0, low: float = -2.0, high: float = 2.0) -> np.ndarray:
    return np.asarray(np.random.default_rng(seed).uniform(low, high, shape)).astype(dtype)


def classes(*shape: int, count: int, seed: int = 1) -> np.ndarray:
    return np.asarray(np.random.default_rng(seed).integers(0, count, shape))


both = pytest.mark.parametrize("dtype", ["float32", "float64"])


# -- activations, softmax ----------------------------------------------------------------------------------

ACTIVATIONS: list[Any] = [
    ("relu", {}),
    ("leaky_relu", {}),
    ("leaky_relu", {"negative_slope": 0.3}),
    ("leaky_relu", {"negative_slope": -0.5}),
    ("elu", {}),
    ("elu", {"alpha": 0.7}),
    ("gelu", {}),
    ("gelu", {"approximate": "tanh"}),
    ("silu", {}),
    ("softplus", {}),
    ("softplus", {"beta": 2.0, "threshold": 1.0}),
    ("logsigmoid", {}),
    ("sigmoid", {}),
    ("tanh", {}),
]


@both
@pytest.mark.parametrize(("name", "options"), ACTIVATIONS)
@pytest.mark.parametrize("shape", [(), (3, 4), (0, 2), (20000,)])
def test_activation(name: str, options: dict[str, Any], shape: tuple[int, ...], dtype: str) -> None:
    x = draw(*shape, dtype=dtype, low=-6.0, high=6.0)
    agree(lambda t: getattr(F, name)(t, **options), lambda t: getattr(TF, name)(t, **options), x)


@pytest.mark.parametrize(("name", "options"), ACTIVATIONS)
def test_activation_at_kinks_and_far_out(name: str, options: dict[str, Any]) -> None:
    x = np.array([0.0, -0.0, 100.0, -100.0, 800.0, -800.0])
    if name == "leaky_relu" and options.get("negative_slope", 0) < 0:
        x = x[2:]
    agree(lambda t: getattr(F, name)(t, **options), lambda t: getattr(TF, name)(t, **options), x)


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "silu"])
def test_activation_in_place(name: str) -> None:
    x = ours(draw(5), requires_grad=True)
    y = x * 2.0
    z = getattr(F, name)(y, inplace=True)
    assert z is y
    z.sum().backward()
    t = theirs(draw(5), requires_grad=True)
    getattr(TF, name)(t * 2.0).sum().backward()
    close(x.grad, t.grad)


def test_gelu_refuses_an_unknown_approximation() -> None:
    with pytest.raises(ValueError, match="approximate must be 'none' or 'tanh', got 'erf'"):
        F.gelu(ours(draw(2)), approximate="erf")


@both
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmin"])
@pytest.mark.parametrize(("shape", "dim"), [((3, 4), 1), ((3, 4), 0), ((2, 3, 4), -2), ((5,), 0), ((), 0), ((), -1)])
def test_softmax(name: str, shape: tuple[int, ...], dim: int, dtype: str) -> None:
    agree(lambda t: getattr(F, name)(t, dim=dim), lambda t: getattr(TF, name)(t, dim=dim), draw(*shape, dtype=dtype))


def test_softmax_does_not_overflow() -> None:
    x = np.array([[1000.0, 1000.0, -1000.0], [-1e30, 0.0, 1.0]])
    agree(lambda t: F.softmax(t, 1), lambda t: TF.softmax(t, 1), x)
    agree(lambda t: F.log_softmax(t, 1), lambda t: TF.log_softmax(t, 1), x)


def test_softmax_casts_and_names_its_arguments() -> None:
    x = ours(draw(2, 3, dtype="float32"))
    assert pluggrad.softmax(x, 1, pluggrad.float64).dtype is pluggrad.float64
    assert host(pluggrad.softmax(x, axis=1)).tolist() == host(pluggrad.softmax(x, dim=1)).tolist()
    with pytest.warns(UserWarning, match="Implicit dimension choice for softmax"):
        assert host(F.softmax(x)).tolist() == host(F.softmax(x, 1)).tolist()
    with pytest.raises(IndexError, match="axis 2 is out of range"):
        F.softmax(x, 2)


# -- linear, embedding, dropout ------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 3, 4), (2, 0, 4), (0, 4)])
@pytest.mark.parametrize("bias", [True, False])
def test_linear(shape: tuple[int, ...], bias: bool, dtype: str) -> None:
    w, b = draw(5, 4, dtype=dtype, seed=1), draw(5, dtype=dtype, seed=2) if bias else None
    agree(F.linear, TF.linear, draw(*shape, dtype=dtype), w, b)


def test_linear_is_one_node() -> None:
    out = F.linear(ours(draw(2, 4), True), ours(draw(5, 4), True), ours(draw(5), True))
    assert out.grad_fn is not None
    assert [type(parent).__name__ for parent, _ in out.grad_fn.next_functions] == ["Leaf"] * 3


def test_linear_names_shapes_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match=r"input of shape \(2, 3\) and weight of shape \(5, 4\) do not fit"):
        F.linear(ours(draw(2, 3)), ours(draw(5, 4)))
    with pytest.raises(RuntimeError, match=r"bias must have shape \(5,\), got \(4,\)"):
        F.linear(ours(draw(2, 4)), ours(draw(5, 4)), ours(draw(4)))


@both
@pytest.mark.parametrize("shape", [(), (4,), (2, 3), (0,)])
@pytest.mark.parametrize("padding_idx", [None, 1, -1])
@pytest.mark.parametrize("scale", [False, True])
def test_embedding(shape: tuple[int, ...], padding_idx: int | None, scale: bool, dtype: str) -> None:
    numbers = classes(*shape, count=4)
    options = {"padding_idx": padding_idx, "scale_grad_by_freq": scale}
    if numbers.size == 0:  # PyTorch: all gradients 0; here too, but it has no backward for an empty sum of rows
        assert F.embedding(ours(numbers), ours(draw(4, 3, dtype=dtype)), **options).shape == (0, 3)
        return
    agree(
        lambda w: F.embedding(ours(numbers), w, **options),
        lambda w: TF.embedding(theirs(numbers), w, **options),
        draw(4, 3, dtype=dtype),
    )


@pytest.mark.parametrize("norm", [2.0, 1.0, float("inf")])
def test_embedding_scales_long_rows_down_in_place(norm: float) -> None:
    table, numbers = draw(6, 3, high=5.0), np.array([0, 2, 2, 5])
    mine, yours = ours(table), theirs(table)
    close(
        F.embedding(ours(numbers), mine, max_norm=1.5, norm_type=norm),
        TF.embedding(theirs(numbers), yours, max_norm=1.5, norm_type=norm),
    )
    close(mine, yours)


def test_embedding_errors() -> None:
    table = ours(draw(4, 3))
    with pytest.raises(IndexError, match=r"index out of range in self: 4 is not in \[0, 4\)"):
        F.embedding(ours(np.array([0, 4])), table)
    with pytest.raises(IndexError, match="-1 is not in"):
        F.embedding(ours(np.array([-1])), table)
    with pytest.raises(TypeError, match="integer dtype, got float64"):
        F.embedding(ours(np.array([1.0])), table)
    with pytest.raises(AssertionError, match="padding_idx 4 must be within the 4 rows"):
        F.embedding(ours(np.array([1])), table, padding_idx=4)


@both
def test_dropout_scales_what_it_leaves(dtype: str) -> None:
    pluggrad.manual_seed(0)
    x = ours(np.ones((100, 100), dtype), requires_grad=True)
    y = F.dropout(x, 0.25)
    kept = host(y) != 0
    assert 0.73 < kept.mean() < 0.77
    np.testing.assert_allclose(host(y)[kept], 1 / 0.75, rtol=1e-6)
    y.sum().backward()
    assert x.grad is not None
    assert (host(x.grad) == host(y)).all()
    assert y.dtype is x.dtype


def test_dropout_edges() -> None:
    x = ours(draw(5))
    assert F.dropout(x, 0.0) is x
    assert F.dropout(x, 0.7, training=False) is x
    assert host(F.dropout(x, 1.0)).tolist() == [0.0] * 5
    with pytest.raises(ValueError, match="between 0 and 1, but got 1.5"):
        F.dropout(x, 1.5)
    y = x.clone()
    assert F.dropout(y, 0.5, inplace=True) is y
    seeds = []
    for _ in range(2):
        pluggrad.manual_seed(5)
        seeds.append(host(F.dropout(ours(np.ones(50)), 0.5)).tolist())
    assert seeds[0] == seeds[1]


# -- convolution ---------------------------------------------------------------------------------------------


@st.composite
def convolutions(draw_: Any, n: int) -> dict[str, Any]:
    ints = lambda low, high: st.lists(st.integers(low, high), min_size=n, max_size=n).map(tuple)  # noqa: E731
    groups = draw_(st.sampled_from([1, 1, 2, 3]))
    case = {
        "kernel": draw_(ints(1, 3)),
        "stride": draw_(ints(1, 3)),
        "padding": draw_(ints(0, 2)),
        "dilation": draw_(ints(1, 2)),
        "groups": groups,
        "size": draw_(ints(1, 6 if n < 3 else 4)),
        "batch": draw_(st.integers(0, 3)),
        "inputs": groups * draw_(st.integers(1, 2)),
        "outputs": groups * draw_(st.integers(1, 2)),
        "bias": draw_(st.booleans()),
    }
    reach = [
        s + 2 * p - d * (k - 1)
        for s, p, d, k in zip(case["size"], case["padding"], case["dilation"], case["kernel"], strict=True)
    ]
    assume(min(reach) >= 1)
    return case


def _check_convolution(n: int, case: dict[str, Any], dtype: str) -> None:
    x = draw(case["batch"], case["inputs"], *case["size"], dtype=dtype)
    w = draw(case["outputs"], case["inputs"] // case["groups"], *case["kernel"], dtype=dtype, seed=1)
    b = draw(case["outputs"], dtype=dtype, seed=2) if case["bias"] else None
    options = {k: case[k] for k in ("stride", "padding", "dilation", "groups")}
    name = f"conv{n}d"
    agree(lambda *a: getattr(F, name)(*a, **options), lambda *a: getattr(TF, name)(*a, **options), x, w, b)


@given(convolutions(1), st.sampled_from(["float32", "float64"]))
def test_conv1d(case: dict[str, Any], dtype: str) -> None:
    _check_convolution(1, case, dtype)


@given(convolutions(2), st.sampled_from(["float32", "float64"]))
def test_conv2d(case: dict[str, Any], dtype: str) -> None:
    _check_convolution(2, case, dtype)


@given(convolutions(3))
def test_conv3d(case: dict[str, Any]) -> None:
    _check_convolution(3, case, "float64")


def test_conv2d_of_several_blocks() -> None:
    """Images enough that their columns are made in several blocks, the last of which is not full."""
    x, w, b = (
        draw(7, 20, 40, 24, dtype="float32"),
        draw(8, 20, 3, 3, dtype="float32", seed=1),
        draw(8, dtype="float32", seed=2),
    )
    mine, yours = [ours(a, True) for a in (x, w, b)], [theirs(a, True) for a in (x, w, b)]
    u, v = F.conv2d(*mine, padding=1), TF.conv2d(*yours, padding=1)
    np.testing.assert_allclose(host(u), v.detach().numpy(), rtol=1e-4, atol=1e-4)
    u.square().sum().backward()
    v.square().sum().backward()
    for a, c in zip(mine, yours, strict=True):
        expected = c.grad.numpy()
        np.testing.assert_allclose(host(a.grad), expected, rtol=1e-4, atol=2e-5 * abs(expected).max())


@pytest.mark.parametrize("kernel", [(3, 3), (2, 4), (1, 1), (5, 2)])
@pytest.mark.parametrize("dilation", [1, 2])
def test_conv2d_same(kernel: tuple[int, int], dilation: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's word on even kernels
        agree(
            lambda *a: F.conv2d(*a, padding="same", dilation=dilation),
            lambda *a: TF.conv2d(*a, padding="same", dilation=dilation),
            draw(2, 3, 6, 5),
            draw(4, 3, *kernel, seed=1),
        )


def test_conv2d_without_batch_and_with_strided_input() -> None:
    agree(F.conv2d, TF.conv2d, draw(3, 6, 5), draw(4, 3, 2, 2, seed=1), draw(4, seed=2))
    agree(lambda x, w: F.conv2d(x.mT, w), lambda x, w: TF.conv2d(x.mT, w), draw(2, 3, 6, 5), draw(4, 3, 2, 2, seed=1))
    agree(lambda x, w: F.conv2d(x, w.mT), lambda x, w: TF.conv2d(x, w.mT), draw(2, 3, 6, 5), draw(4, 3, 2, 3, seed=1))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": (2, 4, 5, 5)}, r"expected input\[2, 4, 5, 5\] to have 3 channels, but got 4 channels"),
        ({"x": (5, 5)}, r"expected 4-D \(batched\) or 3-D \(unbatched\) input, got shape \(5, 5\)"),
        ({"w": (4, 3, 3)}, r"weight must have 4 axes"),
        ({"w": (4, 3, 7, 3)}, r"the kernel, of size \(7, 3\).* is larger than the input of size \(5, 5\)"),
        ({"b": (3,)}, r"bias must have shape \(4,\), got \(3,\)"),
        ({"groups": 3}, "groups must divide the 4 output channels, got 3"),
        ({"stride": 0}, "stride must be at least 1, got 0"),
        ({"stride": (1, 1, 1)}, "stride must be one int or 2 ints"),
        ({"padding": -1}, "padding must be at least 0"),
        ({"padding": "full"}, "padding must be 'valid', 'same', an int or ints, got 'full'"),
        ({"padding": "same", "stride": 2}, "padding='same' is not supported for strided convolutions"),
    ],
)
def test_conv2d_errors(change: dict[str, Any], message: str) -> None:
    given_ = {"x": (2, 3, 5, 5), "w": (4, 3, 3, 3), "b": (4,)} | change
    arrays = [ours(draw(*given_.pop(k))) for k in "xwb"]
    with pytest.raises(ValueError, match=message):
        F.conv2d(*arrays, **given_)


# -- pooling -------------------------------------------------------------------------------------------------


@st.composite
def poolings(draw_: Any, n: int) -> dict[str, Any]:
    ints = lambda low, high: st.lists(st.integers(low, high), min_size=n, max_size=n).map(tuple)  # noqa: E731
    kernel = draw_(ints(1, 4))
    case = {
        "kernel_size": kernel,
        "stride": draw_(st.none() | ints(1, 3)),
        "ceil_mode": draw_(st.booleans()),
        "padding": tuple(draw_(st.integers(0, k // 2)) for k in kernel),
        "dilation": draw_(ints(1, 2)),
        "size": draw_(ints(1, 7 if n < 3 else 4)),
        "include": draw_(st.booleans()),
        "divisor": draw_(st.none() | st.integers(1, 5)),
    }
    return case


def _fits(case: dict[str, Any], dilated: bool) -> bool:
    d = case["dilation"] if dilated else (1,) * len(case["kernel_size"])
    return all(
        s + 2 * p - e * (k - 1) >= 1
        for s, p, e, k in zip(case["size"], case["padding"], d, case["kernel_size"], strict=True)
    )


@pytest.mark.parametrize("n", [1, 2, 3])
@given(data=st.data())
def test_max_pool(n: int, data: Any) -> None:
    case = data.draw(poolings(n))
    assume(_fits(case, True))
    options = {k: case[k] for k in ("kernel_size", "stride", "padding", "dilation", "ceil_mode")}
    # Few different values: many ties, of which the first counts.
    x = np.round(draw(2, 3, *case["size"])) + 0.0
    name = f"max_pool{n}d"
    # Spread windows may miss the input; where PyTorch's gradient goes then is its own affair.
    assume(np.isfinite(getattr(TF, name)(theirs(x), **options).numpy()).all())
    agree(lambda t: getattr(F, name)(t, **options), lambda t: getattr(TF, name)(t, **options), x)
    out, indices = getattr(F, name)(ours(x), return_indices=True, **options)
    expected, where = getattr(TF, name)(theirs(x), return_indices=True, **options)
    close(out, expected)
    assert host(indices).tolist() == where.tolist()


def test_max_pool_of_nan_and_infinities() -> None:
    x = draw(1, 1, 4, 6)
    x[0, 0, 1, 1] = np.nan
    x[0, 0, 2:, 2:] = -np.inf
    x[0, 0, 0, 5] = np.inf
    agree(lambda t: F.max_pool2d(t, 2), lambda t: TF.max_pool2d(t, 2), x)
    agree(lambda t: F.max_pool2d(t, 3, 1), lambda t: TF.max_pool2d(t, 3, 1), x)


@pytest.mark.parametrize("n", [1, 2, 3])
@given(data=st.data())
def test_avg_pool(n: int, data: Any) -> None:
    case = data.draw(poolings(n))
    assume(_fits(case, False))
    # PyTorch's own limit, in three dimensions only: not even with padding may a window be larger than the input.
    assume(n < 3 or all(k <= s for k, s in zip(case["kernel_size"], case["size"], strict=True)))
    options = {k: case[k] for k in ("kernel_size", "stride", "padding", "ceil_mode")} | {
        "count_include_pad": case["include"]
    }
    if n > 1:
        options["divisor_override"] = case["divisor"]
    name = f"avg_pool{n}d"
    agree(
        lambda t: getattr(F, name)(t, **options), lambda t: getattr(TF, name)(t, **options), draw(2, 3, *case["size"])
    )


def test_pooling_without_batch_and_errors() -> None:
    agree(lambda t: F.max_pool2d(t, 2), lambda t: TF.max_pool2d(t, 2), draw(3, 4, 5))
    agree(lambda t: F.avg_pool2d(t, 2), lambda t: TF.avg_pool2d(t, 2), draw(3, 4, 5))
    with pytest.raises(ValueError, match="pad should be at most half of effective kernel size"):
        F.max_pool2d(ours(draw(1, 1, 4, 4)), 2, padding=2)
    with pytest.raises(RuntimeError, match=r"the window, of size \(5, 5\).* is larger than the input of size \(4, 4\)"):
        F.avg_pool2d(ours(draw(1, 1, 4, 4)), 5)
    with pytest.raises(ValueError, match="divisor must be not zero"):
        F.avg_pool2d(ours(draw(1, 1, 4, 4)), 2, divisor_override=0)


# -- losses --------------------------------------------------------------------------------------------------

reductions = pytest.mark.parametrize("reduction", ["none", "mean", "sum"])


@both
@reductions
@pytest.mark.parametrize("name", ["mse_loss", "l1_loss"])
@pytest.mark.parametrize("shape", [(), (3, 4)])
def test_difference(name: str, reduction: str, shape: tuple[int, ...], dtype: str) -> None:
    x, t = draw(*shape, dtype=dtype), draw(*shape, dtype=dtype, seed=1)
    agree(
        lambda *a: getattr(F, name)(*a, reduction=reduction),
        lambda *a: getattr(TF, name)(*a, reduction=reduction),
        x,
        t,
    )


@reductions
@pytest.mark.parametrize("name", ["mse_loss", "l1_loss"])
def test_difference_with_weights(name: str, reduction: str) -> None:
    w = draw(3, 4, seed=2, low=0.1)
    agree(
        lambda *a: getattr(F, name)(*a, reduction=reduction, weight=ours(w)),
        lambda *a: getattr(TF, name)(*a, reduction=reduction, weight=theirs(w)),
        draw(3, 4),
        draw(3, 4, seed=1),
    )


def test_difference_warns_of_broadcasting() -> None:
    with pytest.warns(UserWarning, match=r"target size \(\(3, 1\)\) that is different to the input size \(\(3, 4\)\)"):
        loss = F.mse_loss(ours(draw(3, 4)), ours(draw(3, 1)))
    assert loss.item() == pytest.approx(((draw(3, 4) - draw(3, 1)) ** 2).mean())
    with pytest.warns(UserWarning, match="target size"), pytest.raises(ValueError, match="do not broadcast"):
        F.mse_loss(ours(draw(3, 4)), ours(draw(2, 4)))


def test_an_unknown_reduction() -> None:
    with pytest.raises(ValueError, match="'max' is not a valid value for reduction; give 'none', 'mean' or 'sum'"):
        F.mse_loss(ours(draw(2)), ours(draw(2)), reduction="max")


def test_older_reduction_arguments() -> None:
    with pytest.warns(FutureWarning, match="use reduction='sum'"):
        loss = F.mse_loss(ours(draw(2)), ours(draw(2, seed=1)), size_average=False)
    assert loss.item() == pytest.approx(((draw(2) - draw(2, seed=1)) ** 2).sum())


@both
@reductions
@pytest.mark.parametrize("weighted", [False, True])
def test_binary_cross_entropy(reduction: str, weighted: bool, dtype: str) -> None:
    p, t = draw(3, 4, dtype=dtype, low=0.05, high=0.95), draw(3, 4, dtype=dtype, seed=1, low=0.0, high=1.0)
    w = draw(4, dtype=dtype, seed=2, low=0.1) if weighted else None
    agree(
        lambda x, y, v: F.binary_cross_entropy(x, y, v, reduction=reduction),
        lambda x, y, v: TF.binary_cross_entropy(x, y, v, reduction=reduction),
        p,
        t,
        w,
        no_grad=(2,),
    )


def test_binary_cross_entropy_of_certain_predictions() -> None:
    """Finite, right or wrong. In float32, which PyTorch's floor of the slope is given in."""
    p, t = np.array([0.0, 1.0, 0.0, 1.0], "float32"), np.array([0.0, 1.0, 1.0, 0.0], "float32")
    agree(
        lambda x: F.binary_cross_entropy(x, ours(t), reduction="none"),
        lambda x: TF.binary_cross_entropy(x, theirs(t), reduction="none"),
        p,
    )


def test_binary_cross_entropy_errors() -> None:
    with pytest.raises(RuntimeError, match="all elements of input should be between 0 and 1"):
        F.binary_cross_entropy(ours(np.array([0.5, 1.5])), ours(np.array([0.0, 1.0])))
    with pytest.raises(RuntimeError, match="all elements of input"):
        F.binary_cross_entropy(ours(np.array([0.5, np.nan])), ours(np.array([0.0, 1.0])))
    with pytest.raises(ValueError, match=r"target size \(\(3,\)\) must be the same as input size \(\(2,\)\)"):
        F.binary_cross_entropy(ours(draw(2)), ours(draw(3)))


@both
@reductions
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("positive", [False, True])
def test_binary_cross_entropy_with_logits(reduction: str, weighted: bool, positive: bool, dtype: str) -> None:
    x = draw(3, 4, dtype=dtype, low=-30.0, high=30.0)
    t = draw(3, 4, dtype=dtype, seed=1, low=0.0, high=1.0)
    w = draw(4, dtype=dtype, seed=2, low=0.1) if weighted else None
    p = draw(3, 1, dtype=dtype, seed=3, low=0.1) if positive else None
    agree(
        lambda a, b, c, d: F.binary_cross_entropy_with_logits(a, b, c, pos_weight=d, reduction=reduction),
        lambda a, b, c, d: TF.binary_cross_entropy_with_logits(a, b, c, pos_weight=d, reduction=reduction),
        x,
        t,
        w,
        p,
        no_grad=(2, 3),
    )


SHAPES = [((3,), ()), ((5, 3), (5,)), ((2, 3, 4), (2, 4)), ((2, 3, 2, 2), (2, 2, 2)), ((0, 3), (0,))]


@both
@reductions
@pytest.mark.parametrize(("shape", "target"), SHAPES)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ignore_index", [-100, 1])
def test_nll_loss(
    shape: tuple[int, ...], target: tuple[int, ...], weighted: bool, ignore_index: int, reduction: str, dtype: str
) -> None:
    t = classes(*target, count=3)
    w = draw(3, dtype=dtype, seed=2, low=0.1) if weighted else None
    options = {"ignore_index": ignore_index, "reduction": reduction}
    agree(
        lambda x: F.nll_loss(x, ours(t), None if w is None else ours(w), **options),
        lambda x: TF.nll_loss(x, theirs(t), None if w is None else theirs(w), **options),
        draw(*shape, dtype=dtype),
    )


#: Of no samples, smoothed: PyTorch divides 0 by 0 twice, and gives 0 for one of them.
SMOOTHED = [
    (*shapes, smoothing) for shapes in SHAPES for smoothing in (0.0, 0.1) if not (smoothing and shapes[0][0] == 0)
]


@both
@reductions
@pytest.mark.parametrize(("shape", "target", "smoothing"), SMOOTHED)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ignore_index", [-100, 1])
def test_cross_entropy(
    shape: tuple[int, ...],
    target: tuple[int, ...],
    smoothing: float,
    weighted: bool,
    ignore_index: int,
    reduction: str,
    dtype: str,
) -> None:
    t = classes(*target, count=3)
    w = draw(3, dtype=dtype, seed=2, low=0.1) if weighted else None
    options = {"ignore_index": ignore_index, "reduction": reduction, "label_smoothing": smoothing}
    agree(
        lambda x: F.cross_entropy(x, ours(t), None if w is None else ours(w), **options),
        lambda x: TF.cross_entropy(x, theirs(t), None if w is None else theirs(w), **options),
        draw(*shape, dtype=dtype, low=-20.0, high=20.0),
    )


@both
@reductions
@pytest.mark.parametrize("shape", [(3,), (5, 3), (2, 3, 4)])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_cross_entropy_with_probabilities(
    shape: tuple[int, ...], weighted: bool, smoothing: float, reduction: str, dtype: str
) -> None:
    w = draw(3, dtype=dtype, seed=2, low=0.1) if weighted else None
    options = {"reduction": reduction, "label_smoothing": smoothing}
    agree(
        lambda x, t: F.cross_entropy(x, t, None if w is None else ours(w), **options),
        lambda x, t: TF.cross_entropy(x, t, None if w is None else theirs(w), **options),
        draw(*shape, dtype=dtype),
        draw(*shape, dtype=dtype, seed=1, low=0.0, high=1.0),
    )


def test_cross_entropy_of_extreme_logits() -> None:
    x = np.array([[1000.0, 0.0, -1000.0], [-1e30, 0.0, 1.0]])
    t = np.array([2, 1])
    agree(lambda a: F.cross_entropy(a, ours(t)), lambda a: TF.cross_entropy(a, theirs(t)), x)


@pytest.mark.parametrize("function", [F.cross_entropy, F.nll_loss])
@pytest.mark.parametrize("wrong", [3, -1, 7])
def test_class_out_of_range(function: Any, wrong: int) -> None:
    with pytest.raises(IndexError, match=f"target {wrong} is out of bounds: there are 3 classes"):
        function(ours(draw(2, 3)), ours(np.array([0, wrong])))


def test_ignored_classes_may_be_out_of_range_others_not() -> None:
    x = ours(draw(3, 3))
    assert F.cross_entropy(x, ours(np.array([0, 255, 1])), ignore_index=255).isfinite().item()
    with pytest.raises(IndexError, match="target 254 is out of bounds"):
        F.cross_entropy(x, ours(np.array([0, 255, 254])), ignore_index=255)


@pytest.mark.parametrize(
    ("x", "target", "options", "error", "message"),
    [
        (
            (3, 4),
            np.zeros((4,), int),
            {},
            ValueError,
            r"expected target of shape \(3,\) for input of shape \(3, 4\), got \(4,\)",
        ),
        ((3, 4), np.zeros((3, 3)), {}, ValueError, r"floating point target of the input's shape \(3, 4\)"),
        ((), np.zeros((), int), {}, ValueError, "input must have a class axis"),
        (
            (3, 4),
            np.zeros(3, int),
            {"label_smoothing": 2.0},
            ValueError,
            "label_smoothing must be between 0.0 and 1.0. Got: 2.0",
        ),
        ((3, 4), np.zeros(3, bool), {}, TypeError, "expected target of an integer dtype, such as int64, got bool"),
    ],
)
def test_cross_entropy_errors(
    x: Any, target: Any, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        F.cross_entropy(ours(draw(*x)), ours(target), **options)


def test_cross_entropy_checks_the_weights() -> None:
    with pytest.raises(ValueError, match=r"weight must have one number for each of the 4 classes, got shape \(3,\)"):
        F.cross_entropy(ours(draw(2, 4)), ours(np.array([0, 1])), ours(draw(3)))


# -- normalisation -------------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize(
    ("shape", "normalized"), [((3, 4), (4,)), ((2, 3, 4), (4,)), ((2, 3, 4), (3, 4)), ((5,), (5,))]
)
@pytest.mark.parametrize("affine", ["", "w", "wb", "b"])
def test_layer_norm(shape: tuple[int, ...], normalized: tuple[int, ...], affine: str, dtype: str) -> None:
    w = draw(*normalized, dtype=dtype, seed=1) if "w" in affine else None
    b = draw(*normalized, dtype=dtype, seed=2) if "b" in affine else None
    agree(
        lambda x, v, c: F.layer_norm(x, normalized, v, c, eps=1e-3),
        lambda x, v, c: TF.layer_norm(x, normalized, v, c, eps=1e-3),
        draw(*shape, dtype=dtype),
        w,
        b,
    )


@both
@pytest.mark.parametrize("shape", [(5, 3), (4, 3, 2), (2, 3, 4, 5), (2, 3, 2, 2, 2)])
@pytest.mark.parametrize("affine", ["", "w", "wb"])
@pytest.mark.parametrize("training", [True, False])
def test_batch_norm(shape: tuple[int, ...], affine: str, training: bool, dtype: str) -> None:
    w = draw(3, dtype=dtype, seed=1) if "w" in affine else None
    b = draw(3, dtype=dtype, seed=2) if "b" in affine else None
    mean, var = draw(3, dtype=dtype, seed=3), draw(3, dtype=dtype, seed=4, low=0.5)
    mine, yours = (ours(mean), ours(var)), (theirs(mean), theirs(var))
    agree(
        lambda x, v, c: F.batch_norm(x, *mine, v, c, training=training, momentum=0.3),
        lambda x, v, c: TF.batch_norm(x, *yours, v, c, training=training, momentum=0.3),
        draw(*shape, dtype=dtype),
        w,
        b,
    )
    close(mine[0], yours[0], dtype)
    close(mine[1], yours[1], dtype)


def test_batch_norm_keeps_saved_statistics() -> None:
    """Moving the running statistics does not change what an earlier evaluation saved for its backward."""
    x = ours(draw(4, 3), requires_grad=True)
    mean, var = ours(draw(3, seed=1)), ours(draw(3, seed=2, low=0.5))
    y = F.batch_norm(x, mean, var)
    F.batch_norm(x.detach(), mean, var, training=True)
    y.sum().backward()
    np.testing.assert_allclose(host(x.grad), np.broadcast_to(1 / np.sqrt(draw(3, seed=2, low=0.5) + 1e-5), (4, 3)))


def test_normalisation_errors() -> None:
    with pytest.raises(ValueError, match=r"expected input with shape \[\*, 5\], but got input of size \[3, 4\]"):
        F.layer_norm(ours(draw(3, 4)), (5,))
    with pytest.raises(ValueError, match=r"weight must have shape \(4,\), got \(3,\)"):
        F.layer_norm(ours(draw(3, 4)), (4,), ours(draw(3)))
    with pytest.raises(ValueError, match="Expected more than 1 value per channel when training"):
        F.batch_norm(ours(draw(1, 3)), None, None, training=True)
    with pytest.raises(ValueError, match="expected running_mean and running_var to be given when training=False"):
        F.batch_norm(ours(draw(2, 3)), None, None)
    with pytest.raises(ValueError, match="bias must have one number for each of the 3 channels"):
        F.batch_norm(ours(draw(2, 3)), None, None, bias=ours(draw(2)), training=True)


# -- kernels ---------------------------------------------------------------------------------------------------

KERNELS = pytest.importorskip("pluggrad_numpy.kernels").KERNELS
NEURAL = sorted(
    name
    for name, f in functions().items()
    if f.forward is not None and f.forward.__module__.startswith("pluggrad.ops.neural") and name in KERNELS
)


def _arrays(name: str, i: int, dtype: str) -> list[np.ndarray]:
    arrays = []
    for seed, spec in enumerate(samples_of(name)[i].arrays):
        array = np.asarray(spec.values(seed))
        arrays.append(array.astype(dtype) if spec.floating else array)
    return arrays


@both
@pytest.mark.parametrize(("name", "i"), [(name, i) for name in NEURAL for i in range(len(samples_of(name)))])
def test_numpy_kernel_does_what_the_composed_forward_does(name: str, i: int, dtype: str) -> None:
    arrays, parameters = _arrays(name, i, dtype), samples_of(name)[i].parameters
    before = [a.copy() for a in arrays]
    fast = KERNELS[name](*arrays, **parameters)
    composed = functions()[name].forward(pluggrad.zeros(1, device="cpu")._type.kernels, *arrays, **parameters)  # type: ignore[misc]
    fast, composed = (a if isinstance(a, tuple) else (a,) for a in (fast, composed))
    assert len(fast) == len(composed)
    for x, y in zip(fast, composed, strict=True):
        assert x.shape == y.shape
        assert x.dtype == y.dtype
        np.testing.assert_allclose(x, y, rtol=3 * TOLERANCE[dtype], atol=3 * TOLERANCE[dtype])
    for x, y in zip(arrays, before, strict=True):
        assert (x == y).all(), "a kernel changed its input"


@pytest.mark.parametrize("name", [n for n in NEURAL if n not in ("nll_loss_input", "embedding")])
def test_numpy_kernel_in_float16(name: str) -> None:
    """The result is float16, and as exact as float16 is: sums are not made in it."""
    arrays, parameters = _arrays(name, 0, "float16"), samples_of(name)[0].parameters
    out = KERNELS[name](*arrays, **parameters)
    wide = KERNELS[name](*(a.astype(np.float64) if a.dtype.kind == "f" else a for a in arrays), **parameters)
    for x, y in zip(
        out if isinstance(out, tuple) else (out,), wide if isinstance(wide, tuple) else (wide,), strict=True
    ):
        assert x.dtype == np.float16
        np.testing.assert_allclose(x.astype(np.float64), y, rtol=4e-3, atol=4e-3)


# -- signatures ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", F.__all__)
def test_arguments_are_pytorchs(name: str) -> None:
    """Names and defaults, where PyTorch's can be read; those that stand behind are ours."""
    try:
        yours = [(p.name, p.default) for p in inspect.signature(getattr(TF, name)).parameters.values()]
    except ValueError:
        pytest.skip("written in C++: its arguments cannot be read")
    mine = [(p.name, p.default) for p in inspect.signature(getattr(F, name)).parameters.values()]
    if name in ("sigmoid", "tanh"):
        return  # the standard's functions, whose argument has no name to be called by
    if yours[0][0] == "args":
        pytest.skip("PyTorch decides by an argument which of two functions to call")
    if "softm" in name:  # _stacklevel is nobody's business, but may be given
        assert dict(yours).items() <= dict(mine).items()
        return
    assert mine == yours


def test_methods_of_tensors() -> None:
    x = ours(draw(2, 3))
    assert x.softmax(1).tolist() == F.softmax(x, 1).tolist()
    assert x.log_softmax(dim=0).tolist() == F.log_softmax(x, 0).tolist()
    assert x.softmax(-1, dtype=pluggrad.float32).dtype is pluggrad.float32
