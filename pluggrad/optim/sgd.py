"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any

from ..ops.creation import zeros_like
from .optimizer import Optimizer, Parameters, check_options

__all__ = ["SGD"]


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum (Sutskever et al., 2013) or Nesterov's.

    Parameters
    ----------
    params : tensors or groups
    lr : learning rate
    momentum, dampening : b ← momentum b + (1 - dampening) g, and p ← p - lr b
    weight_decay : adds weight_decay p to the gradient
    nesterov : p ← p - lr (g + momentum b)
    maximize : climb instead of descend
    foreach, differentiable, fused : accepted for PyTorch's sake, without effect

    Raises
    ------
    ValueError : a negative option; Nesterov without momentum or with dampening

    >>> import pluggrad
    >>> w = pluggrad.ones(1, requires_grad=True)
    >>> optimizer = SGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000], requires_grad=True)
    """

    def __init__(
        self, params: Parameters, lr: float = 1e-3, momentum: float = 0, dampening: float = 0, weight_decay: float = 0,
        nesterov: bool = False, *, maximize: bool = False, foreach: bool | None = None, differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:  # fmt: skip
        check_options(
            "SGD",
            learning_rate=(lr, lr >= 0),
            momentum_value=(momentum, momentum >= 0),
            weight_decay_value=(weight_decay, weight_decay >= 0),
        )
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay, "nesterov": nesterov,
            "maximize": maximize, "foreach": foreach, "differentiable": differentiable, "fused": fused,
        })  # fmt: skip

    def update(self, group: dict[str, Any]) -> None:
        """One step of the parameters of a group."""
        lr, momentum = float(group["lr"]), group["momentum"]
        for p, g, state in self.gradients(group):
            buffer = state.get("momentum_buffer")
            first = buffer is None
            if momentum and first:
                buffer = state["momentum_buffer"] = zeros_like(p)
            p._type.kernels.sgd_step(
                p._array, g, None if buffer is None else buffer._array, lr=lr, momentum=momentum,
                dampening=group["dampening"],
                weight_decay=group["weight_decay"], nesterov=group["nesterov"], maximize=group["maximize"], first=first,
            )  # fmt: skip
