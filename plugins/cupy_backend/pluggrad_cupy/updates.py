"""Steps of optimisers, in place and in one kernel each. See ``pluggrad.backends.updates`` for the arguments."""

from __future__ import annotations

import math

from cupy import ndarray as Array

from . import pointwise


def sgd_step(
    p: Array, g: Array, momentum_buffer: Array | None, *, lr: float, momentum: float, dampening: float,
    weight_decay: float, nesterov: bool, maximize: bool, first: bool,
) -> None:  # fmt: skip
    if not momentum:
        pointwise.sgd(g, lr, weight_decay, maximize, p)
    else:
        pointwise.sgd_momentum(g, lr, weight_decay, maximize, momentum, dampening, nesterov, first, p, momentum_buffer)


def adam_step(
    p: Array, g: Array, exp_avg: Array, exp_avg_sq: Array, max_exp_avg_sq: Array | None, *, step: float, lr: float,
    beta1: float, beta2: float, eps: float, weight_decay: float, decoupled: bool, maximize: bool,
) -> None:  # fmt: skip
    if p.dtype.kind == "c":
        raise TypeError("adam_step works on real arrays: give it the real and the imaginary parts")
    options = (
        lr, beta1, beta2, eps, weight_decay, decoupled, maximize, 1 - beta1**step, math.sqrt(1 - beta2**step),
    )  # fmt: skip
    if max_exp_avg_sq is None:
        pointwise.adam(g, *options, p, exp_avg, exp_avg_sq)
    else:
        pointwise.adam_amsgrad(g, *options, p, exp_avg, exp_avg_sq, max_exp_avg_sq)


KERNELS = {f.__name__: f for f in (sgd_step, adam_step)}
