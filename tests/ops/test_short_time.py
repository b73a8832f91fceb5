"""Short-time Fourier transforms beside SciPy's, and windows beside SciPy's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.signal

import pluggrad
from pluggrad.errors import ArgumentError, DTypeError, ShapeError


def made(x: Any) -> Any:
    """A NumPy array as a tensor on the device under test."""
    return pluggrad.asarray(x, device=pluggrad.get_default_device())


def host(x: Any) -> Any:
    """A tensor as a NumPy array."""
    return np.asarray(x.detach().cpu())


@pytest.mark.parametrize("name", ["hann", "hamming", "blackman", "bartlett"])
@pytest.mark.parametrize("periodic", [True, False])
def test_windows(name: str, periodic: bool) -> None:
    window = getattr(pluggrad, f"{name}_window")(9, periodic, dtype=pluggrad.float64)
    expected = scipy.signal.get_window(name, 9, fftbins=periodic)
    assert np.allclose(host(window), expected, atol=1e-15)


def test_the_kaiser_window() -> None:
    window = pluggrad.kaiser_window(9, False, beta=5.0, dtype=pluggrad.float64)
    assert np.allclose(host(window), np.kaiser(9, 5.0))


def test_short_windows_and_errors() -> None:
    assert pluggrad.hann_window(0).shape == (0,) and pluggrad.hann_window(1).tolist() == [1]
    with pytest.raises(ArgumentError, match="must not be negative"):
        pluggrad.hann_window(-1)
    with pytest.raises(DTypeError, match="real floating-point type"):
        pluggrad.hann_window(4, dtype=pluggrad.int64)


def test_spectra_are_those_of_the_parts(rng: Any) -> None:
    x, window = rng.normal(size=40), host(pluggrad.hann_window(8, dtype=pluggrad.float64))
    found = pluggrad.stft(made(x), 8, 3, window=made(window), center=False, return_complex=True)
    expected = np.stack([np.fft.rfft(x[i : i + 8] * window) for i in range(0, 33, 3)], axis=1)
    assert np.allclose(host(found), expected)


@pytest.mark.parametrize(
    "options", [{}, {"hop_length": 3}, {"win_length": 6}, {"normalized": True}, {"onesided": False}]
)
def test_the_signal_comes_back(options: dict[str, Any], rng: Any) -> None:
    x = made(rng.normal(size=(2, 50)))
    window = pluggrad.hann_window(options.get("win_length", 8), dtype=pluggrad.float64) + 0.1
    spectra = pluggrad.stft(x, 8, window=window, return_complex=True, **options)
    back = pluggrad.istft(spectra, 8, window=window, length=50, **options)
    assert np.allclose(host(back), host(x))


def test_real_and_imaginary_parts_apart() -> None:
    assert pluggrad.stft(pluggrad.ones(16), 8, return_complex=False).shape == (5, 9, 2)


def test_errors() -> None:
    x = pluggrad.ones(16)
    with pytest.raises(RuntimeError, match="return_complex parameter be given"):
        pluggrad.stft(x, 8)
    with pytest.raises(ShapeError, match="window must have shape"):
        pluggrad.stft(x, 8, window=pluggrad.ones(5), return_complex=True)
    with pytest.raises(ArgumentError, match="win_length <= n_fft"):
        pluggrad.stft(x, 8, win_length=9, return_complex=True)
    with pytest.raises(ArgumentError, match="expected hop_length > 0"):
        pluggrad.stft(x, 8, 0, return_complex=True)
    with pytest.raises(ArgumentError, match="length of the signal"):
        pluggrad.stft(x, 20, center=False, return_complex=True)
    spectra = pluggrad.stft(x, 8, return_complex=True)
    with pytest.raises(ShapeError, match="frequencies do not fit"):
        pluggrad.istft(spectra, 10)
    with pytest.raises(ArgumentError, match="is too small"):
        pluggrad.istft(spectra, 8, window=pluggrad.zeros(8))
