"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any

from ..ops.creation import zeros_like
from ..tensor import Tensor
from .optimizer import Optimizer, Parameters, check_fused, check_options

__all__ = ["SGD"]


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum (Sutskever et al., 2013) or Nesterov's.

    Parameters
    ----------
    params : tensors, named tensors or groups
    lr : float or 0-D Tensor, learning rate
    momentum, dampening : b ← momentum b + (1 - dampening) g, and p ← p - lr b
    weight_decay : adds weight_decay p to the gradient
    nesterov : p ← p - lr (g + momentum b)
    maximize : climb instead of descend
    foreach, fused : accepted for PyTorch's sake: all parameters are updated at once anyway
    differentiable : record the step, so that gradients go through it

    Raises
    ------
    ValueError : a negative option; Nesterov without momentum or with dampening
    RuntimeError : ``fused`` with ``differentiable`` or ``foreach``

    >>> import pluggrad
    >>> w = pluggrad.ones(1, requires_grad=True)
    >>> optimizer = SGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000], requires_grad=True)
    """

    numbers = ()

    def __init__(
        self, params: Parameters, lr: float | Tensor = 1e-3, momentum: float = 0, dampening: float = 0,
        weight_decay: float | Tensor = 0, nesterov: bool = False, *, maximize: bool = False,
        foreach: bool | None = None, differentiable: bool = False, fused: bool | None = None,
    ) -> None:  # fmt: skip
        check_options(
            learning_rate=(lr, lr >= 0),
            momentum_value=(momentum, momentum >= 0),
            weight_decay_value=(weight_decay, weight_decay >= 0),
        )
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        check_fused(fused, foreach, differentiable)
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay, "nesterov": nesterov,
            "maximize": maximize, "foreach": foreach, "differentiable": differentiable, "fused": fused,
        })  # fmt: skip

    def update(self, group: dict[str, Any]) -> None:
        """One step of the parameters of a group."""
        momentum = group["momentum"]
        batches: dict[Any, list[Any]] = {}
        for p, g in self.with_gradient(group):
            buffer, first = None, False
            if momentum:
                state = self.state[p]
                buffer = state.get("momentum_buffer")
                if buffer is None:
                    first = True
                    buffer = state["momentum_buffer"] = zeros_like(p)
            batches.setdefault((p._type, first), []).append((p, g, buffer))
        for (_, first), rows in batches.items():
            self.run(
                "sgd_step", group, rows, lr=group["lr"], momentum=momentum, dampening=group["dampening"],
                weight_decay=group["weight_decay"], nesterov=group["nesterov"], maximize=group["maximize"], first=first,
            )  # fmt: skip
