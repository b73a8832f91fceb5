"""Steps of optimisers. Each is written once, as a rule: new values from old ones, in the standard.

A rule takes one parameter, its gradient and what the optimiser remembers of it, and returns the new
parameter and the new memories, None for one that is not kept. It works elementwise and on real arrays: the real
and the imaginary part of a complex parameter are two parameters of their own, as in PyTorch. It runs

- on raw arrays, for lists of parameters at once: as the kernel of its name, such as ``adam_step``, which is called with
  a list of parameters, one of gradients, one for each memory, and writes the new values over the old ones. How a list
  is gone through is the kernel :func:`pluggrad.backends.defaults.update_each`; a backend overrides that, or one step;
- on Tensors, on record, for ``differentiable=True``.

Steps are no functions of the registry: their derivatives are those of what they are composed of.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

Rule = Callable[..., tuple[Any, ...]]


def _step(rule: Rule) -> Callable[..., None]:
    """The kernel of a rule: ``kernel(params, grads, *memories, **options)``, where a memory not kept is None."""

    @functools.wraps(rule)
    def step(
        xp: Any, params: Sequence[Any], grads: Sequence[Any], *memories: Sequence[Any] | None, **options: Any
    ) -> None:
        xp.update_each(functools.partial(rule, xp, **options), params, grads, *memories)

    step.rule = rule  # type: ignore[attr-defined]
    return step


def _directed(p: Any, g: Any, weight_decay: float, maximize: bool) -> Any:
    """The gradient to descend along: of the loss or, to climb, of its negative, with the pull of weight decay."""
    if maximize:
        g = -g
    return g + weight_decay * p if weight_decay else g


def _moments(g: Any, exp_avg: Any, exp_avg_sq: Any, beta1: float, beta2: float) -> tuple[Any, Any]:
    """The running averages of the gradient and of its square."""
    return exp_avg + (1 - beta1) * (g - exp_avg), beta2 * exp_avg_sq + (1 - beta2) * (g * g)


@_step
def sgd_step(
    xp: Any, p: Any, g: Any, momentum_buffer: Any, *, lr: float, momentum: float, dampening: float, weight_decay: float,
    nesterov: bool, maximize: bool, first: bool,
) -> tuple[Any, ...]:  # fmt: skip
    """Stochastic gradient descent with momentum (Sutskever et al., 2013).

    ``first`` : the buffer holds nothing yet and starts as the gradient. Without momentum it is None.
    """
    g = _directed(p, g, weight_decay, maximize)
    if momentum:
        momentum_buffer = g if first else momentum * momentum_buffer + (1 - dampening) * g
        g = g + momentum * momentum_buffer if nesterov else momentum_buffer
    return p - lr * g, momentum_buffer


@_step
def adam_step(
    xp: Any, p: Any, g: Any, exp_avg: Any, exp_avg_sq: Any, max_exp_avg_sq: Any, *, step: float, lr: float,
    beta1: float, beta2: float, eps: float, weight_decay: float, decoupled: bool, maximize: bool,
) -> tuple[Any, ...]:  # fmt: skip
    """Adam (Kingma and Ba, 2015).

    ``step`` : the number of this step, from 1; ``decoupled`` : weight decay shrinks the weights (AdamW,
    Loshchilov and Hutter, 2019) instead of adding to the gradient; ``max_exp_avg_sq`` : None without AMSGrad
    (Reddi et al., 2018).
    """
    if decoupled and weight_decay:
        p, weight_decay = p * (1 - lr * weight_decay), 0.0
    g = _directed(p, g, weight_decay, maximize)
    exp_avg, exp_avg_sq = _moments(g, exp_avg, exp_avg_sq, beta1, beta2)
    second = exp_avg_sq
    if max_exp_avg_sq is not None:
        second = max_exp_avg_sq = xp.maximum(max_exp_avg_sq, exp_avg_sq)
    denominator = xp.sqrt(second) / (1 - beta2**step) ** 0.5 + eps
    return p - lr / (1 - beta1**step) * (exp_avg / denominator), exp_avg, exp_avg_sq, max_exp_avg_sq


@_step
def nadam_step(
    xp: Any, p: Any, g: Any, exp_avg: Any, exp_avg_sq: Any, *, step: float, mu: float, mu_next: float,
    mu_product: float, lr: float, beta1: float, beta2: float, eps: float, weight_decay: float, decoupled: bool,
    maximize: bool,
) -> tuple[Any, ...]:  # fmt: skip
    """Adam with Nesterov's momentum (Dozat, 2016).

    ``mu``, ``mu_next`` : momentum of this step and of the next; ``mu_product`` : that of all steps so far, multiplied.
    """
    if decoupled and weight_decay:
        p, weight_decay = p * (1 - lr * weight_decay), 0.0
    g = _directed(p, g, weight_decay, maximize)
    exp_avg, exp_avg_sq = _moments(g, exp_avg, exp_avg_sq, beta1, beta2)
    denominator = xp.sqrt(exp_avg_sq / (1 - beta2**step)) + eps
    ahead = lr * (1 - mu) / (1 - mu_product) * g + lr * mu_next / (1 - mu_product * mu_next) * exp_avg
    return p - ahead / denominator, exp_avg, exp_avg_sq


@_step
def radam_step(
    xp: Any, p: Any, g: Any, exp_avg: Any, exp_avg_sq: Any, *, step: float, lr: float, beta1: float, beta2: float,
    eps: float, weight_decay: float, decoupled: bool, maximize: bool,
) -> tuple[Any, ...]:  # fmt: skip
    """Rectified Adam (Liu et al., 2020): a plain average until the variance of the second moment is known."""
    if decoupled and weight_decay:
        p, weight_decay = p * (1 - lr * weight_decay), 0.0
    g = _directed(p, g, weight_decay, maximize)
    exp_avg, exp_avg_sq = _moments(g, exp_avg, exp_avg_sq, beta1, beta2)
    correction = 1 - beta2**step
    longest = 2 / (1 - beta2) - 1
    length = longest - 2 * step * beta2**step / correction
    change = lr / (1 - beta1**step) * exp_avg
    if length > 5:
        rectify = ((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)) ** 0.5
        change = change * (rectify * correction**0.5) / (xp.sqrt(exp_avg_sq) + eps)
    return p - change, exp_avg, exp_avg_sq


@_step
def adamax_step(
    xp: Any, p: Any, g: Any, exp_avg: Any, exp_inf: Any, *, step: float, lr: float, beta1: float, beta2: float,
    eps: float, weight_decay: float, maximize: bool,
) -> tuple[Any, ...]:  # fmt: skip
    """Adam by the largest gradient instead of the mean square (Kingma and Ba, 2015, section 7.1)."""
    g = _directed(p, g, weight_decay, maximize)
    exp_avg = exp_avg + (1 - beta1) * (g - exp_avg)
    exp_inf = xp.maximum(beta2 * exp_inf, xp.abs(g) + eps)
    return p - lr / (1 - beta1**step) * (exp_avg / exp_inf), exp_avg, exp_inf


@_step
def adagrad_step(
    xp: Any, p: Any, g: Any, sum: Any, *, step: float, lr: float, lr_decay: float, eps: float, weight_decay: float,
    maximize: bool,
) -> tuple[Any, ...]:  # fmt: skip
    """Adagrad (Duchi, Hazan and Singer, 2011)."""
    g = _directed(p, g, weight_decay, maximize)
    sum = sum + g * g
    return p - lr / (1 + (step - 1) * lr_decay) * (g / (xp.sqrt(sum) + eps)), sum


@_step
def adadelta_step(
    xp: Any, p: Any, g: Any, square_avg: Any, acc_delta: Any, *, lr: float, rho: float, eps: float,
    weight_decay: float, maximize: bool,
) -> tuple[Any, ...]:  # fmt: skip
    """Adadelta (Zeiler, 2012)."""
    g = _directed(p, g, weight_decay, maximize)
    square_avg = rho * square_avg + (1 - rho) * (g * g)
    delta = xp.sqrt(acc_delta + eps) / xp.sqrt(square_avg + eps) * g
    return p - lr * delta, square_avg, rho * acc_delta + (1 - rho) * (delta * delta)


@_step
def rmsprop_step(
    xp: Any, p: Any, g: Any, square_avg: Any, momentum_buffer: Any, grad_avg: Any, *, lr: float, alpha: float,
    eps: float, weight_decay: float, momentum: float, maximize: bool,
) -> tuple[Any, ...]:  # fmt: skip
    """RMSprop (Hinton, 2012); centred by the mean (Graves, 2013) where ``grad_avg`` is kept."""
    g = _directed(p, g, weight_decay, maximize)
    square_avg = variance = alpha * square_avg + (1 - alpha) * (g * g)
    if grad_avg is not None:
        grad_avg = grad_avg + (1 - alpha) * (g - grad_avg)
        variance = square_avg - grad_avg * grad_avg
    change = g / (xp.sqrt(variance) + eps)
    if momentum_buffer is not None:
        change = momentum_buffer = momentum * momentum_buffer + change
    return p - lr * change, square_avg, momentum_buffer, grad_avg


@_step
def rprop_step(
    xp: Any, p: Any, g: Any, prev: Any, step_size: Any, *, eta_minus: float, eta_plus: float, smallest: float,
    largest: float, maximize: bool,
) -> tuple[Any, ...]:  # fmt: skip
    """Resilient backpropagation (Riedmiller and Braun, 1993), without going back where the sign of g changed."""
    if maximize:
        g = -g
    agreement = g * prev
    turned = agreement < 0
    step_size = xp.where(turned, step_size * eta_minus, xp.where(agreement > 0, step_size * eta_plus, step_size))
    step_size = xp.clip(step_size, min=smallest, max=largest)
    g = xp.where(turned, xp.zeros_like(g), g)
    return p - xp.sign(g) * step_size, g, step_size


@_step
def asgd_step(
    xp: Any, p: Any, g: Any, ax: Any, *, eta: float, mu: float, lambd: float, weight_decay: float, maximize: bool
) -> tuple[Any, ...]:
    """Averaged stochastic gradient descent (Polyak and Juditsky, 1992); ``ax`` is the average."""
    g = _directed(p, g, weight_decay, maximize)
    p = p * (1 - lambd * eta) - eta * g
    return p, p if mu == 1 else ax + mu * (p - ax)
