"""Muon: momentum whose matrices are made orthogonal."""

from __future__ import annotations

import math
from typing import Any

from ..dtypes import float32
from ..ops.creation import zeros_like
from ..tensor import Tensor
from .optimizer import Optimizer, Parameters

__all__ = ["Muon"]


class Muon(Optimizer):
    """Muon (Jordan et al., 2024; https://kellerjordan.github.io/posts/muon/), for the matrices of hidden layers.

    Embeddings, biases and the last layer go to another optimiser, such as :class:`AdamW`.

    Parameters
    ----------
    params : matrices, named matrices or groups of them
    lr : learning rate
    weight_decay : p ← p (1 - lr weight_decay) before each step
    momentum, nesterov : of the gradients, as an average
    ns_coefficients, ns_steps : of the Newton-Schulz iteration, which brings all singular values near 1
    eps : the least norm that the matrix is divided by
    adjust_lr_fn : what the learning rate of an (A, B) matrix is multiplied by: ``"original"``, which None stands for,
        √max(1, A / B); ``"match_rms_adamw"``, 0.2 √max(A, B), so that rates chosen for AdamW serve

    Raises
    ------
    ValueError : an option out of range, a parameter that is no matrix
    RuntimeError : at a step, a complex parameter

    Notes
    -----
    The iteration runs in the precision of the parameter, of float16 and bfloat16 in float32. PyTorch runs it in
    bfloat16, which GPUs multiply fast, and is that much less exact.

    >>> import pluggrad
    >>> w = pluggrad.eye(2, requires_grad=True)
    >>> optimizer = Muon([w], lr=0.1, weight_decay=0.0)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> bool((w.detach().diagonal() < 1).all())
    True
    """

    numbers = ()

    def __init__(
        self, params: Parameters, lr: float | Tensor = 1e-3, weight_decay: float = 0.1, momentum: float = 0.95,
        nesterov: bool = True, ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
        eps: float = 1e-7, ns_steps: int = 5, adjust_lr_fn: str | None = None,
    ) -> None:  # fmt: skip
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        for name, value in (("Learning rate", lr), ("momentum", momentum), ("weight decay", weight_decay)):
            if not value >= 0:
                raise ValueError(f"{name} should be >= 0 but is: {value}")
        if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
            raise ValueError(f"Adjust learning rate function {adjust_lr_fn} is not supported")
        if ns_steps >= 100:
            raise ValueError("Number of steps must be less than 100 for computational efficiency")
        if len(ns_coefficients) != 3:
            raise ValueError("Coefficients must be a tuple of exactly 3 values")
        super().__init__(params, {
            "lr": lr, "weight_decay": weight_decay, "momentum": momentum, "nesterov": nesterov,
            "ns_coefficients": ns_coefficients, "eps": eps, "ns_steps": ns_steps, "adjust_lr_fn": adjust_lr_fn,
        })  # fmt: skip

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """See :meth:`Optimizer.add_param_group`.

        Raises
        ------
        ValueError : a parameter that is no matrix
        """
        super().add_param_group(param_group)
        for p in param_group["params"]:
            if p.ndim != 2:
                self.param_groups.pop()
                raise ValueError(f"Muon only supports 2D parameters whereas we found a parameter with size: {p.shape}")

    def update(self, group: dict[str, Any]) -> None:
        """One step of the matrices of a group."""
        lr, momentum = float(group["lr"]), group["momentum"]
        for p, g in self.with_gradient(group):
            if p.dtype.is_complex:
                raise RuntimeError("Muon does not support complex parameters")
            state = self.state[p]
            if "momentum_buffer" not in state:
                state["momentum_buffer"] = zeros_like(g)
            average = state["momentum_buffer"].lerp_(g, 1 - momentum)
            change = g.lerp(average, momentum) if group["nesterov"] else average
            change = _orthogonal(change, group["ns_coefficients"], group["ns_steps"], group["eps"])
            p.mul_(1 - lr * group["weight_decay"])
            p.sub_(change.to(p.dtype) * (lr * _ratio(group["adjust_lr_fn"], *p.shape)))


def _orthogonal(x: Tensor, coefficients: tuple[float, float, float], steps: int, eps: float) -> Tensor:
    """The matrix with all singular values brought near 1 by a quintic iteration; (A, B) like ``x``."""
    a, b, c = coefficients
    wide = x.shape[0] <= x.shape[1]
    y = x if wide else x.mT
    if y.dtype.bits == 16:
        y = y.to(float32)
    y = y / (y * y).sum().sqrt().clamp(min=eps)
    for _ in range(steps):
        gram = y @ y.mT
        y = a * y + (b * gram + c * (gram @ gram)) @ y
    return y if wide else y.mT


def _ratio(adjust: str | None, rows: int, columns: int) -> float:
    if adjust == "match_rms_adamw":
        return 0.2 * math.sqrt(max(rows, columns))
    return math.sqrt(max(1, rows / columns))
