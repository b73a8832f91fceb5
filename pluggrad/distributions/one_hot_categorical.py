"""Categories as vectors with a single 1."""

from __future__ import annotations

from typing import Any

from ..ops.creation import eye
from ..tensor import Size, Tensor
from . import constraints
from .categorical import OfCategories
from .utils import as_vectors

__all__ = ["OneHotCategorical", "OneHotCategoricalStraightThrough"]


class OneHotCategorical(OfCategories):
    """Categories of given probabilities, each as the vector that is 1 at its place and 0 elsewhere.

    Parameters
    ----------
    probs, logits : one of them, as for Categorical

    >>> import pluggrad
    >>> OneHotCategorical(pluggrad.tensor([1.0, 3.0])).log_prob(pluggrad.tensor([0.0, 1.0]))
    tensor(-0.2877)
    """

    support = constraints.one_hot
    has_enumerate_support = True

    def __init__(
        self, probs: Tensor | None = None, logits: Tensor | None = None, validate_args: bool | None = None
    ) -> None:
        given = self._normalized(probs, logits)
        (value,) = given.values()
        super().__init__(value.shape[:-1], value.shape[-1:], validate_args=validate_args, **given)

    @property
    def mean(self) -> Tensor:
        return self.probs

    @property
    def mode(self) -> Tensor:
        probs = self.probs
        return as_vectors(probs.argmax(-1), probs)

    @property
    def variance(self) -> Tensor:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        probs = self.probs
        return as_vectors(self._drawn(sample_shape)[..., 0], probs)

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        return (self.logits * value).sum(-1)

    def entropy(self) -> Tensor:
        return self._entropy()

    def enumerate_support(self, expand: bool = True) -> Tensor:
        probs = self.probs
        n = int(probs.shape[-1])
        values = eye(n, dtype=probs.dtype, device=probs.device).reshape(n, *(1 for _ in self._batch_shape), n)
        return values.expand(n, *Size(self._batch_shape), n) if expand else values


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """The same; its samples pass their gradient on to the probabilities (Y. Bengio, N. Léonard, A. Courville, 2013).

    >>> import pluggrad
    >>> probs = pluggrad.tensor([0.5, 0.5], requires_grad=True)
    >>> OneHotCategoricalStraightThrough(probs).rsample().requires_grad
    True
    """

    has_rsample = True

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        probs = self.probs
        return self.sample(sample_shape) + (probs - probs.detach())
