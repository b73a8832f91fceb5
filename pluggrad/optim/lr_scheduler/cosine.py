"""Cosine annealing, once or with restarts (Loshchilov and Hutter, SGDR, 2017)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..optimizer import Optimizer
from .base import LRScheduler, values

__all__ = ["CosineAnnealingLR", "CosineAnnealingWarmRestarts"]


class CosineAnnealingLR(LRScheduler):
    """Half a cosine from the first learning rate to ``eta_min`` in ``T_max`` steps, and back up in the next.

    Each rate is computed from the one before, so that other changes of ``lr`` are taken into account.
    """

    def __init__(self, optimizer: Optimizer, T_max: float, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def _rates(self) -> Sequence[Any]:
        before, t, T = values(self.optimizer, "lr"), self.last_epoch, self.T_max
        if self._is_initial:
            return before
        if self._step_count == 1 and t > 0:  # another schedule was in charge so far
            return self._get_closed_form_lr()
        if (t - 1 - T) % (2 * T) == 0:  # the rate before is eta_min, which tells nothing of its way up
            rise = (1 - math.cos(math.pi / T)) / 2
            return [lr + (base - self.eta_min) * rise for base, lr in zip(self.base_lrs, before, strict=True)]
        ratio = (1 + math.cos(math.pi * t / T)) / (1 + math.cos(math.pi * (t - 1) / T))
        return [ratio * (lr - self.eta_min) + self.eta_min for lr in before]

    def _get_closed_form_lr(self) -> list[Any]:
        return [_annealed(base, self.eta_min, self.last_epoch / self.T_max) for base in self.base_lrs]


def _annealed(start: Any, end: float, done: float) -> Any:
    return end + (start - end) * (1 + math.cos(math.pi * done)) / 2


class CosineAnnealingWarmRestarts(LRScheduler):
    """Half a cosine from the first learning rate to ``eta_min``, again and again.

    Parameters
    ----------
    optimizer : whose groups are scheduled
    T_0 : steps to the first restart
    T_mult : each period is this many times as long as the one before
    eta_min : the smallest learning rate
    last_epoch : the number of the last step taken, to resume; -1 to begin

    Raises
    ------
    ValueError : ``T_0`` or ``T_mult`` is not a positive integer, ``eta_min`` is not a number
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        if T_0 <= 0 or not isinstance(T_0, int):
            raise ValueError(f"Expected positive integer T_0, but got {T_0}")
        if T_mult < 1 or not isinstance(T_mult, int):
            raise ValueError(f"Expected integer T_mult >= 1, but got {T_mult}")
        if not isinstance(eta_min, float | int):
            raise ValueError(f"Expected float or int eta_min, but got {eta_min} of type {type(eta_min)}")
        self.T_0 = self.T_i = T_0
        self.T_mult, self.eta_min = T_mult, eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def _rates(self) -> Sequence[Any]:
        return [_annealed(base, self.eta_min, self.T_cur / self.T_i) for base in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Go on to the next step, or to ``epoch``, which may be a fraction: ``step(epoch + i / batches)``.

        Raises
        ------
        ValueError : a negative ``epoch``
        """
        if epoch is None and self.last_epoch < 0:
            epoch = 0
        if epoch is None:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
        elif epoch < 0:
            raise ValueError(f"Expected non-negative epoch, but got {epoch}")
        elif epoch < self.T_0:
            self.T_i, self.T_cur = self.T_0, epoch
        elif self.T_mult == 1:
            self.T_cur = epoch % self.T_0
        else:
            restarts = int(math.log(epoch / self.T_0 * (self.T_mult - 1) + 1, self.T_mult))
            self.T_cur = epoch - self.T_0 * (self.T_mult**restarts - 1) / (self.T_mult - 1)
            self.T_i = self.T_0 * self.T_mult**restarts
        self.last_epoch = math.floor(epoch)
        with self._within_step():
            self._set(self.get_lr())
