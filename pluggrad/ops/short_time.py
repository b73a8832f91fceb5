"""Short-time Fourier transforms: the spectra of overlapping parts of a signal, and the signal from its spectra."""

from __future__ import annotations

import math

from ..autograd.autocast import runs_in
from ..errors import ArgumentError, ShapeError
from ..tensor import Tensor
from . import fourier
from .complex_views import view_as_real
from .creation import ones
from .padding import pad
from .sliding import _fold_windows, _windows

__all__ = ["istft", "stft"]


def _centred_window(name: str, window: Tensor | None, win_length: int, n_fft: int, like: Tensor) -> Tensor:
    """The window, padded with zeros on both sides to the length of the transform.

    Raises
    ------
    ShapeError, ArgumentError
    """
    if not 0 < win_length <= n_fft:
        raise ArgumentError(f"{name}: expected 0 < win_length <= n_fft, got win_length={win_length} and n_fft={n_fft}")
    if window is None:
        window = ones(win_length, dtype=like.dtype.to_real(), device=like.device)
    elif tuple(window.shape) != (win_length,):
        raise ShapeError(f"{name}: the window must have shape ({win_length},), got {tuple(window.shape)}")
    left = (n_fft - win_length) // 2
    return pad(window, (left, n_fft - win_length - left)) if win_length < n_fft else window


