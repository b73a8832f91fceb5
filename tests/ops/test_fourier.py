"""Fourier transforms against PyTorch: values and gradients over norms, lengths and axes."""

from __future__ import annotations

import pytest

import pluggrad

torch = pytest.importorskip("torch")
np = pytest.importorskip("numpy")

RNG = np.random.default_rng(0)
ONE = ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"]
SEVERAL = ["fftn", "ifftn", "rfftn", "irfftn"]
NORMS = [None, "backward", "ortho", "forward"]
TAKES_REAL_ONLY = {"rfft", "ihfft", "rfftn", "rfft2"}


def data(name, shape, real=False):
    x = RNG.standard_normal(shape)
    return x if name in TAKES_REAL_ONLY or real else x + 1j * RNG.standard_normal(shape)


def compare(name, x, *args, **kwargs):
    """Value and gradient, with a cotangent that tells all elements apart."""
    results = []
    for lib, make in ((pluggrad, pluggrad.tensor), (torch, torch.tensor)):
        t = make(x, requires_grad=True)
        y = getattr(lib.fft, name)(t, *args, **kwargs)
        weights = make(np.cos(np.arange(np.prod(tuple(y.shape)))).reshape(tuple(y.shape)))
        if y.dtype in (pluggrad.complex128, torch.complex128):
            loss = (lib.real(y) * weights).sum() + (lib.imag(y) * weights * weights).sum()
        else:
            loss = (y * weights).sum()
        loss.backward()
        results.append((np.asarray(y.tolist()), np.asarray(t.grad.tolist())))
    (y, g), (expected_y, expected_g) = results
    assert y.dtype == expected_y.dtype and g.dtype == expected_g.dtype
    np.testing.assert_allclose(y, expected_y, atol=1e-12)
    np.testing.assert_allclose(g, expected_g, atol=1e-12)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("n", [None, 1, 4, 5, 7, 8])
@pytest.mark.parametrize("name", ONE)
def test_one_axis(name, n, norm):
    compare(name, data(name, (3, 6)), n, norm=norm)
    compare(name, data(name, (5, 2)), n, 0, norm)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("s", [None, (4, 3), (3, 6), (-1, 5)])
@pytest.mark.parametrize("name", SEVERAL)
def test_several_axes(name, s, norm):
    compare(name, data(name, (2, 4, 5)), s, (1, 2), norm)
    compare(name, data(name, (4, 3, 5)), s, (2, 0), norm)
    compare(name, data(name, (2, 4, 5)), None if s is None else s, norm=norm)


@pytest.mark.parametrize("name", ["fft2", "ifft2", "rfft2", "irfft2"])
def test_two_axes(name):
    compare(name, data(name, (2, 4, 5)))


@pytest.mark.parametrize("name", ["fft", "ifft", "fftn", "ifftn", "irfft", "hfft"])
def test_real_input_of_a_complex_transform(name):
    compare(name, data(name, (4, 6), real=True))


@pytest.mark.parametrize("name", ["fft", "rfft"])
def test_integers_and_float32(name):
    ours, theirs = pluggrad.fft, torch.fft
    for values, dtypes in (([1, 2, 3, 5], ("int64", "uint8")), ([1.0, 2.0, 0.5], ("float32",))):
        for dtype in dtypes:
            y = getattr(ours, name)(pluggrad.tensor(values, dtype=getattr(pluggrad, dtype)))
            z = getattr(theirs, name)(torch.tensor(values, dtype=getattr(torch, dtype)))
            assert str(y.dtype)[9:] == str(z.dtype)[6:] == "complex64"
            np.testing.assert_allclose(y.tolist(), z.tolist(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("n", [1, 4, 5])
def test_frequencies_and_shifts(n):
    for d in (1.0, 0.1):
        assert pluggrad.fft.fftfreq(n, d=d).tolist() == torch.fft.fftfreq(n, d=d).tolist()
        assert pluggrad.fft.rfftfreq(n, d=d).tolist() == torch.fft.rfftfreq(n, d=d).tolist()
    x = np.arange(n * 3.0).reshape(n, 3)
    for axes in (None, 0, (0, 1), -1):
        for name in ("fftshift", "ifftshift"):
            got = getattr(pluggrad.fft, name)(pluggrad.tensor(x), axes)
            assert got.tolist() == getattr(torch.fft, name)(torch.tensor(x), axes).tolist()


def test_errors():
    x = pluggrad.ones(3, 4)
    with pytest.raises(ValueError, match="norm must be 'backward', 'ortho' or 'forward', got 'other'"):
        pluggrad.fft.fft(x, norm="other")
    with pytest.raises(RuntimeError, match=r"rfft: expects a real input tensor, but got complex64; use fft"):
        pluggrad.fft.rfft(pluggrad.ones(3, dtype=pluggrad.complex64))
    with pytest.raises(RuntimeError, match=r"fft: invalid number of data points \(0\)"):
        pluggrad.fft.fft(x, n=0)
    with pytest.raises(RuntimeError, match=r"fftn: 3 sizes for 2 axes"):
        pluggrad.fft.fftn(x, s=(1, 2, 3), axes=(0, 1))
    with pytest.raises(IndexError, match="axis 2 is out of range"):
        pluggrad.fft.fft(x, axis=2)
    with pytest.raises(RuntimeError, match="got a 0-D tensor"):
        pluggrad.fft.fft(pluggrad.ones(()))
