"""Steps of optimisers, in place, as ``torch.optim`` takes them. See ``pluggrad.backends.updates`` for the arguments."""

from __future__ import annotations

import math

import torch

Tensor = torch.Tensor


def sgd_step(
    p: Tensor, g: Tensor, momentum_buffer: Tensor | None, *, lr: float, momentum: float, dampening: float,
    weight_decay: float, nesterov: bool, maximize: bool, first: bool,
) -> None:  # fmt: skip
    if maximize:
        g = -g
    if weight_decay:
        g = g.add(p, alpha=weight_decay)
    if momentum:
        assert momentum_buffer is not None
        if first:
            momentum_buffer.copy_(g)
        else:
            momentum_buffer.mul_(momentum).add_(g, alpha=1 - dampening)
        g = g.add(momentum_buffer, alpha=momentum) if nesterov else momentum_buffer
    p.add_(g, alpha=-lr)


def adam_step(
    p: Tensor, g: Tensor, exp_avg: Tensor, exp_avg_sq: Tensor, max_exp_avg_sq: Tensor | None, *, step: float, lr: float,
    beta1: float, beta2: float, eps: float, weight_decay: float, decoupled: bool, maximize: bool,
) -> None:  # fmt: skip
    if p.dtype.is_complex:
        raise TypeError("adam_step works on real arrays: give it the real and the imaginary parts")
    if maximize:
        g = -g
    if weight_decay and decoupled:
        p.mul_(1 - lr * weight_decay)
    elif weight_decay:
        g = g.add(p, alpha=weight_decay)
    exp_avg.lerp_(g, 1 - beta1)
    exp_avg_sq.mul_(beta2).addcmul_(g, g, value=1 - beta2)
    second = exp_avg_sq
    if max_exp_avg_sq is not None:
        second = torch.maximum(max_exp_avg_sq, exp_avg_sq, out=max_exp_avg_sq)
    root = second.sqrt().div_(math.sqrt(1 - beta2**step)).add_(eps)
    p.addcdiv_(exp_avg, root, value=-lr / (1 - beta1**step))


KERNELS = {f.__name__: f for f in (sgd_step, adam_step)}