@runs_in("float32")
def stft(
    x: Tensor, n_fft: int, hop_length: int | None = None, win_length: int | None = None, window: Tensor | None = None,
    center: bool = True, pad_mode: str = "reflect", normalized: bool = False, onesided: bool | None = None,
    return_complex: bool | None = None,
) -> Tensor:  # fmt: skip
    """The spectra of parts of a signal, ``hop_length`` apart.

    Parameters
    ----------
    x : Tensor, shape (time,) or (batch, time), real or complex
    n_fft : the length of a part, and so of its transform
    hop_length : default ``n_fft // 4``
    win_length, window : the weights of a part, shape (win_length,); default ones, ``n_fft`` of them
    center : pad both ends by ``n_fft // 2``, so that part t is around ``x[t * hop_length]``
    pad_mode : how: "reflect", "constant", "replicate" or "circular"
    normalized : divide by the square root of ``n_fft``
    onesided : only the frequencies up to half the sampling rate; default for real signals
    return_complex : False gives real and imaginary parts as a last axis; a real signal asks for one or the other

    Returns
    -------
    Tensor, shape (frequencies, parts) or (batch, frequencies, parts), complex

    Raises
    ------
    ArgumentError, ShapeError : lengths that do not fit
    RuntimeError : ``return_complex`` is not given, for a real signal

    >>> import pluggrad
    >>> pluggrad.stft(pluggrad.ones(16), 8, return_complex=True).shape
    pluggrad.Size([5, 9])
    """
    is_complex = x.dtype.is_complex or (window is not None and window.dtype.is_complex)
    if return_complex is None:
        if not is_complex:
            raise ArgumentError("stft requires the return_complex parameter be given for real inputs.")
        return_complex = True
    if x.ndim not in (1, 2):
        raise ShapeError(f"stft: expected a tensor of shape (time,) or (batch, time), got {tuple(x.shape)}")
    hop, length = n_fft // 4 if hop_length is None else hop_length, n_fft if win_length is None else win_length
    if hop < 1:
        raise ArgumentError(f"stft: expected hop_length > 0, got {hop}")
    weights = _centred_window("stft", window, length, n_fft, x)
    signal = x if x.ndim == 2 else x[None]
    if center:
        signal = pad(signal[:, None], (n_fft // 2, n_fft // 2), mode=pad_mode)[:, 0]
    if not 0 < n_fft <= signal.shape[-1]:
        raise ArgumentError(f"stft: expected 0 < n_fft <= {signal.shape[-1]}, the length of the signal, got {n_fft}")
    parts = _windows(signal, axis=1, size=n_fft, step=hop) * weights
    norm = "ortho" if normalized else "backward"
    if is_complex and onesided:
        raise ArgumentError("stft: Cannot have onesided output if window or input is complex")
    one_side = onesided if onesided is not None else not is_complex
    spectra = (fourier.rfft if one_side else fourier.fft)(parts, norm=norm).mT
    spectra = spectra if x.ndim == 2 else spectra[0]
    return spectra if return_complex else view_as_real(spectra)


def istft(
    x: Tensor, n_fft: int, hop_length: int | None = None, win_length: int | None = None, window: Tensor | None = None,
    center: bool = True, normalized: bool = False, onesided: bool | None = None, length: int | None = None,
    return_complex: bool = False,
) -> Tensor:  # fmt: skip
    """The signal whose :func:`stft` is nearest to ``x``, in the sum of squares (Griffin and Lim, 1984).

    Parameters
    ----------
    x : Tensor, shape (frequencies, parts) or (batch, frequencies, parts), complex
    length : of the signal; it is cut, or padded with zeros
    return_complex : for the spectra of a complex signal
    n_fft, hop_length, win_length, window, center, normalized, onesided : as given to :func:`stft`

    Returns
    -------
    Tensor, shape (time,) or (batch, time)

    Raises
    ------
    ShapeError, ArgumentError : what does not fit; windows that leave a gap, of which nothing is known

    >>> import pluggrad
    >>> x, w = pluggrad.arange(16.0), pluggrad.hann_window(8)
    >>> pluggrad.istft(pluggrad.stft(x, 8, window=w, return_complex=True), 8, window=w)[3:5].round()
    tensor([3., 4.])
    """
    if x.ndim not in (2, 3) or not x.dtype.is_complex:
        raise ShapeError(
            f"istft: expected a complex tensor of shape (frequencies, parts) or (batch, frequencies, parts), got "
            f"{x.dtype.name} of shape {tuple(x.shape)}"
        )
    hop, win = n_fft // 4 if hop_length is None else hop_length, n_fft if win_length is None else win_length
    if not 0 < hop <= win:
        raise ArgumentError(f"istft: expected 0 < hop_length <= win_length, got {hop} and {win}")
    one_side = x.shape[-2] != n_fft if onesided is None else onesided
    if x.shape[-2] != (n_fft // 2 + 1 if one_side else n_fft):
        raise ShapeError(
            f"istft: {x.shape[-2]} frequencies do not fit n_fft={n_fft} and onesided={one_side}, which have "
            f"{n_fft // 2 + 1 if one_side else n_fft}"
        )
    weights = _centred_window("istft", window, win, n_fft, x)
    spectra = (x if x.ndim == 3 else x[None]).mT
    norm = "ortho" if normalized else "backward"
    if return_complex and not one_side:
        parts = fourier.ifft(spectra, norm=norm)
    else:  # of a real signal the second half of the frequencies says nothing new, and is not looked at
        parts = fourier.irfft(spectra[..., : n_fft // 2 + 1], n_fft, norm=norm)
    count = parts.shape[1]
    whole = n_fft + hop * (count - 1)
    out = _overlapped(parts * weights, whole, n_fft, hop)
    envelope = _overlapped((weights * weights).expand(1, count, n_fft), whole, n_fft, hop)
    start = n_fft // 2 if center else 0
    end = whole if length is None and not center else whole - n_fft // 2 if length is None else start + length
    out, envelope = out[:, start:end], envelope[:, start:end]
    least = abs(envelope).min().item() if envelope.numel() else math.inf
    if least < 1e-11:
        raise ArgumentError(f"istft: window overlap add min: {least} is too small: some samples are under no window")
    out = out / envelope
    if length is not None and out.shape[-1] < length:
        out = pad(out, (0, length - out.shape[-1]))
    return out if x.ndim == 3 else out[0]


def _overlapped(parts: Tensor, whole: int, size: int, step: int) -> Tensor:
    """Parts of a signal, each added to where it belongs."""
    return _fold_windows(parts, shape=(parts.shape[0], whole), axis=1, size=size, step=step)
