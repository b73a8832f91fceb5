"""Adam and AdamW."""

from __future__ import annotations

from typing import Any

from ..ops.creation import zeros_like
from ..tensor import Tensor
from .optimizer import Optimizer, Parameters, check_options

__all__ = ["Adam", "AdamW"]


class Adam(Optimizer):
    """Adam (Kingma and Ba, 2015): steps scaled by running averages of the gradient and of its square.

    Parameters
    ----------
    params : tensors or groups
    lr : learning rate
    betas : how slowly the two averages follow
    eps : added to the root of the second, against division by zero
    weight_decay : adds weight_decay p to the gradient; with ``decoupled_weight_decay`` it shrinks p instead
    amsgrad : divide by the largest average so far (Reddi et al., 2018)
    maximize : climb instead of descend
    foreach, capturable, differentiable, fused : accepted for PyTorch's sake, without effect

    Raises
    ------
    ValueError : an option out of range

    >>> import pluggrad
    >>> w = pluggrad.ones(1, requires_grad=True)
    >>> optimizer = Adam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    def __init__(
        self, params: Parameters, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, amsgrad: bool = False, *, foreach: bool | None = None, maximize: bool = False,
        capturable: bool = False, differentiable: bool = False, fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:  # fmt: skip
        check_options(
            type(self).__name__, learning_rate=(lr, lr >= 0), epsilon_value=(eps, eps >= 0),
            beta_parameter_at_index_0=(betas[0], 0 <= betas[0] < 1),
            beta_parameter_at_index_1=(betas[1], 0 <= betas[1] < 1),
            weight_decay_value=(weight_decay, weight_decay >= 0),
        )  # fmt: skip
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach, "capturable": capturable, "differentiable": differentiable, "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        })  # fmt: skip

    def update(self, group: dict[str, Any]) -> None:
        """One step of the parameters of a group."""
        lr, (beta1, beta2), amsgrad = float(group["lr"]), group["betas"], group["amsgrad"]
        for p, g, state in self.gradients(group):
            if not state:
                state["step"] = 0.0
                state["exp_avg"], state["exp_avg_sq"] = zeros_like(p), zeros_like(p)
                if amsgrad:
                    state["max_exp_avg_sq"] = zeros_like(p)
            state["step"] += 1
            arrays = [p._array, g, state["exp_avg"]._array, state["exp_avg_sq"]._array]
            largest = state["max_exp_avg_sq"]._array if amsgrad else None
            _adam(
                p, arrays, largest, step=state["step"], lr=lr, beta1=beta1, beta2=beta2, eps=group["eps"],
                weight_decay=group["weight_decay"], decoupled=group["decoupled_weight_decay"],
                maximize=group["maximize"],
            )  # fmt: skip


def _adam(p: Tensor, arrays: list[Any], largest: Any, **options: Any) -> None:
    kernels = p._type.kernels
    if not p.dtype.is_complex:
        kernels.adam_step(*arrays, largest, **options)
        return
    # As in PyTorch, the real and the imaginary part are two parameters of their own.
    namespace = kernels.namespace
    every = [*arrays, largest]
    parts = []
    for part in (namespace.real, namespace.imag):
        copies = [None if a is None else kernels.copy(part(a)) for a in every]
        kernels.adam_step(*copies, **options)
        parts.append(copies)
    for array, re, im in zip(every, *parts, strict=True):
        if array is not None:
            array[...] = re + 1j * im


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
        self, params: Parameters, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 1e-2, amsgrad: bool = False, *, maximize: bool = False, foreach: bool | None = None,
        capturable: bool = False, differentiable: bool = False, fused: bool | None = None,
    ) -> None:  # fmt: skip
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, foreach=foreach, maximize=maximize, capturable=capturable,
            differentiable=differentiable, fused=fused, decoupled_weight_decay=True,
        )  # fmt: skip
