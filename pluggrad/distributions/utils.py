"""What distributions share: numbers made tensors of one shape, probabilities and their logarithms."""

from __future__ import annotations

from typing import Any

from ..dtypes import finfo, get_default_dtype
from ..ops.creation import arange, asarray
from ..ops.manipulation import broadcast_arrays
from ..ops.neural.activations import softplus
from ..tensor import Tensor

__all__ = ["broadcast_all", "clamp_probs", "logits_to_probs", "probs_to_logits"]


def broadcast_all(*values: Any) -> list[Tensor]:
    """Tensors of one shape, dtype and device; numbers take the dtype of the first tensor, else the default one.

    >>> broadcast_all(0.0, 1.0)
    [tensor(0.), tensor(1.)]
    """
    first = next((v for v in values if isinstance(v, Tensor)), None)
    dtype = get_default_dtype() if first is None or not first.dtype.is_differentiable else first.dtype
    device = None if first is None else first.device
    tensors = [v if isinstance(v, Tensor) else asarray(v, dtype=dtype, device=device) for v in values]
    return list(broadcast_arrays(*tensors)) if len(tensors) > 1 else tensors


def clamp_probs(probs: Tensor) -> Tensor:
    """Probabilities at least a rounding away from 0 and 1, of which logarithms are finite."""
    eps = finfo(probs.dtype).eps
    return probs.clamp(min=eps, max=1 - eps)


def probs_to_logits(probs: Tensor, is_binary: bool = False) -> Tensor:
    """Logarithms of probabilities; of one of two, of its odds.

    >>> import pluggrad
    >>> probs_to_logits(pluggrad.tensor([0.5]), is_binary=True)
    tensor([0.])
    """
    probs = clamp_probs(probs)
    return probs.log() - (-probs).log1p() if is_binary else probs.log()


def logits_to_probs(logits: Tensor, is_binary: bool = False) -> Tensor:
    """Probabilities whose logarithms, but for a common constant, are given; of one of two, whose odds are.

    >>> import pluggrad
    >>> logits_to_probs(pluggrad.tensor([0.0, 0.0]))
    tensor([0.5000, 0.5000])
    """
    return logits.sigmoid() if is_binary else logits.softmax(-1)


def log1mexp_of_bernoulli(logits: Tensor, value: Tensor) -> Tensor:
    """Logarithm of the probability of ``value`` (0 or 1) where ``logits`` are the log-odds of 1."""
    return value * logits - softplus(logits)


def as_vectors(categories: Tensor, probs: Tensor) -> Tensor:
    """Each category as the vector that is 1 at its place, of the length and dtype of ``probs``."""
    places = arange(int(probs.shape[-1]), dtype=categories.dtype, device=categories.device)
    return (categories.unsqueeze(-1) == places).to(probs.dtype)
