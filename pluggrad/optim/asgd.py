"""Averaged stochastic gradient descent."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor
from .optimizer import Parameters, Stepwise, check_options
from .remembered import count, recall, remember

__all__ = ["ASGD"]


class ASGD(Stepwise):
    """Averaged stochastic gradient descent (Polyak and Juditsky, 1992). The average is ``state[p]["ax"]``.

    Parameters
    ----------
    params : tensors, named tensors or groups
    lr : float or 0-D Tensor, learning rate
    lambd, alpha : step n has the learning rate lr / (1 + lambd lr n)^alpha; lambd shrinks p besides
    t0 : the step at which averaging begins
    weight_decay : adds weight_decay p to the gradient
    maximize : climb instead of descend
    foreach, capturable : accepted for PyTorch's sake: all parameters are updated at once anyway
    differentiable : record the step, so that gradients go through it

    Raises
    ------
    ValueError : a negative learning rate or weight decay

    >>> import pluggrad
    >>> w = pluggrad.ones(1, requires_grad=True)
    >>> optimizer = ASGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000], requires_grad=True)
    """

    kernel, numbers = "asgd_step", ("step", "eta", "mu")

    def __init__(
        self, params: Parameters, lr: float | Tensor = 1e-2, lambd: float = 1e-4, alpha: float = 0.75, t0: float = 1e6,
        weight_decay: float = 0, foreach: bool | None = None, maximize: bool = False, differentiable: bool = False,
        capturable: bool = False,
    ) -> None:  # fmt: skip
        check_options(learning_rate=(lr, lr >= 0), weight_decay_value=(weight_decay, weight_decay >= 0))
        super().__init__(params, {
            "lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
        })  # fmt: skip

    def memories(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        """See :meth:`Stepwise.memories`."""
        return ("ax",)

    def new_number(self, value: float, p: Tensor, group: dict[str, Any]) -> Tensor:
        """A number to be remembered; as in PyTorch, here always on the parameter's device."""
        return super().new_number(value, p, {"capturable": True})

    def start(self, state: dict[str, Any], p: Tensor, group: dict[str, Any]) -> None:
        """See :meth:`Stepwise.start`."""
        super().start(state, p, group)
        state["eta"] = self.new_number(float(group["lr"]), p, group)
        state["mu"] = self.new_number(1.0, p, group)

    def advance(self, state: dict[str, Any], group: dict[str, Any]) -> dict[str, Any]:
        """See :meth:`Stepwise.advance`. The rates of this step were set by the one before."""
        step, lr, lambd = count(state), float(group["lr"]), group["lambd"]
        now = {name: recall(state[name]) for name in ("eta", "mu")}
        remember(state["eta"], lr / (1 + lambd * lr * step) ** group["alpha"])
        remember(state["mu"], 1 / max(1, step - group["t0"]))
        return now

    def options(self, group: dict[str, Any]) -> dict[str, Any]:
        """See :meth:`Stepwise.options`."""
        return {name: group[name] for name in ("lambd", "weight_decay", "maximize")}
