"""Adam and AdamW."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor
from .optimizer import Parameters, Stepwise, check_fused, check_options

__all__ = ["Adam", "AdamW"]


class Adam(Stepwise):
    """Adam (Kingma and Ba, 2015): steps scaled by running averages of the gradient and of its square.

    Parameters
    ----------
    params : tensors, named tensors or groups
    lr : float or 0-D Tensor, learning rate
    betas : how slowly the two averages follow
    eps : added to the root of the second, against division by zero
    weight_decay : adds weight_decay p to the gradient; with ``decoupled_weight_decay`` it shrinks p instead
    amsgrad : divide by the largest average so far (Reddi et al., 2018)
    maximize : climb instead of descend
    foreach, capturable, fused : accepted for PyTorch's sake: all parameters are updated at once anyway
    differentiable : record the step, so that gradients go through it

    Raises
    ------
    ValueError : an option out of range
    RuntimeError : ``fused`` with ``differentiable`` or ``foreach``

    >>> import pluggrad
    >>> w = pluggrad.ones(1, requires_grad=True)
    >>> optimizer = Adam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    kernel = "adam_step"

    def __init__(
        self, params: Parameters, lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float | Tensor = 0, amsgrad: bool = False, *, foreach: bool | None = None,
        maximize: bool = False, capturable: bool = False, differentiable: bool = False, fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:  # fmt: skip
        check_options(**adam_bounds(lr, betas, eps, weight_decay))
        check_fused(fused, foreach, differentiable)
        super().__init__(params, {
            "lr": lr, "betas": tuple(betas), "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad,
            "maximize": maximize, "foreach": foreach, "capturable": capturable, "differentiable": differentiable,
            "fused": fused, "decoupled_weight_decay": decoupled_weight_decay,
        })  # fmt: skip

    def memories(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        """See :meth:`Stepwise.memories`."""
        return "exp_avg", "exp_avg_sq", "max_exp_avg_sq" if group["amsgrad"] else None

    def options(self, group: dict[str, Any]) -> dict[str, Any]:
        """See :meth:`Stepwise.options`."""
        return {**adam_options(group), "decoupled": group["decoupled_weight_decay"]}


def adam_bounds(lr: Any, betas: Any, eps: Any, weight_decay: Any) -> dict[str, tuple[Any, bool]]:
    """What all of Adam's family ask of the options they share."""
    return {
        "learning_rate": (lr, lr >= 0),
        "epsilon_value": (eps, eps >= 0),
        "beta_parameter_at_index_0": (betas[0], 0 <= betas[0] < 1),
        "beta_parameter_at_index_1": (betas[1], 0 <= betas[1] < 1),
        "weight_decay_value": (weight_decay, weight_decay >= 0),
    }


def adam_options(group: dict[str, Any]) -> dict[str, Any]:
    """The options that the steps of all of Adam's family take."""
    beta1, beta2 = group["betas"]
    return {
        "lr": group["lr"], "beta1": beta1, "beta2": beta2, "eps": group["eps"], "weight_decay": group["weight_decay"],
        "maximize": group["maximize"],
    }  # fmt: skip


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019): p ← p (1 - lr weight_decay) before each step.

    Parameters and errors as :class:`Adam`; ``weight_decay`` defaults to 0.01.

    >>> import pluggrad
    >>> w = pluggrad.ones(1, requires_grad=True)
    >>> optimizer = AdamW([w], lr=0.1, weight_decay=0.5)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8500], requires_grad=True)
    """

    def __init__(
        self, params: Parameters, lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 1e-2,
        amsgrad: bool = False, *, maximize: bool = False, foreach: bool | None = None, capturable: bool = False,
        differentiable: bool = False, fused: bool | None = None,
    ) -> None:  # fmt: skip
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, foreach=foreach, maximize=maximize, capturable=capturable,
            differentiable=differentiable, fused=fused, decoupled_weight_decay=True,
        )  # fmt: skip

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:  # a state of Adam's does not make this one couple
            group["decoupled_weight_decay"] = True
