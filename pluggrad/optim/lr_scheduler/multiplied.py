"""Learning rates multiplied by what a function of the user's gives."""

from __future__ import annotations

import types
from collections.abc import Callable, Sequence
from typing import Any

from ..optimizer import Optimizer
from .base import LRScheduler, values

__all__ = ["LambdaLR", "MultiplicativeLR"]

Factors = Callable[[int], float] | Sequence[Callable[[int], float]]


class _ByFunctions(LRScheduler):
    """Keeps one function for each group. Only objects that are called have a state to be saved."""

    lr_lambdas: list[Callable[[int], float]]

    def __init__(self, optimizer: Optimizer, lr_lambda: Factors, last_epoch: int = -1) -> None:
        groups = len(optimizer.param_groups)
        if not isinstance(lr_lambda, list | tuple):
            self.lr_lambdas = [lr_lambda] * groups  # type: ignore[list-item]
        elif len(lr_lambda) != groups:
            raise ValueError(f"Expected {groups} lr_lambdas, but got {len(lr_lambda)}")
        else:
            self.lr_lambdas = list(lr_lambda)
        for function in self.lr_lambdas:
            if not callable(function):
                raise TypeError(f"lr_lambda should be a function, but got {type(function).__name__}")
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """All attributes but the optimiser and functions; of callable objects, their attributes."""
        kept = [None if isinstance(f, types.FunctionType) else dict(f.__dict__) for f in self.lr_lambdas]
        return {**super().state_dict(), "lr_lambdas": kept}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state from :meth:`state_dict`; functions stay."""
        super().load_state_dict({k: v for k, v in state_dict.items() if k != "lr_lambdas"})
        for function, state in zip(self.lr_lambdas, state_dict["lr_lambdas"], strict=True):
            if state is not None:
                function.__dict__.update(state)


class LambdaLR(_ByFunctions):
    """The learning rate at the beginning times a function of the step.

    Parameters
    ----------
    optimizer : whose groups are scheduled
    lr_lambda : function of the step, or a list of one for each group
    last_epoch : the number of the last step taken, to resume; -1 to begin

    Raises
    ------
    ValueError : not as many functions as groups
    TypeError : something else than functions

    >>> import pluggrad
    >>> optimizer = pluggrad.optim.SGD([pluggrad.ones(1, requires_grad=True)], lr=1.0)
    >>> schedule = LambdaLR(optimizer, lambda step: 0.5**step)
    >>> optimizer.step()
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.5]
    """

    def _rates(self) -> Sequence[Any]:
        return [base * f(self.last_epoch) for base, f in zip(self.base_lrs, self.lr_lambdas, strict=True)]


class MultiplicativeLR(_ByFunctions):
    """The learning rate times a function of the step, at each step. Arguments and errors as :class:`LambdaLR`."""

    def _rates(self) -> Sequence[Any]:
        before = values(self.optimizer, "lr")
        if self._is_initial:
            return before
        return [lr * f(self.last_epoch) for lr, f in zip(before, self.lr_lambdas, strict=True)]
