"""SparseAdam: Adam that leaves rows alone of which a batch says nothing."""

from __future__ import annotations

import math
from typing import Any

from ..ops.creation import zeros_like
from ..tensor import Tensor
from .optimizer import Optimizer, Parameters

__all__ = ["SparseAdam"]


class SparseAdam(Optimizer):
    """Adam for gradients that are zero in most rows, as those of embeddings are: a step changes only the other rows.

    :class:`Adam` moves every row at every step, by its average of past gradients. Here a row and its averages rest
    until it has a gradient again, as with the sparse gradients of PyTorch's ``Embedding(sparse=True)``. pluggrad's
    gradients are dense, so a row rests if its gradient is zero throughout. PyTorch knows which rows were looked up,
    and moves one whose gradient came out as exactly zero by its averages.

    Parameters
    ----------
    params : tensors, named tensors or groups, real; rows are along the first axis
    lr : float or 0-D Tensor, learning rate
    betas : how slowly the averages of the gradient and of its square follow
    eps : added to the root of the second, against division by zero
    maximize : climb instead of descend

    Raises
    ------
    ValueError : an option out of range, a complex parameter

    >>> import pluggrad
    >>> table = pluggrad.nn.Embedding(3, 2, sparse=True, _weight=pluggrad.ones(3, 2))
    >>> optimizer = SparseAdam(table.parameters(), lr=0.1)
    >>> table(pluggrad.tensor([0, 2])).sum().backward()
    >>> optimizer.step()
    >>> table.weight.data
    tensor([[0.9000, 0.9000],
            [1.0000, 1.0000],
            [0.9000, 0.9000]])
    """

    numbers = ()  # a step is counted by an int here, in PyTorch, too

    def __init__(
        self, params: Parameters, lr: float | Tensor = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8, maximize: bool = False,
    ) -> None:  # fmt: skip
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        if not lr > 0:
            raise ValueError(f"Invalid learning rate: {lr}")
        if not eps > 0:
            raise ValueError(f"Invalid epsilon value: {eps}")
        for i, beta in enumerate(betas):
            if not 0 <= beta < 1:
                raise ValueError(f"Invalid beta parameter at index {i}: {beta}")
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "maximize": maximize})
        complex_ones = [
            [i, j] for i, group in enumerate(self.param_groups) for j, p in enumerate(group["params"]) if p.is_complex()
        ]
        if complex_ones:
            raise ValueError(
                f"Complex params at indices {complex_ones}: SparseAdam does not support complex parameters"
            )

    def update(self, group: dict[str, Any]) -> None:
        """One step of the parameters of a group."""
        lr, (beta1, beta2) = float(group["lr"]), group["betas"]
        for p, grad in self.with_gradient(group):
            state = self.state[p]
            if not state:
                state.update(step=0, exp_avg=zeros_like(p), exp_avg_sq=zeros_like(p))
            state["step"] += 1
            rows = grad != 0 if grad.ndim < 2 else (grad != 0).flatten(1).any(1)
            g = -grad[rows] if group["maximize"] else grad[rows]
            exp_avg, exp_avg_sq = state["exp_avg"][rows], state["exp_avg_sq"][rows]
            exp_avg = exp_avg + (1 - beta1) * (g - exp_avg)
            exp_avg_sq = exp_avg_sq + (1 - beta2) * (g * g - exp_avg_sq)
            state["exp_avg"][rows], state["exp_avg_sq"][rows] = exp_avg, exp_avg_sq
            size = lr * math.sqrt(1 - beta2 ** state["step"]) / (1 - beta1 ** state["step"])
            p[rows] = p[rows] - size * (exp_avg / (exp_avg_sq.sqrt() + group["eps"]))
