"""Functions that draw random numbers: dropout of all kinds, random slopes, random windows, Gumbel's softmax."""

from __future__ import annotations

import math
import warnings
from typing import Any

from ..autograd.inplace import assign
from ..autograd.operands import require_tensors
from ..dtypes import bool_, float32
from ..errors import ArgumentError, ShapeError
from ..ops.axes import one_axis
from ..ops.neural.activations import leaky_relu
from ..ops.neural.dropout import _dropout
from ..ops.neural.softmax import softmax
from ..ops.neural.window_max import fractional_maxima
from ..random.draws import exponential, uniform
from ..tensor import Tensor, make
from ..tensor.placing import there

__all__ = [
    "alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout",
    "fractional_max_pool2d", "fractional_max_pool2d_with_indices", "fractional_max_pool3d",
    "fractional_max_pool3d_with_indices", "gumbel_softmax", "rrelu", "rrelu_",
]  # fmt: skip


# -- dropout -------------------------------------------------------------------------------------------


def _check(p: float) -> None:
    if not 0.0 <= p <= 1.0:
        raise ArgumentError(f"dropout probability has to be between 0 and 1, but got {p}")


@there
def _kept(input: Tensor, shape: tuple[int, ...], p: float) -> Tensor:
    """True with probability 1 - p."""
    drawn = uniform(shape, input._type.with_dtype(float32))
    return make(drawn >= p, input._type.with_dtype(bool_))


def _channels(name: str, input: Tensor) -> tuple[int, ...]:
    """The shape of a mask that takes whole channels, (N, C, 1, ...)."""
    require_tensors(name, input=input)
    shape = tuple(input._array.shape)
    if len(shape) < 2:
        raise ShapeError(f"{name}: feature dropout requires at least 2 dimensions in the input, got shape {shape}")
    return (*shape[:2], *(1 for _ in shape[2:]))


def _drop(input: Tensor, shape: tuple[int, ...], p: float, inplace: bool) -> Tensor:
    out = _dropout(input, _kept(input, shape, p), scale=0.0 if p == 1.0 else 1.0 / (1.0 - p))
    return assign(input, out) if inplace else out


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set each element to 0 with probability ``p`` and scale the others by ``1 / (1 - p)``.

    Parameters
    ----------
    input : Tensor, floating
    p : probability in [0, 1]
    training : False: give ``input`` as it is
    inplace : write the result into ``input``

    Returns
    -------
    Tensor, same shape

    Raises
    ------
    ArgumentError : ``p`` outside of [0, 1]

    >>> import pluggrad
    >>> pluggrad.nn.functional.dropout(pluggrad.ones(3), p=1.0)
    tensor([0., 0., 0.])
    """
    _check(p)
    require_tensors("dropout", input=input)
    return input if not training or p == 0.0 else _drop(input, tuple(input._array.shape), p, inplace)


def _drop_channels(name: str, input: Tensor, p: float, training: bool, inplace: bool, batched: bool = True) -> Tensor:
    _check(p)
    shape = _channels(name, input) if batched else (input._array.shape[0], *(1 for _ in input._array.shape[1:]))
    return input if not training or p == 0.0 else _drop(input, shape, p, inplace)


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set whole channels of signals, (N, C, L) or (C, L), to 0 with probability ``p``; arguments as :func:`dropout`'s.

    Raises
    ------
    ShapeError : another number of axes

    >>> import pluggrad
    >>> pluggrad.nn.functional.dropout1d(pluggrad.ones(2, 3), training=False).shape
    pluggrad.Size([2, 3])
    """
    ndim = input._array.ndim
    if ndim not in (2, 3):
        raise ShapeError(f"dropout1d: expected 2D or 3D input, (C, L) or (N, C, L), but received a {ndim}D input")
    return _drop_channels("dropout1d", input, p, training, inplace, batched=ndim == 3)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set whole channels of images, (N, C, H, W), to 0 with probability ``p``; arguments as :func:`dropout`'s.

    Three axes are taken for (N, C, L), with a warning, as in PyTorch.

    >>> import pluggrad
    >>> x = pluggrad.nn.functional.dropout2d(pluggrad.ones(1, 2, 4, 4))
    >>> sorted(set(x.sum((2, 3)).flatten().tolist()) - {0.0, 32.0})
    []
    """
    ndim = input._array.ndim
    if ndim == 3:
        warnings.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is "
            "desired, (N, C, L); for that use dropout1d",
            stacklevel=2,
        )
    elif ndim != 4:
        _warn_of_axes("dropout2d", ndim, "(N, C, H, W)")
    return _drop_channels("dropout2d", input, p, training, inplace)


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set whole channels of volumes, (N, C, D, H, W) or (C, D, H, W), to 0; arguments as :func:`dropout`'s.

    >>> import pluggrad
    >>> pluggrad.nn.functional.dropout3d(pluggrad.ones(1, 2, 1, 1, 1), p=1.0).tolist()
    [[[[[0.0]]], [[[0.0]]]]]
    """
    ndim = input._array.ndim
    if ndim not in (4, 5):
        _warn_of_axes("dropout3d", ndim, "(N, C, D, H, W) or (C, D, H, W)")
    return _drop_channels("dropout3d", input, p, training, inplace, batched=ndim == 5)


