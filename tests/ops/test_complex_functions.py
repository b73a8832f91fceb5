"""Functions of complex numbers against PyTorch."""

from __future__ import annotations

import math

import numpy as np
import pytest

import pluggrad
from pluggrad.errors import DTypeError

from .elementwise import COMPLEX, FLOATS, INTEGERS, Case, assert_same, compare, ours, params

torch = pytest.importorskip("torch")

ANY = (-2.0, 2.0)


@pytest.mark.parametrize(
    ("case", "dtype"),
    params(
        Case("real", (ANY,), COMPLEX),
        Case("imag", (ANY,), COMPLEX),
        Case("conj", (ANY,), (*COMPLEX, *INTEGERS)),
        Case("angle", (ANY,), (*FLOATS, *COMPLEX), special=(-1.0, 0.0, 2.0, math.nan)),
        Case("complex", (ANY, ANY), FLOATS),
        Case("polar", ((0.1, 2.0), ANY), FLOATS),
        Case("isreal", (ANY,), (*FLOATS, *COMPLEX, *INTEGERS, "bool")),
    ),
)
def test_as_torch(case: Case, dtype: str) -> None:
    compare(case, dtype)


@pytest.mark.parametrize("name", ["real", "conj"])
def test_of_a_real_tensor_the_tensor_itself(name: str) -> None:
    x = pluggrad.ones(2, requires_grad=True)
    assert getattr(pluggrad, name)(x) is x
    assert (x.real is x, x.conj() is x) == (True, True)


def test_a_real_tensor_has_no_imaginary_part() -> None:
    with pytest.raises(DTypeError, match="only complex tensors have an imaginary part, got float32"):
        pluggrad.imag(pluggrad.ones(1))


@pytest.mark.parametrize("device", ["cpu", "torch", "strict"])
def test_parts_are_views_where_the_backend_has_them(device: str) -> None:
    x = pluggrad.asarray([1 + 2j], device=device)
    real, imag = x.real, x.imag
    x *= 3
    views = device != "strict"
    assert real.is_view == imag.is_view == views
    assert (real.tolist(), imag.tolist()) == (([3.0], [6.0]) if views else ([1.0], [2.0]))


@pytest.mark.parametrize("device", ["cpu", "strict"])
def test_a_part_is_set_in_place_and_on_record(device: str) -> None:
    x = pluggrad.asarray([1 + 2j, 3 - 1j], device=device).requires_grad_()
    z = torch.tensor(x.tolist(), requires_grad=True)
    y = x * 1
    y.real = y.imag * 2
    y.imag = y.real * y.real
    # What PyTorch cannot differentiate in place, out of place.
    expected = torch.complex(z.imag * 2, (z.imag * 2) ** 2)
    for out in (y, expected):
        (out.abs() * out.abs()).sum().backward()
    assert y.tolist() == expected.tolist() and x.grad.tolist() == pytest.approx(z.grad.tolist())
    y = pluggrad.ones(2, device=device)
    y.real = 3.0
    assert y.tolist() == [3.0, 3.0]


@pytest.mark.parametrize("parts", [(1.0, math.inf), (math.inf, 1.0), (math.nan, 2.0), (2.0, math.nan), (3, -math.inf)])
def test_complex_keeps_the_parts_apart(parts: tuple[float, float]) -> None:
    z = pluggrad.complex(*(pluggrad.asarray([p]) for p in parts))
    np.testing.assert_equal((z.real.item(), z.imag.item()), parts)


def test_angle_at_zero_has_gradient_zero() -> None:
    x = pluggrad.tensor([0j, 2j], requires_grad=True)
    pluggrad.angle(x).sum().backward()
    assert x.grad.tolist() == [0j, -0.5 + 0j]


def test_angle_of_integers() -> None:
    array = np.asarray([-2, 0, 3])
    assert_same(pluggrad.angle(pluggrad.asarray([-2.0, 0.0, 3.0])), torch.angle(torch.tensor(array)), 1e-7)
    assert_same(pluggrad.angle(ours(array)), torch.angle(torch.tensor(array)), 1e-7)


def test_polar_with_a_negative_magnitude_differentiates() -> None:
    """PyTorch's gradient of the magnitude has the wrong sign there."""
    r, phi = pluggrad.tensor(-2.0, requires_grad=True), pluggrad.tensor(0.5, requires_grad=True)
    pluggrad.polar(r, phi).real.backward()
    np.testing.assert_allclose([r.grad.item(), phi.grad.item()], [math.cos(0.5), 2 * math.sin(0.5)], rtol=1e-6)
