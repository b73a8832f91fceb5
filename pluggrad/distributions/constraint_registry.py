"""From a constraint to a transformation of free numbers into it: ``biject_to`` and ``transform_to``.

>>> import pluggrad
>>> from pluggrad.distributions import Normal, transform_to
>>> free = pluggrad.zeros(1, requires_grad=True)  # to be optimised
>>> transform_to(Normal.arg_constraints["scale"])(free)
tensor([1.], grad_fn=<ExpBackward0>)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import constraints, matrix_transforms, transforms
from .constraints import Constraint
from .transforms import Transform

__all__ = ["ConstraintRegistry", "biject_to", "transform_to"]

Factory = Callable[[Any], Transform]


class ConstraintRegistry:
    """Transformations by the class of the constraint that they lead into; call it with a constraint.

    Raises
    ------
    NotImplementedError : none is registered for the constraint
    """

    def __init__(self) -> None:
        self._factories: dict[type[Constraint], Factory] = {}

    def register(self, constraint: Constraint | type[Constraint], factory: Factory | None = None) -> Any:
        """Let ``factory(constraint)`` make the transformation for a constraint's class; also as a decorator.

        Raises
        ------
        TypeError : no constraint
        """
        if factory is None:
            return lambda given: self.register(constraint, given)
        cls = type(constraint) if isinstance(constraint, Constraint) else constraint
        if not isinstance(cls, type) or not issubclass(cls, Constraint):
            raise TypeError(f"Expected constraint to be either a Constraint subclass or instance, but got {constraint}")
        self._factories[cls] = factory
        return factory

    def __call__(self, constraint: Constraint) -> Transform:
        """The transformation from all real numbers into a constraint."""
        factory = self._factories.get(type(constraint))
        if factory is None:
            raise NotImplementedError(
                f"Cannot transform {type(constraint).__name__} constraints: register a transformation for them"
            )
        return factory(constraint)


#: Bijections.
biject_to = ConstraintRegistry()
#: Not all of them bijections; of these the simplest.
transform_to = ConstraintRegistry()


def _both(constraint: Constraint | type[Constraint]) -> Callable[[Factory], Factory]:
    def add(factory: Factory) -> Factory:
        biject_to.register(constraint, factory)
        return transform_to.register(constraint, factory)

    return add


@_both(constraints.real)
def _real(constraint: Any) -> Transform:
    return transforms.identity_transform


@biject_to.register(constraints.independent)
def _independent(constraint: Any) -> Transform:
    return transforms.IndependentTransform(biject_to(constraint.base), constraint.reinterpreted)


@transform_to.register(constraints.independent)
def _independent_too(constraint: Any) -> Transform:
    return transforms.IndependentTransform(transform_to(constraint.base), constraint.reinterpreted)


@_both(constraints.GreaterThan)
@_both(constraints.GreaterThanEq)
def _above(constraint: Any) -> Transform:
    bound = constraint.lower_bound
    if isinstance(bound, int | float) and bound == 0:
        return transforms.ExpTransform()
    return transforms.ComposeTransform([transforms.ExpTransform(), transforms.AffineTransform(bound, 1)])


@_both(constraints.LessThan)
def _below(constraint: Any) -> Transform:
    bound = constraint.upper_bound
    return transforms.ComposeTransform([transforms.ExpTransform(), transforms.AffineTransform(bound, -1)])


@_both(constraints.Interval)
@_both(constraints.HalfOpenInterval)
def _between(constraint: Any) -> Transform:
    low, high = constraint.lower_bound, constraint.upper_bound
    if isinstance(low, int | float) and isinstance(high, int | float) and (low, high) == (0, 1):
        return transforms.SigmoidTransform()
    affine = transforms.AffineTransform(low, high - low)
    return transforms.ComposeTransform([transforms.SigmoidTransform(), affine])


@biject_to.register(constraints.simplex)
def _simplex(constraint: Any) -> Transform:
    return transforms.StickBreakingTransform()


@transform_to.register(constraints.simplex)
def _simplex_too(constraint: Any) -> Transform:
    return transforms.SoftmaxTransform()


@transform_to.register(constraints.lower_cholesky)
def _lower_cholesky(constraint: Any) -> Transform:
    return matrix_transforms.LowerCholeskyTransform()


@transform_to.register(constraints.positive_definite)
def _positive_definite(constraint: Any) -> Transform:
    return matrix_transforms.PositiveDefiniteTransform()


@_both(constraints.corr_cholesky)
def _corr_cholesky(constraint: Any) -> Transform:
    return matrix_transforms.CorrCholeskyTransform()
