"""Adafactor: second moments kept as one row and one column for each matrix."""

from __future__ import annotations

import math
from typing import Any

from ..dtypes import finfo
from ..ops.creation import zeros, zeros_like
from ..tensor import Tensor
from .optimizer import Optimizer, Parameters
from .remembered import count

__all__ = ["Adafactor"]


class Adafactor(Optimizer):
    """Adafactor (Shazeer and Stern, 2018), for large models: memory grows with rows plus columns of a matrix.

    Parameters
    ----------
    params : tensors, named tensors or groups
    lr : float or 0-D Tensor: step n is min(lr, 1 / √n) times the root mean square of p
    beta2_decay : how the average of squared gradients gets slower: its weight at step n is n^beta2_decay
    eps : least variance, whose root is this (None: that of the dtype), and least root mean square of p
    d : the root mean square of a scaled gradient is brought down to this
    weight_decay : p ← p (1 - lr weight_decay) before each step
    maximize : climb instead of descend
    foreach : accepted for PyTorch's sake

    Raises
    ------
    ValueError : an option out of range
    RuntimeError : at a step, a complex parameter

    >>> import pluggrad
    >>> w = pluggrad.ones(2, 2, requires_grad=True)
    >>> optimizer = Adafactor([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> round(w[0, 0].item(), 4)
    0.9
    """

    def __init__(
        self, params: Parameters, lr: float | Tensor = 1e-2, beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3), d: float = 1.0, weight_decay: float = 0.0, *,
        foreach: bool | None = None, maximize: bool = False,
    ) -> None:  # fmt: skip
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        for name, value, fine, bound in (
            ("Learning rate", lr, lr >= 0, ">= 0"), ("beta2_decay", beta2_decay, beta2_decay <= 0, "<= 0"),
            ("epsilon1", eps[0], eps[0] is None or eps[0] >= 0, ">= 0"), ("epsilon2", eps[1], eps[1] >= 0, ">= 0"),
            ("Clipping threshold d", d, d >= 1, ">= 1"), ("weight_decay", weight_decay, weight_decay >= 0, ">= 0"),
        ):  # fmt: skip
            if not fine:
                raise ValueError(f"{name} should be {bound} but is: {value}")
        super().__init__(params, {
            "lr": lr, "beta2_decay": beta2_decay, "eps": eps, "d": d, "weight_decay": weight_decay, "foreach": foreach,
            "maximize": maximize,
        })  # fmt: skip

    def update(self, group: dict[str, Any]) -> None:
        """One step of the parameters of a group."""
        for p, g in self.with_gradient(group):
            if p.dtype.is_complex:
                raise RuntimeError("Adafactor does not support complex parameters")
            state = self.state[p]
            if not state:
                state["step"] = self.new_number(0.0, p, group)
                if g.ndim > 1:
                    *batch, rows, columns = g.shape
                    state["row_var"] = zeros(*batch, rows, 1, dtype=g.dtype, device=g.device)
                    state["col_var"] = zeros(*batch, 1, columns, dtype=g.dtype, device=g.device)
                else:
                    state["variance"] = zeros_like(g)
            _update(p, -g if group["maximize"] else g, state, group)


def _update(p: Tensor, g: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
    lr, (eps1, eps2) = float(group["lr"]), group["eps"]
    if eps1 is None:
        eps1 = finfo(p.dtype).eps
    step = count(state)
    weight = step ** group["beta2_decay"]
    scale = _root_mean_square(p).clamp(min=eps2) * min(lr, 1 / math.sqrt(step))
    p.mul_(1 - lr * group["weight_decay"])
    square = g * g
    if g.ndim > 1:
        rows = state["row_var"].lerp_(square.mean(-1, keepdim=True), weight)
        columns = state["col_var"].lerp_(square.mean(-2, keepdim=True), weight)
        variance = (rows @ columns) / rows.mean(-2, keepdim=True).clamp(min=eps1)
    else:
        variance = state["variance"].lerp_(square, weight)
    change = g * variance.clamp(min=eps1 * eps1).rsqrt()
    p.sub_(change * (scale / (_root_mean_square(change) / group["d"]).clamp(min=1.0)))


def _root_mean_square(x: Tensor) -> Tensor:
    return (x * x).mean().sqrt()
