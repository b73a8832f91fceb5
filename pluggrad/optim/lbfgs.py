"""L-BFGS: steps along directions of an estimated inverse Hessian, with or without a line search."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..autograd.mode import enable_grad, no_grad
from ..ops.creation import zeros_like
from ..ops.joining import concat, stack
from ..tensor import Tensor
from .line_search import strong_wolfe
from .optimizer import Optimizer, Parameters, check_options

__all__ = ["LBFGS"]

#: Below this curvature a pair of steps says nothing about the Hessian.
_LEAST_CURVATURE = 1e-10


class LBFGS(Optimizer):
    """L-BFGS (Nocedal and Wright, Numerical Optimization, 2006, algorithm 7.5), for whole batches.

    One ``step`` takes up to ``max_iter`` iterations and calls its closure at each. Keeps
    ``history_size`` + 1 copies of all parameters, twice.

    Parameters
    ----------
    params : tensors; one group only
    lr : float or 0-D Tensor, what a step is multiplied by; with a line search, where it begins
    max_iter, max_eval : the most iterations and evaluations of the closure to a step; ``max_eval``: 1.25 max_iter
    tolerance_grad : stop when no gradient is larger
    tolerance_change : stop when neither the parameters nor the loss change by more
    history_size : how many past steps the Hessian is estimated from
    line_search_fn : None or ``"strong_wolfe"``

    Raises
    ------
    ValueError : a negative learning rate, or more than one group
    RuntimeError : at a step, another line search

    >>> import pluggrad
    >>> w = pluggrad.tensor([3.0, -4.0], requires_grad=True)
    >>> optimizer = LBFGS([w], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = ((w - 1) ** 4).sum()
    ...     loss.backward()
    ...     return loss
    >>> first = optimizer.step(closure)
    >>> closure().item() < 1e-6
    True
    """

    numbers = ()

    def __init__(
        self, params: Parameters, lr: float | Tensor = 1, max_iter: int = 20, max_eval: int | None = None,
        tolerance_grad: float = 1e-7, tolerance_change: float = 1e-9, history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:  # fmt: skip
        check_options(learning_rate=(lr, lr >= 0))
        super().__init__(params, {
            "lr": lr, "max_iter": max_iter, "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change, "history_size": history_size,
            "line_search_fn": line_search_fn,
        })  # fmt: skip
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")

    @property
    def _params(self) -> list[Tensor]:
        return self.param_groups[0]["params"]

    def _gradient(self) -> Tensor:
        """All gradients one behind the other, complex ones as pairs of real numbers; zeros where there is none."""
        return concat([_flat(zeros_like(p) if p.grad is None else p.grad) for p in self._params])

    def _move(self, direction: Tensor, length: float) -> None:
        start = 0
        for p in self._params:
            end = start + p.numel() * (2 if p.dtype.is_complex else 1)
            p.add_(_like(direction[start:end], p), alpha=length)
            start = end

    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]
        """Take up to ``max_iter`` iterations.

        Parameters
        ----------
        closure : clears the gradients, computes the loss and its gradients, and returns the loss

        Returns
        -------
        the loss at the beginning
        """
        with no_grad():
            return self._iterate(enable_grad()(closure))

    def _iterate(self, closure: Callable[[], Any]) -> Any:
        group, state = self.param_groups[0], self.state[self._params[0]]
        lr, tolerance_change = float(group["lr"]), group["tolerance_change"]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        first_loss = closure()
        loss, gradient = float(first_loss), self._gradient()
        evaluations, done = 1, _largest(gradient) <= group["tolerance_grad"]
        state["func_evals"] += 1
        if done:
            return first_loss
        for iteration in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            direction = self._direction(state, gradient, group["history_size"])
            state["d"], state["prev_flat_grad"], state["prev_loss"] = direction, gradient, loss
            length = lr if state["n_iter"] > 1 else min(1.0, 1.0 / float(gradient.abs().sum())) * lr
            state["t"] = length
            slope = float(gradient.dot(direction))
            if slope > -tolerance_change:
                break
            before, used = loss, 0
            if group["line_search_fn"] is not None:
                if group["line_search_fn"] != "strong_wolfe":
                    raise RuntimeError(f"only 'strong_wolfe' is supported, got {group['line_search_fn']!r}")
                loss, gradient, length, used = self._search(
                    closure, length, direction, loss, gradient, slope, group["max_eval"] - evaluations
                )
                state["t"] = length
                self._move(direction, length)
                done = _largest(gradient) <= group["tolerance_grad"]
            else:
                self._move(direction, length)
                if iteration != group["max_iter"]:  # what comes after the last iteration is the next step's first
                    loss, gradient, used = float(closure()), self._gradient(), 1
                    done = _largest(gradient) <= group["tolerance_grad"]
            evaluations += used
            state["func_evals"] += used
            if (
                evaluations >= group["max_eval"] or done
                or _largest(direction) * length <= tolerance_change or abs(loss - before) < tolerance_change
            ):  # fmt: skip
                break
        return first_loss

    def _direction(self, state: dict[str, Any], gradient: Tensor, history_size: int) -> Tensor:
        """The direction of descent: the gradient through the inverse Hessian that the last steps tell of."""
        if state["n_iter"] == 1:
            state["old_dirs"], state["old_stps"], state["ro"], state["H_diag"] = [], [], [], 1
            return -gradient
        changes, steps, inverses = state["old_dirs"], state["old_stps"], state["ro"]
        change, step = gradient - state["prev_flat_grad"], state["d"] * float(state["t"])
        curvature = change.dot(step)
        if float(curvature) > _LEAST_CURVATURE:
            if len(changes) == history_size:
                for history in (changes, steps, inverses):
                    history.pop(0)
            changes.append(change)
            steps.append(step)
            inverses.append(1.0 / curvature)
            state["H_diag"] = curvature / change.dot(change)
        factors = state["al"] = [None] * history_size
        direction = -gradient
        for i in range(len(changes) - 1, -1, -1):
            factors[i] = steps[i].dot(direction) * inverses[i]
            direction.sub_(changes[i] * factors[i])
        direction = direction * state["H_diag"]
        for i in range(len(changes)):
            direction.add_(steps[i] * (factors[i] - changes[i].dot(direction) * inverses[i]))
        return direction

    def _search(
        self, closure: Callable[[], Any], length: float, direction: Tensor, loss: float, gradient: Tensor, slope: float,
        most: int,
    ) -> tuple[float, Tensor, float, int]:  # fmt: skip
        start = [p.clone() for p in self._params]

        def evaluate(t: float) -> tuple[float, Tensor]:
            self._move(direction, t)
            found = float(closure()), self._gradient()
            for p, value in zip(self._params, start, strict=True):
                p.copy_(value)
            return found

        return strong_wolfe(evaluate, length, direction, loss, gradient, slope, most=most)


def _largest(x: Tensor) -> float:
    return float(x.abs().max())


def _flat(x: Tensor) -> Tensor:
    return (stack([x.real, x.imag], axis=-1) if x.dtype.is_complex else x).reshape(-1)


def _like(flat: Tensor, p: Tensor) -> Tensor:
    if not p.dtype.is_complex:
        return flat.reshape(p.shape)
    pairs = flat.reshape(*p.shape, 2)
    return pairs[..., 0] + 1j * pairs[..., 1]
