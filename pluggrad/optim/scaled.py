"""Steps scaled by past gradients: Adagrad, Adadelta, RMSprop, Rprop."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor
from .optimizer import Parameters, Stepwise, check_fused, check_options, filled

__all__ = ["Adadelta", "Adagrad", "RMSprop", "Rprop"]


class Adagrad(Stepwise):
    """Adagrad (Duchi, Hazan and Singer, 2011): steps scaled by the root of the sum of all squared gradients.

    Parameters
    ----------
    params : tensors, named tensors or groups
    lr : float or 0-D Tensor, learning rate
    lr_decay : step n has the learning rate lr / (1 + (n - 1) lr_decay)
    weight_decay : adds weight_decay p to the gradient
    initial_accumulator_value : what the sum starts with
    eps : added to the root, against division by zero
    maximize : climb instead of descend
    foreach, fused : accepted for PyTorch's sake: all parameters are updated at once anyway
    differentiable : record the step, so that gradients go through it

    Raises
    ------
    ValueError : a negative option
    RuntimeError : ``fused`` with ``differentiable`` or ``foreach``

    >>> import pluggrad
    >>> w = pluggrad.ones(1, requires_grad=True)
    >>> optimizer = Adagrad([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    kernel = "adagrad_step"

    def __init__(
        self, params: Parameters, lr: float | Tensor = 1e-2, lr_decay: float = 0, weight_decay: float = 0,
        initial_accumulator_value: float = 0, eps: float = 1e-10, foreach: bool | None = None, *,
        maximize: bool = False, differentiable: bool = False, fused: bool | None = None,
    ) -> None:  # fmt: skip
        check_options(
            learning_rate=(lr, lr >= 0),
            lr_decay_value=(lr_decay, lr_decay >= 0),
            weight_decay_value=(weight_decay, weight_decay >= 0),
            initial_accumulator_value_value=(initial_accumulator_value, initial_accumulator_value >= 0),
            epsilon_value=(eps, eps >= 0),
        )
        check_fused(fused, foreach, differentiable)
        super().__init__(params, {
            "lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable, "fused": fused,
        })  # fmt: skip
        for group in self.param_groups:
            for p in group["params"]:
                self.start(self.state[p], p, group)

    def share_memory(self) -> None:
        """Nothing to do: the state is shared by whoever shares the optimiser."""

    def memories(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        """See :meth:`Stepwise.memories`."""
        return ("sum",)

    def start(self, state: dict[str, Any], p: Tensor, group: dict[str, Any]) -> None:
        """See :meth:`Stepwise.start`."""
        state["step"] = self.new_number(0.0, p, group)
        state["sum"] = filled(group["initial_accumulator_value"], p)

    def options(self, group: dict[str, Any]) -> dict[str, Any]:
        """See :meth:`Stepwise.options`."""
        return {name: group[name] for name in ("lr", "lr_decay", "eps", "weight_decay", "maximize")}


class Adadelta(Stepwise):
    """Adadelta (Zeiler, 2012): steps in the units of the parameters, from averages of squared gradients and steps.

    Parameters
    ----------
    params : tensors, named tensors or groups
    lr : float or 0-D Tensor, scales the step
    rho : how slowly the averages follow
    eps : added under the roots, against division by zero
    weight_decay : adds weight_decay p to the gradient
    maximize : climb instead of descend
    foreach, capturable : accepted for PyTorch's sake: all parameters are updated at once anyway
    differentiable : record the step, so that gradients go through it

    Raises
    ------
    ValueError : an option out of range

    >>> import pluggrad
    >>> w = pluggrad.ones(1, requires_grad=True)
    >>> optimizer = Adadelta([w])
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9968], requires_grad=True)
    """

    kernel = "adadelta_step"

    def __init__(
        self, params: Parameters, lr: float | Tensor = 1.0, rho: float = 0.9, eps: float = 1e-6,
        weight_decay: float = 0, foreach: bool | None = None, *, capturable: bool = False, maximize: bool = False,
        differentiable: bool = False,
    ) -> None:  # fmt: skip
        check_options(
            learning_rate=(lr, lr >= 0),
            rho_value=(rho, 0 <= rho <= 1),
            epsilon_value=(eps, eps >= 0),
            weight_decay_value=(weight_decay, weight_decay >= 0),
        )
        super().__init__(params, {
            "lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
            "capturable": capturable, "foreach": foreach, "differentiable": differentiable,
        })  # fmt: skip

    def memories(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        """See :meth:`Stepwise.memories`."""
        return "square_avg", "acc_delta"

    def advance(self, state: dict[str, Any], group: dict[str, Any]) -> dict[str, Any]:
        """See :meth:`Stepwise.advance`. Steps are counted, but do not matter."""
        super().advance(state, group)
        return {}

    def options(self, group: dict[str, Any]) -> dict[str, Any]:
        """See :meth:`Stepwise.options`."""
        return {name: group[name] for name in ("lr", "rho", "eps", "weight_decay", "maximize")}


class RMSprop(Stepwise):
    """RMSprop (Hinton, 2012): steps scaled by the root of a running average of squared gradients.

    Parameters
    ----------
    params : tensors, named tensors or groups
    lr : float or 0-D Tensor, learning rate
    alpha : how slowly the average follows
    eps : added to the root, against division by zero
    weight_decay : adds weight_decay p to the gradient
    momentum : of the scaled gradients
    centered : scale by the estimated standard deviation instead (Graves, 2013)
    maximize : climb instead of descend
    foreach, capturable : accepted for PyTorch's sake: all parameters are updated at once anyway
    differentiable : record the step, so that gradients go through it

    Raises
    ------
    ValueError : a negative option

    >>> import pluggrad
    >>> w = pluggrad.ones(1, requires_grad=True)
    >>> optimizer = RMSprop([w], lr=0.01)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    kernel = "rmsprop_step"

    def __init__(
        self, params: Parameters, lr: float | Tensor = 1e-2, alpha: float = 0.99, eps: float = 1e-8,
        weight_decay: float = 0, momentum: float = 0, centered: bool = False, capturable: bool = False,
        foreach: bool | None = None, maximize: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        check_options(
            learning_rate=(lr, lr >= 0),
            epsilon_value=(eps, eps >= 0),
            momentum_value=(momentum, momentum >= 0),
            weight_decay_value=(weight_decay, weight_decay >= 0),
            alpha_value=(alpha, alpha >= 0),
        )
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered,
            "weight_decay": weight_decay, "capturable": capturable, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable,
        })  # fmt: skip

    def memories(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        """See :meth:`Stepwise.memories`."""
        return (
            "square_avg",
            "momentum_buffer" if group["momentum"] > 0 else None,
            "grad_avg" if group["centered"] else None,
        )

    def advance(self, state: dict[str, Any], group: dict[str, Any]) -> dict[str, Any]:
        """See :meth:`Stepwise.advance`. Steps are counted, but do not matter."""
        super().advance(state, group)
        return {}

    def options(self, group: dict[str, Any]) -> dict[str, Any]:
        """See :meth:`Stepwise.options`."""
        return {name: group[name] for name in ("lr", "alpha", "eps", "weight_decay", "momentum", "maximize")}


class Rprop(Stepwise):
    """Resilient backpropagation (Riedmiller and Braun, 1993): steps by the sign of the gradient, for whole batches.

    Parameters
    ----------
    params : tensors, named tensors or groups
    lr : float or 0-D Tensor, the first step
    etas : what a step is multiplied by where the gradient has changed its sign, and where it has not
    step_sizes : the smallest and the largest step
    maximize : climb instead of descend
    foreach, capturable : accepted for PyTorch's sake: all parameters are updated at once anyway
    differentiable : record the step, so that gradients go through it

    Raises
    ------
    ValueError : an option out of range

    >>> import pluggrad
    >>> w = pluggrad.ones(1, requires_grad=True)
    >>> optimizer = Rprop([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    kernel = "rprop_step"

    def __init__(
        self, params: Parameters, lr: float | Tensor = 1e-2, etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50), *, capturable: bool = False, foreach: bool | None = None,
        maximize: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        check_options(learning_rate=(lr, lr >= 0))
        if not 0 < etas[0] < 1 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        super().__init__(params, {
            "lr": lr, "etas": etas, "step_sizes": step_sizes, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable, "capturable": capturable,
        })  # fmt: skip

    def memories(self, group: dict[str, Any]) -> tuple[str | None, ...]:
        """See :meth:`Stepwise.memories`."""
        return "prev", "step_size"

    def start(self, state: dict[str, Any], p: Tensor, group: dict[str, Any]) -> None:
        """See :meth:`Stepwise.start`."""
        super().start(state, p, group)
        state["step_size"] = filled(float(group["lr"]), p)

    def advance(self, state: dict[str, Any], group: dict[str, Any]) -> dict[str, Any]:
        """See :meth:`Stepwise.advance`. Steps are counted, but do not matter."""
        super().advance(state, group)
        return {}

    def options(self, group: dict[str, Any]) -> dict[str, Any]:
        """See :meth:`Stepwise.options`."""
        (eta_minus, eta_plus), (smallest, largest) = group["etas"], group["step_sizes"]
        return {
            "eta_minus": eta_minus, "eta_plus": eta_plus, "smallest": smallest, "largest": largest,
            "maximize": group["maximize"],
        }  # fmt: skip
