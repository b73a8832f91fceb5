"""Steps of optimisers, as updates of raw arrays in place: the defaults, composed from the standard.

They are no functions of the registry: nothing differentiates them. A backend overrides one by a kernel of its name.
"""

from __future__ import annotations

import math
from typing import Any


def sgd_step(
    xp: Any, p: Any, g: Any, momentum_buffer: Any, *, lr: float, momentum: float, dampening: float, weight_decay: float,
    nesterov: bool, maximize: bool, first: bool,
) -> None:  # fmt: skip
    """Stochastic gradient descent with momentum, as ``torch.optim.SGD``: ``p`` and ``momentum_buffer`` change.

    ``first`` : the buffer holds nothing yet and starts as the gradient. Without momentum it is None.
    """
    if maximize:
        g = -g
    if weight_decay:
        g = g + weight_decay * p
    if momentum:
        momentum_buffer[...] = g if first else momentum * momentum_buffer + (1 - dampening) * g
        g = g + momentum * momentum_buffer if nesterov else momentum_buffer
    p[...] = p - lr * g


def adam_step(
    xp: Any, p: Any, g: Any, exp_avg: Any, exp_avg_sq: Any, max_exp_avg_sq: Any, *, step: float, lr: float,
    beta1: float, beta2: float, eps: float, weight_decay: float, decoupled: bool, maximize: bool,
) -> None:  # fmt: skip
    """Adam (Kingma and Ba, 2015), as ``torch.optim.Adam`` and ``AdamW``: ``p`` and the averages change.

    ``step`` : the number of this step, from 1; ``decoupled`` : weight decay shrinks the weights (AdamW,
    Loshchilov and Hutter, 2019) instead of adding to the gradient; ``max_exp_avg_sq`` : None without AMSGrad
    (Reddi et al., 2018). The second moment of a complex gradient is that of its real and imaginary parts apart.
    """
    if xp.isdtype(p.dtype, "complex floating"):
        raise TypeError("adam_step works on real arrays: give it the real and the imaginary parts")
    if maximize:
        g = -g
    if weight_decay and decoupled:
        p[...] = p * (1 - lr * weight_decay)
    elif weight_decay:
        g = g + weight_decay * p
    exp_avg[...] = exp_avg + (1 - beta1) * (g - exp_avg)
    exp_avg_sq[...] = beta2 * exp_avg_sq + (1 - beta2) * (g * g)
    second = exp_avg_sq
    if max_exp_avg_sq is not None:
        max_exp_avg_sq[...] = xp.maximum(max_exp_avg_sq, exp_avg_sq)
        second = max_exp_avg_sq
    correction = math.sqrt(1 - beta2**step)
    p[...] = p - (lr / (1 - beta1**step)) * (exp_avg / (xp.sqrt(second) / correction + eps))