def _warn_of_axes(name: str, ndim: int, expected: str) -> None:
    warnings.warn(
        f"{name}: Received a {ndim}-D input to {name}, which is deprecated: expected {expected}. To drop single "
        "elements use dropout",
        stacklevel=3,
    )


#: What SELU tends to for very negative x: its -alpha·scale.
_SATURATED = -1.7580993408473766


@there
def _alpha_drop(input: Tensor, shape: tuple[int, ...], p: float, inplace: bool) -> Tensor:
    """Klambauer et al., "Self-normalizing neural networks", 2017, section "New dropout technique"."""
    kept = _kept(input, shape, p)
    scale = 0.0 if p == 1.0 else 1.0 / math.sqrt((_SATURATED**2 * p + 1) * (1 - p))
    # What is dropped is SATURATED; then all are scaled and shifted back to mean 0 and variance 1.
    shift = -_SATURATED * p * scale
    dropped = _SATURATED * scale
    terms = input._type.kernels.namespace.astype(kept._array, input._array.dtype) * -dropped + (dropped + shift)
    out = _dropout(input, kept, scale=scale) + make(terms, input._type)
    return assign(input, out) if inplace else out


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout that keeps mean 0 and variance 1, for nets of SELUs: elements dropped become the least that SELU gives.

    Arguments as :func:`dropout`'s.

    >>> import pluggrad
    >>> pluggrad.nn.functional.alpha_dropout(pluggrad.ones(2))
    tensor([1., 1.])
    """
    _check(p)
    require_tensors("alpha_dropout", input=input)
    return input if not training or p == 0.0 else _alpha_drop(input, tuple(input._array.shape), p, inplace)


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """:func:`alpha_dropout` of whole channels of (N, C, ...).

    >>> import pluggrad
    >>> pluggrad.nn.functional.feature_alpha_dropout(pluggrad.ones(1, 2, 3)).shape
    pluggrad.Size([1, 2, 3])
    """
    _check(p)
    if not training or p == 0.0:
        return input
    return _alpha_drop(input, _channels("feature_alpha_dropout", input), p, inplace)


# -- random slopes ---------------------------------------------------------------------------------------


@there
def rrelu(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False, inplace: bool = False
) -> Tensor:
    """Each element, negative ones times a random slope (Xu et al., "Empirical evaluation of rectified ...", 2015).

    Parameters
    ----------
    input : Tensor, real floating
    lower, upper : the slopes are drawn evenly from between these
    training : False: all slopes are the middle of the two
    inplace : write the result into ``input``

    Raises
    ------
    ArgumentError : ``lower`` greater than ``upper``

    >>> import pluggrad
    >>> pluggrad.nn.functional.rrelu(pluggrad.tensor([-1.0, 2.0]), 0.1, 0.3)
    tensor([-0.2000,  2.0000])
    """
    if lower > upper:
        raise ArgumentError(f"rrelu: lower bound should be less than or equal to the upper bound, got {lower}, {upper}")
    require_tensors("rrelu", input=input)
    if not training:
        return leaky_relu(input, (lower + upper) / 2, inplace)
    drawn: Any = uniform(tuple(input._array.shape), input._type) * (upper - lower) + lower
    slopes = input._type.kernels.where(input._array <= 0, drawn, 1)
    out = input * make(slopes, input._type)
    return assign(input, out) if inplace else out


def rrelu_(input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False) -> Tensor:
    """:func:`rrelu`, written into ``input``."""
    return rrelu(input, lower, upper, training, inplace=True)


# -- random windows ----------------------------------------------------------------------------------------


def _fractional(
    n: int, input: Tensor, kernel_size: Any, output_size: Any, output_ratio: Any, samples: Tensor | None
) -> tuple[Tensor, Tensor]:
    name = f"fractional_max_pool{n}d"
    if output_size is None and output_ratio is None:
        raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
    require_tensors(name, input=input)
    shape = tuple(input._array.shape)
    lead = shape[: len(shape) - n] if len(shape) != n + 1 else (1, shape[0])
    if samples is None:
        samples = make(uniform((*lead, n), input._type), input._type)
    elif tuple(samples._array.shape) != (*lead, n):
        raise ShapeError(f"{name}: _random_samples must have shape {(*lead, n)}, got {tuple(samples.shape)}")
    return fractional_maxima(name, n, input, kernel_size, output_size, output_ratio, samples.tolist())


def fractional_max_pool2d(
    input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:  # fmt: skip
    """Take the maximum over windows whose distances are random, so that the size shrinks by a fraction.

    Parameters
    ----------
    input : Tensor, shape (N, C, H, W) or (C, H, W), real floating
    kernel_size : int or (int, int), in pixels
    output_size : int or (int, int): the size of the result; or
    output_ratio : number or (number, number), in (0, 1): the size over that of the input
    return_indices : also where the maxima are, as positions in the flattened H·W

    Returns
    -------
    Tensor, shape (N, C, H', W'); with ``return_indices`` a pair: that and int64 indices of the same shape

    Raises
    ------
    ValueError : neither size nor ratio
    ShapeError : windows that do not fit the input

    Notes
    -----
    Graham, "Fractional max-pooling", 2014.

    >>> import pluggrad
    >>> pluggrad.nn.functional.fractional_max_pool2d(pluggrad.ones(1, 5, 5), 2, output_ratio=0.6).shape
    pluggrad.Size([1, 3, 3])
    """
    pair = _fractional(2, input, kernel_size, output_size, output_ratio, _random_samples)
    return pair if return_indices else pair[0]


def fractional_max_pool3d(
    input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:  # fmt: skip
    """:func:`fractional_max_pool2d` of volumes, (N, C, D, H, W) or (C, D, H, W).

    >>> import pluggrad
    >>> pluggrad.nn.functional.fractional_max_pool3d(pluggrad.ones(1, 5, 5, 5), 2, output_size=3).shape
    pluggrad.Size([1, 3, 3, 3])
    """
    pair = _fractional(3, input, kernel_size, output_size, output_ratio, _random_samples)
    return pair if return_indices else pair[0]


def fractional_max_pool2d_with_indices(
    input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """:func:`fractional_max_pool2d` with ``return_indices=True``."""
    return fractional_max_pool2d(input, kernel_size, output_size, output_ratio, True, _random_samples)


def fractional_max_pool3d_with_indices(
    input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """:func:`fractional_max_pool3d` with ``return_indices=True``."""
    return fractional_max_pool3d(input, kernel_size, output_size, output_ratio, True, _random_samples)


# -- samples of categories -------------------------------------------------------------------------------


@there
def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """Samples of categories in the form of probabilities, through which gradients flow.

    Parameters
    ----------
    logits : Tensor, real floating: logarithms of the probabilities, up to a constant
    tau : the temperature: the smaller, the closer to one category
    hard : give one category, a 1 among 0s, with the gradient of the soft sample
    eps : not used, as in PyTorch
    dim : the axis of the categories

    Returns
    -------
    Tensor, same shape; sums to 1 along ``dim``

    Notes
    -----
    Jang, Gu and Poole, "Categorical reparameterization with Gumbel-softmax", 2017.

    >>> import pluggrad
    >>> pluggrad.nn.functional.gumbel_softmax(pluggrad.zeros(4, 3), hard=True).sum(1)
    tensor([1., 1., 1., 1.])
    """
    if eps != 1e-10:
        warnings.warn("gumbel_softmax: `eps` parameter is deprecated and has no effect.", stacklevel=2)
    require_tensors("gumbel_softmax", logits=logits)
    ns = logits._type.kernels.namespace
    noise = -ns.log(exponential(tuple(logits._array.shape), logits._type))
    soft = softmax((logits + make(noise, logits._type)) / tau, dim)
    if not hard:
        return soft
    axis = one_axis("gumbel_softmax", dim, soft._array.ndim)
    best = ns.argmax(soft._array, axis=axis, keepdims=True)
    numbers = ns.arange(soft._array.shape[axis], dtype=best.dtype, device=soft._type.native_device)
    shape = [1] * soft._array.ndim
    shape[axis] = -1
    chosen = ns.astype(ns.reshape(numbers, tuple(shape)) == best, soft._array.dtype)
    return make(chosen, soft._type) - soft.detach() + soft
