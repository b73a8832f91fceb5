"""Special functions against SciPy: values over grids with edges, and derivatives by finite differences of SciPy's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import pluggrad

scipy_special = pytest.importorskip("scipy.special")

POSITIVE = np.asarray([1e-8, 0.1, 0.5, 1.0, 2.5, 7.0, 30.0])
REAL = np.asarray([-30.0, -2.5, -0.3, -1e-8, 0.0, 1e-8, 0.4, 1.0, 3.0, 25.0])
UNIT = np.asarray([0.0, 1e-8, 0.1, 0.5, 0.9, 1.0])
DEGREES = np.asarray([-720.0, -270.0, -90.0, -30.0, 0.0, 45.0, 60.0, 90.0, 180.0, 360.0, 1e5])
COUNTS = np.asarray([0.0, 1.0, 3.0])

#: Name, and the values that each argument takes, in every combination.
CASES: dict[str, tuple[np.ndarray, ...]] = {
    **dict.fromkeys("ndtr log_ndtr erfcx exp10 exprel cosm1 cbrt sinc expit logit log_expit".split(), (REAL,)),
    **dict.fromkeys("i0 i1 i0e i1e j0 j1 gammasgn expi".split(), (REAL,)),
    **dict.fromkeys("gamma rgamma gammaln loggamma psi entr k0 k1 k0e k1e y0 y1 exp1 spence".split(), (POSITIVE,)),
    **dict.fromkeys("sindg cosdg tandg cotdg".split(), (DEGREES,)),
    **dict.fromkeys("ndtri erfcinv ellipk ellipe ellipkm1".split(), (UNIT,)),
    "zetac": (np.asarray([1.5, 2.0, 10.0, 40.0]),),
    "zeta": (np.asarray([1.5, 2.0, 10.0]), POSITIVE),
    **dict.fromkeys("gammainc gammaincc poch beta betaln".split(), (POSITIVE, POSITIVE)),
    **dict.fromkeys("gammaincinv gammainccinv".split(), (POSITIVE[1:], UNIT)),
    **dict.fromkeys("rel_entr kl_div xlogy xlog1py".split(), (REAL[2:], REAL[2:])),
    "huber": (REAL, REAL),
    "pseudo_huber": (REAL, REAL),
    "binom": (POSITIVE, COUNTS),
    **dict.fromkeys("boxcox boxcox1p".split(), (POSITIVE, REAL[1:9])),
    **dict.fromkeys("inv_boxcox inv_boxcox1p".split(), (UNIT, UNIT)),
    **dict.fromkeys("jv yv iv kv".split(), (COUNTS, POSITIVE)),
    "expn": (COUNTS, POSITIVE),
    **dict.fromkeys("betainc betaincc".split(), (POSITIVE[1:], POSITIVE[1:], UNIT)),
    **dict.fromkeys("betaincinv betainccinv".split(), (POSITIVE[1:], POSITIVE[1:], UNIT)),
    "hyp1f1": (COUNTS + 1, COUNTS + 1, REAL[1:9]),
    "lpmv": (COUNTS, COUNTS + 1, UNIT - 0.5),
    **dict.fromkeys("chdtr chdtrc pdtr pdtrc".split(), (POSITIVE[1:], POSITIVE)),
    **dict.fromkeys("chdtri".split(), (POSITIVE[1:], UNIT[1:])),
    "pdtri": (COUNTS, UNIT[1:-1]),
    **dict.fromkeys("bdtr bdtrc".split(), (COUNTS, COUNTS + 3, UNIT)),
    "bdtri": (COUNTS, COUNTS + 4, UNIT[1:-1]),
    **dict.fromkeys("nbdtr nbdtrc nbdtri".split(), (COUNTS, COUNTS + 1, UNIT)),
    **dict.fromkeys("fdtr fdtrc".split(), (POSITIVE[1:], POSITIVE[1:], POSITIVE)),
    "fdtri": (POSITIVE[2:], POSITIVE[2:], UNIT[1:-1]),
    **dict.fromkeys("gdtr gdtrc".split(), (POSITIVE[1:], POSITIVE[1:], POSITIVE)),
    "stdtr": (POSITIVE[1:], REAL),
    "stdtrit": (POSITIVE[2:], UNIT[1:-1]),
    "spherical_bessel_j0": (REAL,),
}
#: Integer arguments of SciPy's, which are floating here.
INTEGER = {"bdtr": (0, 1), "bdtrc": (0, 1), "bdtri": (0, 1), "nbdtr": (0, 1), "nbdtrc": (0, 1), "nbdtri": (0, 1)}


def grid(name: str) -> list[np.ndarray]:
    return [a.reshape(-1) for a in np.meshgrid(*CASES[name], indexing="ij")]


def theirs(name: str, *arrays: np.ndarray) -> Any:
    if name == "spherical_bessel_j0":
        return scipy_special.spherical_jn(0, *arrays)
    given = [a.astype(np.int64) if i in INTEGER.get(name, ()) else a for i, a in enumerate(arrays)]
    with np.errstate(all="ignore"):
        return getattr(scipy_special, name)(*given)


@pytest.mark.parametrize("name", CASES)
def test_values_are_scipys(name: str) -> None:
    arrays = grid(name)
    got = getattr(pluggrad.special, name)(*(pluggrad.tensor(a, dtype=pluggrad.float64) for a in arrays))
    assert got.dtype is pluggrad.float64
    # SciPy's own fdtrc and stdtr lose half of their digits near 0; all else agrees to 1e-12.
    rtol = 1e-8 if name in ("fdtrc", "stdtr") else 1e-12
    np.testing.assert_allclose(got.tolist(), theirs(name, *arrays), rtol=rtol, atol=1e-14)


@pytest.mark.parametrize("name", [n for n in CASES if n not in ("gammasgn", "huber")])
def test_derivatives_are_those_of_scipys_functions(name: str) -> None:
    """By the last argument; those by the others are checked at the samples, and below."""
    arrays = grid(name)
    # Off the edges, where differences of SciPy's function say nothing.
    x, step = arrays[-1], 1e-4 * np.maximum(np.abs(arrays[-1]), 1e-2)
    first, last = CASES[name][-1].min(), CASES[name][-1].max()
    inside = (x > first) & (x < last) & (np.abs(x) > 1e-3)
    rest = [a[inside] for a in arrays[:-1]]
    x, step = x[inside], step[inside]

    def at(k: float) -> Any:
        return theirs(name, *rest, x + k * step)

    with np.errstate(invalid="ignore"):
        numeric = (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * step)
    tensors = [pluggrad.tensor(a, dtype=pluggrad.float64) for a in (*rest, x)]
    tensors[-1].requires_grad_()
    getattr(pluggrad.special, name)(*tensors).sum().backward()
    got = np.asarray(tensors[-1].grad.tolist())
    # Where the function jumps or its differences cancel, they prove nothing.
    scale = np.abs(at(0)) / step
    proven = np.isfinite(numeric) & (np.abs(numeric) > 1e-6 * scale)
    assert proven.sum() >= 1
    np.testing.assert_allclose(got[proven], numeric[proven], rtol=2e-5, atol=1e-11)


@pytest.mark.parametrize("a", [1e-2, 0.1, 1.0, 5.0, 100.0, 1e3])
@pytest.mark.parametrize("q", [1e-3, 0.1, 0.5, 0.9, 0.999])
def test_incomplete_gamma_by_its_shape(a: float, q: float) -> None:
    x = scipy_special.gammaincinv(a, q)
    h = a * 1e-3
    f = scipy_special.gammainc
    numeric = (8 * (f(a + h, x) - f(a - h, x)) - (f(a + 2 * h, x) - f(a - 2 * h, x))) / (12 * h)
    shape = pluggrad.tensor(a, dtype=pluggrad.float64, requires_grad=True)
    pluggrad.special.gammainc(shape, float(x)).backward()
    assert shape.grad.item() == pytest.approx(numeric, rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("of", [0, 1])
@pytest.mark.parametrize(("a", "b"), [(0.1, 0.3), (1.0, 2.0), (20.0, 0.5), (3.0, 300.0)])
@pytest.mark.parametrize("q", [1e-3, 0.5, 0.999])
def test_incomplete_beta_by_its_shapes(a: float, b: float, q: float, of: int) -> None:
    x = float(scipy_special.betaincinv(a, b, q))

    def f(k: float) -> float:
        shapes = [a, b]
        shapes[of] *= 1 + 1e-3 * k
        return scipy_special.betainc(*shapes, x)

    numeric = (8 * (f(1) - f(-1)) - (f(2) - f(-2))) / (12 * 1e-3 * (a, b)[of])
    shapes = [pluggrad.tensor(v, dtype=pluggrad.float64, requires_grad=True) for v in (a, b)]
    pluggrad.special.betainc(*shapes, x).backward()
    assert shapes[of].grad.item() == pytest.approx(numeric, rel=1e-5, abs=1e-7)


def test_a_missing_derivative_is_an_error() -> None:
    v = pluggrad.tensor(1.0, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"special\.jv: the derivative with respect to 'v' is not implemented"):
        pluggrad.special.jv(v, pluggrad.tensor(2.0)).backward()


def test_orders_and_dimensions_are_checked() -> None:
    with pytest.raises(ValueError, match=r"whole number, got 0\.5"):
        pluggrad.special.yn(0.5, pluggrad.tensor(1.0))
    with pytest.raises(ValueError, match="d must be at least 1, got 0"):
        pluggrad.special.multigammaln(pluggrad.tensor(1.0), 0)
    with pytest.raises(ValueError, match=r"greater than \(d - 1\) / 2 = 0\.5"):
        pluggrad.special.multigammaln(pluggrad.tensor(0.2), 2)
    got = pluggrad.special.multigammaln(pluggrad.tensor(3.3, dtype=pluggrad.float64), 4)
    assert got.item() == pytest.approx(scipy_special.multigammaln(3.3, 4))


_PROGRAM = """
import json
import scipy.special, scipy.stats
from scipy.special import _support_alternative_backends as dispatched
import pluggrad
x = pluggrad.tensor([0.3, 0.6], dtype=pluggrad.float64, requires_grad=True)
y = scipy.special.gammaln(x) + scipy.special.ndtr(x) * scipy.special.betainc(x, 2.0 * x, 0.4 + 0.0 * x)
y.sum().backward()
print(json.dumps({
    "missing": [i.name for i in dispatched._special_funcs if not hasattr(pluggrad.special, i.name)],
    "type": type(y).__module__, "value": y.tolist(), "grad": x.grad.tolist(),
}))
"""


def test_scipy_finds_them() -> None:
    """SciPy looks all its array-API functions up here, and what it computes has a gradient."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _PROGRAM],
        env={**os.environ, "SCIPY_ARRAY_API": "1", "PLUGGRAD_DEVICE": "cpu"},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert found["missing"] == []
    assert found["type"].startswith("pluggrad")

    def f(x: np.ndarray) -> np.ndarray:
        special = scipy_special
        return special.gammaln(x) + special.ndtr(x) * special.betainc(x, 2 * x, 0.4)

    x, h = np.asarray([0.3, 0.6]), 1e-5
    np.testing.assert_allclose(found["value"], f(x))
    np.testing.assert_allclose(found["grad"], (f(x + h) - f(x - h)) / (2 * h), rtol=1e-6)
