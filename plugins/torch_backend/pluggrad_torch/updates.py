"""Steps of optimisers, in place, as ``torch.optim`` takes them. See ``pluggrad.backends.updates`` for the arguments."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

Tensors = Sequence[torch.Tensor]


def sgd_step(
    params: Tensors, grads: Tensors, momentum_buffers: Tensors | None, *, lr: float, momentum: float, dampening: float,
    weight_decay: float, nesterov: bool, maximize: bool, first: bool,
) -> None:  # fmt: skip
    for i, (p, g) in enumerate(zip(params, grads, strict=True)):
        if maximize:
            g = -g
        if weight_decay:
            g = g.add(p, alpha=weight_decay)
        if momentum:
            assert momentum_buffers is not None
            buffer = momentum_buffers[i]
            if first:
                buffer.copy_(g)
            else:
                buffer.mul_(momentum).add_(g, alpha=1 - dampening)
            g = g.add(buffer, alpha=momentum) if nesterov else buffer
        p.add_(g, alpha=-lr)


def adam_step(
    params: Tensors, grads: Tensors, exp_avgs: Tensors, exp_avg_sqs: Tensors, max_exp_avg_sqs: Tensors | None, *,
    step: float, lr: float, beta1: float, beta2: float, eps: float, weight_decay: float, decoupled: bool,
    maximize: bool,
) -> None:  # fmt: skip
    for i, (p, g, exp_avg, exp_avg_sq) in enumerate(zip(params, grads, exp_avgs, exp_avg_sqs, strict=True)):
        if p.is_complex():
            p, g, exp_avg, exp_avg_sq = (torch.view_as_real(x) for x in (p, g.resolve_conj(), exp_avg, exp_avg_sq))
        if maximize:
            g = -g
        if weight_decay and decoupled:
            p.mul_(1 - lr * weight_decay)
        elif weight_decay:
            g = g.add(p, alpha=weight_decay)
        exp_avg.lerp_(g, 1 - beta1)
        exp_avg_sq.mul_(beta2).addcmul_(g, g, value=1 - beta2)
        second = exp_avg_sq
        if max_exp_avg_sqs is not None:
            largest = max_exp_avg_sqs[i]
            if largest.is_complex():
                largest = torch.view_as_real(largest)
            second = torch.maximum(largest, exp_avg_sq, out=largest)
        root = second.sqrt().div_(math.sqrt(1 - beta2**step)).add_(eps)
        p.addcdiv_(exp_avg, root, value=-lr / (1 - beta1**step))


KERNELS = {f.__name__: f for f in (sgd_step, adam_step)}
