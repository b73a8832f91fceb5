"""Variants of Adam: NAdam, RAdam, Adamax."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor
from .adam import adam_bounds, adam_options
from .optimizer import Parameters, Stepwise, check_options
from .remembered import count, recall, remember, rounded

__all__ = ["Adamax", "NAdam", "RAdam"]


class NAdam(Stepwise):
    """Adam with Nesterov's momentum (Dozat, 2016).

    Parameters
    ----------
    params : tensors, named tensors or groups
    lr, betas, eps, weight_decay : as for :class:`Adam`
    momentum_decay : how the momentum grows with the steps: beta1 (1 - 0.5 · 0.96^(step · momentum_decay))
    decoupled_weight_decay : weight decay shrinks p instead of adding to the gradient
    maximize : climb instead of descend
    foreach, capturable : accepted for PyTorch's sake: all parameters are updated at once anyway
    differentiable : record the step, so that gradients go through it

    Raises
    ------
    ValueError : an option out of range

    >>> import pluggrad
    >>> w = pluggrad.ones(1, requires_grad=True)
    >>> optimizer = NAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> round(w.item(), 4)
    0.8944
    """

    kernel, numbers = "nadam_step", ("step", "mu_product")

    def __init__(
        self, params: Parameters, lr: float | Tensor = 2e-3, betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8, weight_decay: float = 0, momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False, *, foreach: bool | None = None, maximize: bool = False,
        capturable: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        check_options(
            **adam_bounds(lr, betas, eps, weight_decay), momentum_decay_value=(momentum_decay, momentum_decay >= 0)
        )
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay, "maximize": maximize, "foreach": foreach,
            "capturable": capturable, "differentiable": differentiable,
        })  # fmt: skip

    def memories(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        """See :meth:`Stepwise.memories`."""
        return "exp_avg", "exp_avg_sq"

    def start(self, state: dict[str, Any], p: Tensor, group: dict[str, Any]) -> None:
        """See :meth:`Stepwise.start`."""
        super().start(state, p, group)
        state["mu_product"] = self.new_number(1.0, p, group)

    def advance(self, state: dict[str, Any], group: dict[str, Any]) -> dict[str, Any]:
        """See :meth:`Stepwise.advance`."""
        step, beta1, decay = count(state), group["betas"][0], group["momentum_decay"]
        mu, mu_next = (beta1 * (1 - 0.5 * 0.96 ** (n * decay)) for n in (step, step + 1))
        product = state["mu_product"]
        remember(product, recall(product) * rounded(mu, product))
        return {"step": step, "mu": mu, "mu_next": mu_next, "mu_product": recall(product)}

    def options(self, group: dict[str, Any]) -> dict[str, Any]:
        """See :meth:`Stepwise.options`."""
        return {**adam_options(group), "decoupled": group["decoupled_weight_decay"]}


class RAdam(Stepwise):
    """Rectified Adam (Liu et al., 2020): plain momentum until the variance of the second average is known.

    Parameters
    ----------
    params : tensors, named tensors or groups
    lr, betas, eps, weight_decay : as for :class:`Adam`
    decoupled_weight_decay : weight decay shrinks p instead of adding to the gradient
    maximize : climb instead of descend
    foreach, capturable : accepted for PyTorch's sake: all parameters are updated at once anyway
    differentiable : record the step, so that gradients go through it

    Raises
    ------
    ValueError : an option out of range

    >>> import pluggrad
    >>> w = pluggrad.ones(1, requires_grad=True)
    >>> optimizer = RAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000], requires_grad=True)
    """

    kernel = "radam_step"

    def __init__(
        self, params: Parameters, lr: float | Tensor = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8, weight_decay: float = 0, decoupled_weight_decay: bool = False, *,
        foreach: bool | None = None, maximize: bool = False, capturable: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        check_options(**adam_bounds(lr, betas, eps, weight_decay))
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
            "foreach": foreach, "capturable": capturable, "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        })  # fmt: skip

    def memories(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        """See :meth:`Stepwise.memories`."""
        return "exp_avg", "exp_avg_sq"

    def options(self, group: dict[str, Any]) -> dict[str, Any]:
        """See :meth:`Stepwise.options`."""
        return {**adam_options(group), "decoupled": group["decoupled_weight_decay"]}


class Adamax(Stepwise):
    """Adam by the largest gradient instead of the mean square (Kingma and Ba, 2015, section 7.1).

    Parameters
    ----------
    params : tensors, named tensors or groups
    lr, betas, eps, weight_decay : as for :class:`Adam`
    maximize : climb instead of descend
    foreach, capturable : accepted for PyTorch's sake: all parameters are updated at once anyway
    differentiable : record the step, so that gradients go through it

    Raises
    ------
    ValueError : an option out of range

    >>> import pluggrad
    >>> w = pluggrad.ones(1, requires_grad=True)
    >>> optimizer = Adamax([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    kernel = "adamax_step"

    def __init__(
        self, params: Parameters, lr: float | Tensor = 2e-3, betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8, weight_decay: float = 0, foreach: bool | None = None, *, maximize: bool = False,
        differentiable: bool = False, capturable: bool = False,
    ) -> None:  # fmt: skip
        check_options(**adam_bounds(lr, betas, eps, weight_decay))
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
        })  # fmt: skip

    def memories(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        """See :meth:`Stepwise.memories`."""
        return "exp_avg", "exp_inf"

    def options(self, group: dict[str, Any]) -> dict[str, Any]:
        """See :meth:`Stepwise.options`."""
        return adam_options(group)
