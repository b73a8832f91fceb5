"""Averages of a model's weights over training: stochastic weight averaging, exponential moving averages."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from itertools import chain
from typing import Any, Literal

from ..autograd.mode import no_grad
from ..device import Device
from ..dtypes import int64
from ..errors import ExpectationError
from ..nn.modules.batchnorm import _BatchNorm
from ..nn.modules.module import Module
from ..ops.creation import tensor
from ..tensor import Tensor
from .lr_scheduler.base import LRScheduler, per_group
from .optimizer import Optimizer

__all__ = [
    "SWALR", "AveragedModel", "get_ema_avg_fn", "get_ema_multi_avg_fn", "get_swa_avg_fn", "get_swa_multi_avg_fn",
    "update_bn",
]  # fmt: skip

Average = Callable[[Tensor, Tensor, Tensor | int], Tensor]
MultiAverage = Callable[[Sequence[Tensor], Sequence[Tensor], Tensor | int], None]


def _check_decay(decay: float) -> None:
    if not 0 <= decay <= 1:
        raise ValueError(f"Invalid decay value {decay} provided. Please provide a value in [0,1] range.")


def get_ema_multi_avg_fn(decay: float = 0.999) -> MultiAverage:
    """The update of an exponential moving average, of a list of weights in place: w ← decay w + (1 - decay) new.

    Raises
    ------
    ValueError : ``decay`` is not between 0 and 1
    """
    _check_decay(decay)

    @no_grad()
    def ema_update(averaged: Sequence[Tensor], current: Sequence[Tensor], _: Tensor | int) -> None:
        for average, new in zip(averaged, current, strict=True):
            if average.dtype.is_differentiable:
                average.lerp_(new, 1 - decay)
            else:
                average.copy_(average * decay + new * (1 - decay))

    return ema_update


def get_swa_multi_avg_fn() -> MultiAverage:
    """The update of an average with equal weights, of a list of weights in place: w ← w + (new - w) / (n + 1)."""

    @no_grad()
    def swa_update(averaged: Sequence[Tensor], current: Sequence[Tensor], num_averaged: Tensor | int) -> None:
        part = 1 / (int(num_averaged) + 1)
        for average, new in zip(averaged, current, strict=True):
            if average.dtype.is_differentiable:
                average.lerp_(new, part)
            else:
                average.copy_(average + (new - average) * part)

    return swa_update


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """The update of an exponential moving average, of one weight: decay w + (1 - decay) new.

    Raises
    ------
    ValueError : ``decay`` is not between 0 and 1
    """
    _check_decay(decay)

    @no_grad()
    def ema_update(averaged: Tensor, current: Tensor, num_averaged: Tensor | int) -> Tensor:
        return decay * averaged + (1 - decay) * current

    return ema_update


def get_swa_avg_fn() -> Average:
    """The update of an average with equal weights, of one weight: w + (new - w) / (n + 1)."""

    @no_grad()
    def swa_update(averaged: Tensor, current: Tensor, num_averaged: Tensor | int) -> Tensor:
        return averaged + (current - averaged) / (int(num_averaged) + 1)

    return swa_update


class AveragedModel(Module):
    """A copy of a model whose weights are an average of the model's over training (Izmailov et al., 2018).

    Parameters
    ----------
    model : whose weights are averaged
    device : of the copy; the model's, unless given
    avg_fn : gives the new average of one weight from ``(average, weight, number averaged so far)``; equal
        weights, unless given
    multi_avg_fn : the same for lists of weights, in place, such as :func:`get_ema_multi_avg_fn` makes
    use_buffers : average the buffers, too, instead of copying them

    Attributes
    ----------
    module : the copy
    n_averaged : Tensor, shape (), int64, how often :meth:`update_parameters` was called

    Raises
    ------
    ValueError : both functions given

    >>> import pluggrad
    >>> model = pluggrad.nn.Linear(1, 1, bias=False)
    >>> average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9))
    >>> for weight in (1.0, 2.0):
    ...     _ = model.weight.data.fill_(weight)
    ...     average.update_parameters(model)
    >>> average.module.weight.item()
    1.100000023841858
    """

    n_averaged: Tensor

    def __init__(
        self, model: Module, device: Device | str | None = None, avg_fn: Average | None = None,
        multi_avg_fn: MultiAverage | None = None, use_buffers: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise ExpectationError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", tensor(0, dtype=int64, device=device))
        self.avg_fn, self.multi_avg_fn, self.use_buffers = avg_fn, multi_avg_fn, use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the averaged model gives."""
        return self.module(*args, **kwargs)

    @no_grad()
    def update_parameters(self, model: Module) -> None:
        """Take the weights of ``model`` into the average; the first time, as they are."""
        averaged = [p.detach() for p in self._averaged(self.module)]
        current = [p.detach().to(a.device) for p, a in zip(self._averaged(model), averaged, strict=True)]
        count = int(self.n_averaged)
        if count == 0:
            for average, new in zip(averaged, current, strict=True):
                average.copy_(new)
        elif self.avg_fn is not None:
            for average, new in zip(averaged, current, strict=True):
                average.copy_(self.avg_fn(average, new, self.n_averaged.to(average.device)))
        elif averaged:
            (self.multi_avg_fn or get_swa_multi_avg_fn())(averaged, current, self.n_averaged)
        if not self.use_buffers:
            for buffer, new in zip(self.module.buffers(), model.buffers(), strict=True):
                buffer.detach().copy_(new.detach().to(buffer.device))
        self.n_averaged.fill_(count + 1)

    def _averaged(self, model: Module) -> Iterator[Tensor]:
        return chain(model.parameters(), model.buffers()) if self.use_buffers else iter(model.parameters())


