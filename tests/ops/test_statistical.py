"""Variance, norms, order statistics, histograms: against PyTorch and NumPy; errors by their message."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pluggrad
from pluggrad.errors import ArgumentError, AxisError, DTypeError, ShapeError

torch = pytest.importorskip("torch")

SHAPES = [(), (1,), (5,), (2, 3), (3, 1, 4)]
NAN, INF = float("nan"), float("inf")


def axes_of(ndim: int) -> list[Any]:
    return [None, *range(ndim), *range(-ndim, 0), *([(0, -1)] if ndim > 1 else [])]


CASES = [(shape, axis, keep) for shape in SHAPES for axis in axes_of(len(shape)) for keep in (False, True)]


# -- variance ------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:.*degrees of freedom")  # PyTorch's, for one value
@pytest.mark.parametrize(("shape", "axis", "keep"), CASES)
@pytest.mark.parametrize("name", ["var", "std"])
def test_variance(name: str, shape: tuple[int, ...], axis: Any, keep: bool, rng: Any, same_as_torch: Any) -> None:
    x = rng.normal(size=shape)
    ours, theirs = getattr(pluggrad, name), getattr(torch, name)
    for correction in (0, 1, 0.5):
        same_as_torch(
            lambda x: ours(x, axis=axis, correction=correction, keepdims=keep),
            lambda t: theirs(t, dim=axis, correction=correction, keepdim=keep), x,
        )  # fmt: skip
        same_as_torch(
            lambda x: getattr(x, name)(axis, correction=correction, keepdim=keep),
            lambda t: theirs(t, dim=axis, correction=correction, keepdim=keep), x,
        )  # fmt: skip


@pytest.mark.parametrize("name", ["var", "std"])
def test_how_pytorch_says_it(name: str, rng: Any, same_as_torch: Any) -> None:
    x = rng.normal(size=(3, 4))
    for call in (
        lambda v: getattr(v, name)(), lambda v: getattr(v, name)(False), lambda v: getattr(v, name)(1),
        lambda v: getattr(v, name)(0, False), lambda v: getattr(v, name)(0, True, True),
        lambda v: getattr(v, name)(dim=1, unbiased=False), lambda v: getattr(v, name)(dim=(0, 1), keepdim=True),
        lambda v: getattr(v, name)(dim=0, correction=0), lambda v: getattr(v, name)(unbiased=True),
    ):  # fmt: skip
        same_as_torch(call, call, x)


@pytest.mark.parametrize("name", ["var", "std", "var_mean", "std_mean"])
def test_how_pytorchs_functions_say_it(name: str, rng: Any, same_as_torch: Any) -> None:
    x = rng.normal(size=(3, 4))
    for arguments in ((False,), (1, False), (0, True, True)):
        same_as_torch(
            lambda x: getattr(pluggrad, name)(x, *arguments), lambda t: getattr(torch, name)(t, *arguments), x
        )
    same_as_torch(
        lambda x: getattr(pluggrad, name)(x, dim=0, unbiased=False),
        lambda t: getattr(torch, name)(t, dim=0, unbiased=False), x,
    )  # fmt: skip


def test_the_standard_divides_by_the_number() -> None:
    x = pluggrad.asarray([1.0, 2.0, 3.0, 4.0])
    assert pluggrad.var(x).item() == 1.25 and x.var().item() == pytest.approx(5 / 3)
    assert pluggrad.std(x, correction=1).item() == x.std().item()


def test_variance_of_float16(float16: pluggrad.dtype) -> None:
    x = pluggrad.asarray([1.0, 3.0], dtype=float16)
    assert pluggrad.var(x).item() == 1.0 and pluggrad.var(x).dtype is float16


def test_variance_of_complex_and_integers(rng: Any, same_as_torch: Any) -> None:
    z = rng.normal(size=(3, 4)) + 1j * rng.normal(size=(3, 4))
    same_as_torch(lambda x: x.var(1), lambda t: t.var(1), z)
    same_as_torch(lambda x: x.std(1), lambda t: t.std(1), z)
    assert pluggrad.std(pluggrad.asarray([1, 3])).dtype is pluggrad.float32


def test_variance_of_equal_values(same_as_torch: Any) -> None:
    same_as_torch(lambda x: x.std(1), lambda t: t.std(1), np.asarray([[2.0, 2.0, 2.0], [1.0, 2.0, 3.0]]))


def test_variance_of_nothing() -> None:
    assert np.isnan(pluggrad.var(pluggrad.zeros((2, 0)), axis=1).tolist()).all()
    assert np.isnan(pluggrad.ones(1).std().item())


@pytest.mark.parametrize("dim", [None, 0, (0, 1)])
@pytest.mark.parametrize("name", ["var_mean", "std_mean"])
def test_with_the_mean(name: str, dim: Any, rng: Any, same_as_torch: Any) -> None:
    x = rng.normal(size=(3, 4))
    same_as_torch(lambda x: getattr(pluggrad, name)(x, dim=dim), lambda t: getattr(torch, name)(t, dim=dim), x)
    found = getattr(pluggrad, name)(pluggrad.ones(2))
    assert found._fields == tuple(name.split("_"))


def test_unbiased_and_correction_are_one_argument() -> None:
    with pytest.raises(TypeError, match="give unbiased or correction, not both"):
        pluggrad.ones(3).var(unbiased=True, correction=2)


# -- sums that skip NaN ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 1)])
@pytest.mark.parametrize("name", ["nansum", "nanmean"])
def test_skipping_nan(name: str, axis: Any, same_as_torch: Any) -> None:
    x = np.asarray([[1.0, NAN, 3.0], [4.0, 5.0, NAN]])
    same_as_torch(lambda x: getattr(x, name)(axis), lambda t: getattr(t, name)(axis), x)
    same_as_torch(
        lambda x: getattr(pluggrad, name)(x, axis=axis, keepdims=True), lambda t: getattr(t, name)(axis, True), x
    )
    assert getattr(pluggrad, name)(pluggrad.asarray([1, 3])).item() == {"nansum": 4, "nanmean": 2.0}[name]


# -- norms ---------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:Casting complex values to real")  # PyTorch's own, for p=0 of one number
@pytest.mark.parametrize("p", ["fro", 0, 1, 1.5, 2, 3, INF, -INF, -2])
@pytest.mark.parametrize(("shape", "dim"), [((5,), None), ((2, 3), None), ((2, 3), 1), ((2, 3, 2), (0, 2)), ((), None)])
def test_norm(p: Any, shape: tuple[int, ...], dim: Any, rng: Any, same_as_torch: Any) -> None:
    for x in (rng.normal(size=shape), rng.normal(size=shape) + 1j * rng.normal(size=shape)):
        same_as_torch(lambda x: x.norm(p, dim), lambda t: t.norm(p, dim), x)
        same_as_torch(
            lambda x: pluggrad.norm(x, p, axis=dim, keepdims=True),
            lambda t: torch.linalg.vector_norm(t, 2 if p == "fro" else p, dim, keepdim=True), x,
        )  # fmt: skip


@pytest.mark.parametrize("p", [0, 1, 1.5, 2, 3, INF])
def test_norm_of_zeros(p: float, same_as_torch: Any) -> None:
    x = np.asarray([[0.0, 0.0, 0.0], [0.0, -2.0, 2.0]])
    same_as_torch(lambda x: x.norm(p, 1), lambda t: torch.linalg.vector_norm(t, p, 1), x)


def test_norm_casts_and_refuses() -> None:
    x = pluggrad.asarray([3, 4])
    assert x.norm().dtype is pluggrad.float32 and x.norm(dtype=pluggrad.float64).dtype is pluggrad.float64
    with pytest.raises(ArgumentError, match="p must be a number or 'fro', got 'nuc'"):
        x.norm("nuc")


# -- order statistics ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("shape", "axis", "keep"), CASES)
def test_median_is_numpys(shape: tuple[int, ...], axis: Any, keep: bool, rng: Any) -> None:
    x = rng.normal(size=shape)
    found = pluggrad.median(pluggrad.asarray(x.tolist(), dtype=pluggrad.float64), axis=axis, keepdims=keep)
    np.testing.assert_allclose(found.tolist(), np.median(x, axis=axis, keepdims=keep))


def test_median_of_an_even_number_shares_its_gradient() -> None:
    x = pluggrad.tensor([4.0, 1.0, 3.0, 2.0], requires_grad=True)
    pluggrad.median(x).backward()
    assert x.grad.tolist() == [0.0, 0.0, 0.5, 0.5]


def test_median_with_nan_of_integers_and_of_nothing() -> None:
    x = pluggrad.asarray([[1.0, NAN, 3.0], [1.0, 2.0, 3.0]])
    np.testing.assert_equal(pluggrad.median(x, axis=1).tolist(), [NAN, 2.0])
    assert pluggrad.median(pluggrad.asarray([1, 2])).item() == 1.5
    assert np.isnan(pluggrad.median(pluggrad.zeros(0)).item())


@pytest.mark.parametrize("name", ["median", "nanmedian"])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_methods_median_is_pytorchs(name: str, shape: tuple[int, ...], rng: Any, same_as_torch: Any) -> None:
    x = rng.permutation(int(np.prod(shape))).reshape(shape).astype(np.float64)
    same_as_torch(lambda x: getattr(x, name)(), lambda t: getattr(t, name)(), x)
    for dim in range(-len(shape), len(shape)) if shape else (0, -1):
        for keep in (False, True):
            same_as_torch(lambda x: getattr(x, name)(dim, keep), lambda t: getattr(t, name)(dim, keep), x)


@pytest.mark.parametrize("name", ["median", "nanmedian"])
def test_medians_of_nan(name: str, same_as_torch: Any) -> None:
    x = np.asarray([[3.0, NAN, 1.0, 2.0], [1.0, 4.0, 3.0, 2.0], [NAN, NAN, NAN, NAN]])
    same_as_torch(lambda x: getattr(x, name)(1)[0], lambda t: getattr(t, name)(1)[0], x, gradient=False)
    same_as_torch(lambda x: getattr(x, name)(), lambda t: getattr(t, name)(), x, gradient=name == "nanmedian")
    # Of a row of NaNs any index will do.
    same_as_torch(lambda x: getattr(x[:2], name)(1), lambda t: getattr(t[:2], name)(1), x)


def test_equal_medians_share_the_gradient(same_as_torch: Any) -> None:
    same_as_torch(lambda x: x.median(), lambda t: t.median(), np.asarray([1.0, 2.0, 2.0, 5.0, 0.0]))


@pytest.mark.parametrize("interpolation", ["linear", "lower", "higher", "midpoint", "nearest"])
@pytest.mark.parametrize("name", ["quantile", "nanquantile"])
def test_quantiles(name: str, interpolation: str, rng: Any, same_as_torch: Any) -> None:
    x = rng.normal(size=(4, 5))
    x[1, 2] = x[3] = NAN
    for q in (0.0, 0.3, 1.0):
        for dim in (None, 0, 1):
            same_as_torch(
                lambda x: getattr(x, name)(q, dim, interpolation=interpolation),
                lambda t: getattr(t, name)(q, dim, interpolation=interpolation), x,
                gradient=interpolation == "linear" and name == "nanquantile" and dim == 0,
            )  # fmt: skip
    clean = rng.normal(size=(3, 4))
    qs = [0.1, 0.5, 0.95]
    same_as_torch(
        lambda x: getattr(x, name)(pluggrad.asarray(qs), 1, True, interpolation=interpolation),
        lambda t: getattr(t, name)(torch.tensor(qs, dtype=torch.float64), 1, True, interpolation=interpolation), clean,
        rtol=1e-5,
    )  # fmt: skip


def test_quantiles_over_several_axes_are_numpys(rng: Any) -> None:
    x = rng.normal(size=(2, 3, 4))
    tensor = pluggrad.asarray(x.tolist(), dtype=pluggrad.float64)
    for axis in ((0, 2), (1,), None):
        for keep in (False, True):
            found = pluggrad.quantile(tensor, [0.2, 0.7], axis=axis, keepdims=keep, method="linear")
            np.testing.assert_allclose(found.tolist(), np.quantile(x, [0.2, 0.7], axis=axis, keepdims=keep))


def test_a_quantile_carries_the_gradient_of_q() -> None:
    q = pluggrad.tensor(0.4, dtype=pluggrad.float64, requires_grad=True)
    pluggrad.quantile(pluggrad.asarray([1.0, 2.0, 4.0]), q).backward()
    assert q.grad.item() == 2.0  # rank 0.8, between 1 and 2, and 2 ranks for the whole of q


def test_quantile_errors() -> None:
    x = pluggrad.ones(3)
    with pytest.raises(ArgumentError, match=r"q values must be in the range \[0, 1\], got 1.5"):
        pluggrad.quantile(x, 1.5)
    with pytest.raises(ArgumentError, match="interpolation must be one of linear, .* got 'cubic'"):
        x.quantile(0.5, interpolation="cubic")
    with pytest.raises(ShapeError, match=r"q must be a scalar or 1-D, got shape \(1, 1\)"):
        pluggrad.quantile(x, [[0.5]])
    with pytest.raises(ShapeError, match="quantile of nothing has no value"):
        pluggrad.quantile(pluggrad.zeros(0), 0.5)


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("dim", [0, 1, -1])
@pytest.mark.parametrize("dtype", ["float64", "int32", "bool"])
def test_mode(dtype: str, dim: int, keep: bool, rng: Any, same_as_torch: Any) -> None:
    x = rng.integers(0, 3, size=(5, 6)).astype(dtype)
    same_as_torch(lambda x: x.mode(dim, keep), lambda t: t.mode(dim, keep), x)
    same_as_torch(lambda x: pluggrad.mode(x, axis=dim)[0], lambda t: t.mode(dim)[0], x, gradient=False)
    same_as_torch(lambda x: x.mode(), lambda t: t.mode(), x[0, 0])


# -- histograms ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["int64", "uint8", "int32"])
@pytest.mark.parametrize("minlength", [0, 3, 12])
def test_bincount(dtype: str, minlength: int, rng: Any, same_as_torch: Any) -> None:
    x = rng.integers(0, 7, size=20).astype(dtype)
    same_as_torch(lambda x: x.bincount(minlength=minlength), lambda t: t.bincount(minlength=minlength), x)
    for weights in (rng.normal(size=20), rng.normal(size=20).astype(np.float32), rng.integers(0, 5, size=20)):
        same_as_torch(
            lambda x, w: pluggrad.bincount(x, w, minlength), lambda t, w: torch.bincount(t, w, minlength), x, weights,
            gradient=False, rtol=1e-5,
        )  # fmt: skip
    same_as_torch(lambda x: x.bincount(), lambda t: t.bincount(), np.zeros(0, dtype))


def test_bincount_carries_the_gradient_of_its_weights() -> None:
    weights = pluggrad.tensor([1.0, 2.0, 3.0], requires_grad=True)
    (pluggrad.bincount(pluggrad.asarray([2, 0, 2]), weights) * pluggrad.asarray([1.0, 5.0, 7.0])).sum().backward()
    assert weights.grad.tolist() == [7.0, 1.0, 7.0]


def test_bincount_errors() -> None:
    with pytest.raises(ShapeError, match=r"needs a 1-D tensor, got shape \(1, 2\)"):
        pluggrad.bincount(pluggrad.asarray([[1, 2]]))
    with pytest.raises(ArgumentError, match="elements must not be negative, got -3"):
        pluggrad.bincount(pluggrad.asarray([1, -3]))
    with pytest.raises(ShapeError, match=r"weights must have the shape of x, got \(1,\) and \(2,\)"):
        pluggrad.bincount(pluggrad.asarray([1, 2]), pluggrad.ones(1))
    with pytest.raises(DTypeError, match="float32 is not supported"):
        pluggrad.bincount(pluggrad.ones(2))
    with pytest.raises(ArgumentError, match="minlength must not be negative, got -1"):
        pluggrad.bincount(pluggrad.asarray([1]), minlength=-1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("bins", "low", "high"), [(100, 0, 0), (7, -1, 1), (10, 0.1, 0.7), (1, 0, 1)])
def test_histc(bins: int, low: float, high: float, dtype: str, rng: Any, same_as_torch: Any) -> None:
    x = np.concatenate([rng.normal(size=200), [-1.0, 0.0, 1.0, 0.1, 0.7]]).astype(dtype)
    same_as_torch(lambda x: x.histc(bins, low, high), lambda t: t.histc(bins, low, high), x, gradient=False)


def test_histc_of_edges(same_as_torch: Any) -> None:
    x = np.linspace(0, 1, 11)  # each on an edge
    same_as_torch(lambda x: x.histc(10, 0, 1), lambda t: t.histc(10, 0, 1), x, gradient=False)
    same_as_torch(lambda x: x.histc(4), lambda t: t.histc(4), np.asarray([3.0, 3.0]), gradient=False)
    assert pluggrad.histc(pluggrad.asarray([NAN, 0.5, INF]), 2, 0, 1).tolist() == [0.0, 1.0]


def test_histc_errors() -> None:
    x = pluggrad.ones(3)
    with pytest.raises(ArgumentError, match="bins must be positive, got 0"):
        x.histc(0)
    with pytest.raises(ArgumentError, match="max must not be below min, got min=2 and max=1"):
        x.histc(3, 2, 1)
    with pytest.raises(ArgumentError, match=r"the range \[0, inf\] is not finite"):
        x.histc(3, 0, INF)


@pytest.mark.parametrize("name", ["var", "std", "median", "norm", "nansum", "quantile"])
def test_axis_errors(name: str) -> None:
    arguments = {"norm": (2,), "quantile": (0.5,)}.get(name, ())
    with pytest.raises(AxisError, match="axis 2 is out of range: the tensor has 2 axes"):
        getattr(pluggrad, name)(pluggrad.ones((2, 3)), *arguments, axis=2)
