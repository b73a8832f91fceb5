"""The base of all distributions: shapes, checks, and what follows from the rest."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from ..autograd import no_grad
from ..errors import ArgumentError
from ..tensor import Size, Tensor
from .constraints import Constraint, is_dependent

__all__ = ["Distribution"]


class Distribution:
    """A distribution over values of ``event_shape``, one for each element of ``batch_shape``.

    Attributes
    ----------
    batch_shape : shape of the parameters: distributions beside each other
    event_shape : shape of one value
    arg_constraints : by name, where the parameters may lie
    support : where the values lie
    has_rsample : whether samples have gradients by the parameters

    Parameters
    ----------
    batch_shape, event_shape : Size
    validate_args : check parameters now, and values in ``log_prob``; default: as ``set_default_validate_args`` says
    """

    has_rsample: ClassVar[bool] = False
    has_enumerate_support: ClassVar[bool] = False
    arg_constraints: ClassVar[dict[str, Constraint]] = {}
    _validate_args: bool = __debug__

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Whether distributions check their arguments unless they are told."""
        if value not in (True, False):
            raise ValueError(f"set_default_validate_args: expected True or False, got {value!r}")
        Distribution._validate_args = value

    def __init__(
        self, batch_shape: Any = (), event_shape: Any = (), validate_args: bool | None = None, **given: Tensor
    ) -> None:
        self._batch_shape, self._event_shape = Size(batch_shape), Size(event_shape)
        #: The parameters as they were given, each of the batch's shape.
        self._given = given
        self.__dict__.update(given)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            self._check_parameters()

    def _check_parameters(self) -> None:
        for name, value in self._given.items():
            constraint = self.arg_constraints.get(name)
            if constraint is None or is_dependent(constraint) or not isinstance(value, Tensor):
                continue
            with no_grad():
                valid = constraint.check(value)
            if not bool(valid.all()):
                raise ArgumentError(
                    f"Expected parameter {name} (Tensor of shape {tuple(value.shape)}) of distribution "
                    f"{type(self).__name__} to satisfy the constraint {constraint!r}, but found invalid values:\n"
                    f"{value.detach()}"
                )

    # -- shapes ------------------------------------------------------------------------------------

    @property
    def batch_shape(self) -> Size:
        """The shape of the distributions that stand beside each other."""
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        """The shape of one value."""
        return self._event_shape

    def expand(self, batch_shape: Any, _instance: Any = None) -> Self:
        """The same distribution with its parameters broadcast to a batch shape."""
        shape = Size(batch_shape)
        given = {}
        for name, value in self._given.items():
            constraint = self.arg_constraints.get(name)
            own = constraint.event_dim if constraint is not None else 0
            given[name] = value.expand(*shape, *value.shape[value.ndim - own :])
        return type(self)(**given, **self._options(), validate_args=False)

    def _options(self) -> dict[str, Any]:
        """Arguments of ``__init__`` other than tensors."""
        return {}

    def _extended_shape(self, sample_shape: Any = ()) -> Size:
        return Size((*Size(sample_shape), *self._batch_shape, *self._event_shape))

    # -- what a distribution has ----------------------------------------------------------------------

    @property
    def support(self) -> Constraint:
        """Where the values lie."""
        raise NotImplementedError(f"{type(self).__name__} does not tell its support")

    @property
    def mean(self) -> Tensor:
        """The mean, of the shape of a sample."""
        raise NotImplementedError(f"{type(self).__name__} has no mean in closed form")

    @property
    def mode(self) -> Tensor:
        """The most probable value."""
        raise NotImplementedError(f"{type(self).__name__} has no mode in closed form")

    @property
    def variance(self) -> Tensor:
        """The variance, of the shape of a sample."""
        raise NotImplementedError(f"{type(self).__name__} has no variance in closed form")

    @property
    def stddev(self) -> Tensor:
        """The standard deviation."""
        return self.variance.sqrt()

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Values drawn at random, outside of any graph: shape ``sample_shape + batch_shape + event_shape``."""
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Values drawn at random that have gradients by the parameters.

        Raises
        ------
        NotImplementedError : values of this distribution have none
        """
        raise NotImplementedError(f"{type(self).__name__} has no rsample: its values have no gradient; see sample")

    def log_prob(self, value: Tensor) -> Tensor:
        """Logarithm of the density (or probability) at ``value``, of the shape of ``value`` without the event axes."""
        raise NotImplementedError(f"{type(self).__name__} has no log_prob")

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of a value of at most ``value``."""
        raise NotImplementedError(f"{type(self).__name__} has no cdf in closed form")

    def icdf(self, value: Tensor) -> Tensor:
        """The quantile of a probability: the inverse of ``cdf``."""
        raise NotImplementedError(f"{type(self).__name__} has no icdf in closed form")

    def entropy(self) -> Tensor:
        """The entropy, in nats, of the batch's shape."""
        raise NotImplementedError(f"{type(self).__name__} has no entropy in closed form")

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All values of a discrete distribution, along a new first axis."""
        raise NotImplementedError(f"{type(self).__name__} does not list its values")

    def perplexity(self) -> Tensor:
        """The exponential of the entropy."""
        return self.entropy().exp()

    # -- checks --------------------------------------------------------------------------------------------

    def _validate_sample(self, value: Any) -> None:
        if not self._validate_args:
            return
        if not isinstance(value, Tensor):
            raise ArgumentError(f"The value argument to log_prob must be a Tensor, got {type(value).__name__}")
        shape = (*self._batch_shape, *self._event_shape)
        own = len(self._event_shape)
        if own and tuple(value.shape[value.ndim - own :]) != tuple(self._event_shape):
            raise ArgumentError(
                f"The right-most size of value must match event_shape: {tuple(value.shape)} vs "
                f"{tuple(self._event_shape)}."
            )
        for got, want in zip(reversed(tuple(value.shape)), reversed(shape), strict=False):
            if 1 not in (got, want) and got != want:
                raise ArgumentError(
                    f"Value is not broadcastable with batch_shape+event_shape: {tuple(value.shape)} vs {shape}."
                )
        with no_grad():
            valid = self.support.check(value)
        if not bool(valid.all()):
            raise ArgumentError(
                f"Expected value argument (Tensor of shape {tuple(value.shape)}) to be within the support "
                f"({self.support!r}) of the distribution {self!r}, but found invalid values:\n{value.detach()}"
            )

    def __repr__(self) -> str:
        shown = [
            f"{n}: {v.detach() if v.size == 1 else tuple(v.shape)}"
            for n, v in self._given.items()
        ]  # fmt: skip
        return f"{type(self).__name__}({', '.join(shown)})"
