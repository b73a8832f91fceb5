"""Where parameters and values of distributions may lie: objects whose ``check`` says for which elements they do."""

from __future__ import annotations

from typing import Any

from ..dtypes import finfo
from ..tensor import Tensor

__all__ = [
    "Constraint", "boolean", "corr_cholesky", "dependent", "greater_than", "greater_than_eq", "half_open_interval",
    "independent",
    "integer_interval", "interval", "is_dependent", "less_than", "lower_cholesky", "multinomial", "nonnegative",
    "nonnegative_integer", "one_hot", "positive", "positive_definite", "positive_integer", "real", "real_vector",
    "simplex", "unit_interval",
]  # fmt: skip


class Constraint:
    """A set of values.

    Attributes
    ----------
    is_discrete : whether it is of single points
    event_dim : how many of the last axes one value takes: 0 for numbers, 1 for vectors, 2 for matrices
    """

    is_discrete = False
    event_dim = 0

    def check(self, value: Tensor) -> Tensor:
        """Bools of the shape of ``value`` without its event axes: which of its values lie in the set."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__.lstrip('_')}()"


class _Dependent(Constraint):
    """Depends on other parameters: never checked by itself."""

    def check(self, value: Tensor) -> Tensor:
        raise ValueError("Cannot determine validity of dependent constraint")


class _Real(Constraint):
    def check(self, value: Tensor) -> Tensor:
        return value == value


class _Boolean(Constraint):
    is_discrete = True

    def check(self, value: Tensor) -> Tensor:
        return (value == 0) | (value == 1)


class _Bounded(Constraint):
    """Numbers between bounds, which may be tensors."""

    def __init__(self, **bounds: Any) -> None:
        self.bounds = bounds
        self.__dict__.update(bounds)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{n}={b}' for n, b in self.bounds.items())})"


class GreaterThan(_Bounded):
    """Numbers above a bound."""

    def check(self, value: Tensor) -> Tensor:
        return value > self.bounds["lower_bound"]


class GreaterThanEq(_Bounded):
    """Numbers from a bound on."""

    def check(self, value: Tensor) -> Tensor:
        return value >= self.bounds["lower_bound"]


class LessThan(_Bounded):
    """Numbers below a bound."""

    def check(self, value: Tensor) -> Tensor:
        return value < self.bounds["upper_bound"]


class Interval(_Bounded):
    """Numbers from one bound to another, both included."""

    def check(self, value: Tensor) -> Tensor:
        return (value >= self.bounds["lower_bound"]) & (value <= self.bounds["upper_bound"])


class HalfOpenInterval(_Bounded):
    """Numbers from one bound to another, the second excluded."""

    def check(self, value: Tensor) -> Tensor:
        return (value >= self.bounds["lower_bound"]) & (value < self.bounds["upper_bound"])


class IntegerInterval(_Bounded):
    """Whole numbers from one bound to another."""

    is_discrete = True

    def check(self, value: Tensor) -> Tensor:
        return (value % 1 == 0) & (value >= self.bounds["lower_bound"]) & (value <= self.bounds["upper_bound"])


class IntegerGreaterThan(_Bounded):
    """Whole numbers from a bound on."""

    is_discrete = True

    def check(self, value: Tensor) -> Tensor:
        return (value % 1 == 0) & (value >= self.bounds["lower_bound"])


class _Simplex(Constraint):
    event_dim = 1

    def check(self, value: Tensor) -> Tensor:
        return (value >= 0).all(-1) & ((value.sum(-1) - 1).abs() < 1e-6)


class _OneHot(Constraint):
    is_discrete = True
    event_dim = 1

    def check(self, value: Tensor) -> Tensor:
        return ((value == 0) | (value == 1)).all(-1) & (value.sum(-1) == 1)


class Multinomial(_Bounded):
    """Vectors of counts that sum to at most a bound."""

    is_discrete = True
    event_dim = 1

    def check(self, value: Tensor) -> Tensor:
        return (value >= 0).all(-1) & (value.sum(-1) <= self.bounds["upper_bound"])


class _LowerCholesky(Constraint):
    event_dim = 2

    def check(self, value: Tensor) -> Tensor:
        return (value.tril() == value).all(-1).all(-1) & (value.diagonal(dim1=-2, dim2=-1) > 0).all(-1)


class _CorrCholesky(Constraint):
    event_dim = 2

    def check(self, value: Tensor) -> Tensor:
        tolerance = finfo(value.dtype).eps * value.shape[-1] * 10
        unit = ((value.square().sum(-1).sqrt() - 1).abs() <= tolerance).all(-1)
        return _LowerCholesky().check(value) & unit


class _PositiveDefinite(Constraint):
    event_dim = 2

    def check(self, value: Tensor) -> Tensor:
        from ..ops.decompositions import eigvalsh

        symmetric = ((value - value.mT).abs() <= 1e-6 * (1 + value.abs())).all(-1).all(-1)
        return symmetric & (eigvalsh(value) > 0).all(-1)


class _Independent(Constraint):
    """Vectors (or more) whose every element lies in another set."""

    def __init__(self, base: Constraint, reinterpreted_batch_ndims: int) -> None:
        self.base, self.reinterpreted = base, reinterpreted_batch_ndims
        self.is_discrete = base.is_discrete
        self.event_dim = base.event_dim + reinterpreted_batch_ndims

    def check(self, value: Tensor) -> Tensor:
        inside = self.base.check(value)
        for _ in range(self.reinterpreted):
            inside = inside.all(-1)
        return inside

    def __repr__(self) -> str:
        return f"Independent({self.base!r}, {self.reinterpreted})"


def is_dependent(constraint: Constraint) -> bool:
    """Whether a constraint depends on other parameters."""
    return isinstance(constraint, _Dependent)


boolean, dependent, real, simplex, one_hot = _Boolean(), _Dependent(), _Real(), _Simplex(), _OneHot()
lower_cholesky, positive_definite, corr_cholesky = _LowerCholesky(), _PositiveDefinite(), _CorrCholesky()
independent, real_vector = _Independent, _Independent(real, 1)


def greater_than(lower_bound: Any) -> Constraint:
    """Numbers above a bound."""
    return GreaterThan(lower_bound=lower_bound)


def greater_than_eq(lower_bound: Any) -> Constraint:
    """Numbers from a bound on."""
    return GreaterThanEq(lower_bound=lower_bound)


def less_than(upper_bound: Any) -> Constraint:
    """Numbers below a bound."""
    return LessThan(upper_bound=upper_bound)


def interval(lower_bound: Any, upper_bound: Any) -> Constraint:
    """Numbers from one bound to another, both included."""
    return Interval(lower_bound=lower_bound, upper_bound=upper_bound)


def half_open_interval(lower_bound: Any, upper_bound: Any) -> Constraint:
    """Numbers from one bound to another, the second excluded."""
    return HalfOpenInterval(lower_bound=lower_bound, upper_bound=upper_bound)


def integer_interval(lower_bound: Any, upper_bound: Any) -> Constraint:
    """Whole numbers from one bound to another."""
    return IntegerInterval(lower_bound=lower_bound, upper_bound=upper_bound)


def multinomial(upper_bound: Any) -> Constraint:
    """Vectors of counts that sum to at most a bound."""
    return Multinomial(upper_bound=upper_bound)


positive, nonnegative, unit_interval = greater_than(0.0), greater_than_eq(0.0), interval(0.0, 1.0)
nonnegative_integer, positive_integer = IntegerGreaterThan(lower_bound=0), IntegerGreaterThan(lower_bound=1)