@no_grad()
def update_bn(loader: Iterable[Any], model: Module, device: Device | str | None = None) -> None:
    """Compute the running statistics of a model's batch norms anew: those of averaged weights are not averages.

    Parameters
    ----------
    loader : gives batches, or lists and tuples that begin with one
    model : Module, in whose batch norms the running means and variances become those over all batches
    device : where batches are brought to
    """
    norms = {module: module.momentum for module in model.modules() if isinstance(module, _BatchNorm)}
    if not norms:
        return
    was_training = model.training
    model.train()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # equal weights for all batches
    try:
        for batch in loader:
            inputs = batch[0] if isinstance(batch, list | tuple) else batch
            model(inputs if device is None else inputs.to(device))
    finally:
        for norm, momentum in norms.items():
            norm.momentum = momentum
        model.train(was_training)


class SWALR(LRScheduler):
    """The learning rate brought to ``swa_lr`` in ``anneal_epochs`` steps, and kept there.

    Parameters
    ----------
    optimizer : whose groups are scheduled
    swa_lr : the rate to go to, or a list of one for each group
    anneal_epochs : steps on the way
    anneal_strategy : ``"cos"`` or ``"linear"``
    last_epoch : the number of the last step taken, to resume; -1 to begin

    Raises
    ------
    ValueError : an unknown strategy, a negative number of steps, a list of another length than the groups
    """

    def __init__(
        self, optimizer: Optimizer, swa_lr: Any, anneal_epochs: int = 10,
        anneal_strategy: Literal["cos", "linear"] = "cos", last_epoch: int = -1,
    ) -> None:  # fmt: skip
        for rate, group in zip(per_group("swa_lr", optimizer, swa_lr), optimizer.param_groups, strict=True):
            group["swa_lr"] = rate
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self._anneal_strategy, self.anneal_epochs = anneal_strategy, anneal_epochs
        super().__init__(optimizer, last_epoch)

    def _done(self, step: int) -> float:
        t = max(0.0, min(1.0, step / max(1, self.anneal_epochs)))
        return t if self._anneal_strategy == "linear" else (1 - math.cos(math.pi * t)) / 2

    def _rates(self) -> Sequence[Any]:
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = self._done(step - 1), self._done(step)
        rates = []
        for group in self.optimizer.param_groups:
            end = group["swa_lr"]
            start = end if before == 1 else (group["lr"] - before * end) / (1 - before)
            rates.append(end * now + start * (1 - now))
        return rates
