"""Activations of float32 with numbers of their own, and gradients of such, each as one loop over part of the arrays."""

from __future__ import annotations

from typing import Any

from .compiled_activations import between, exp_less_one, log_of_one_and
from .compiled_elementwise import HALF, ONE, TWO, ZERO, choose, exp, exp_of_negative, f4, sigmoid
from .tasks import Task, array, number, whole_vectors

_THREE, _SIX = f4(3), f4(6)
#: From here on mish is its argument: ``tanh(log(1 + exp(x)))`` is 1.
_WHOLE = f4(20)

# -- functions: (x, out, numbers) --------------------------------------------------------------------


@Task
def elu(job: Any, first: Any, last: Any) -> None:
    """``below`` : alpha times scale; ``inner`` : the input's scale."""
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    scale, below, inner = number(job, 2), number(job, 3), number(job, 4)
    for i in range(x.size):
        a = x[i]
        out[i] = choose(a > ZERO, a * scale, exp_less_one(choose(a > ZERO, ZERO, a) * inner) * below)


@Task
def softplus(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    beta, threshold = number(job, 2), number(job, 3)
    for i in range(x.size):
        a = x[i] * beta
        soft = choose(a < ZERO, ZERO, a) + log_of_one_and(exp_of_negative(-abs(a)))
        out[i] = choose(a > threshold, x[i], soft / beta)


@Task
def log_sigmoid(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    for i in range(x.size):
        out[i] = choose(x[i] > ZERO, ZERO, x[i]) - log_of_one_and(exp_of_negative(-abs(x[i])))


@Task
def mish(job: Any, first: Any, last: Any) -> None:
    """``tanh(log(1 + e))`` is ``n / (n + 2)`` with n = (1 + e)² - 1."""
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    for i in range(x.size):
        a = x[i]
        e = exp(choose(a > _WHOLE, _WHOLE, a))
        n = e * (e + TWO)
        out[i] = a * (n / (n + TWO))


@Task
def leaky_relu(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    slope = number(job, 2)
    for i in range(x.size):
        out[i] = choose(x[i] > ZERO, x[i], x[i] * slope)


@Task
def hardtanh(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    low, high = number(job, 2), number(job, 3)
    for i in range(x.size):
        out[i] = between(x[i], low, high)


@Task
def threshold(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    least, value = number(job, 2), number(job, 3)
    for i in range(x.size):
        out[i] = choose(x[i] <= least, value, x[i])


@Task
def hardsigmoid(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    for i in range(x.size):
        out[i] = between(x[i] + _THREE, ZERO, _SIX) / _SIX


@Task
def hardswish(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    for i in range(x.size):
        out[i] = x[i] * (between(x[i] + _THREE, ZERO, _SIX) / _SIX)


@Task
def hardshrink(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    size = number(job, 2)
    for i in range(x.size):
        out[i] = choose((x[i] >= -size) & (x[i] <= size), ZERO, x[i])


@Task
def softshrink(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    size = number(job, 2)
    for i in range(x.size):
        a = x[i]
        out[i] = choose(a > size, a - size, choose(a < -size, a + size, a * ZERO))


# -- gradients: (g, x, out, numbers) ------------------------------------------------------------------


@Task
def elu_slope(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    g, x, out = array(job, 0, first, last), array(job, 1, first, last), array(job, 2, first, last)
    scale, below, inner = number(job, 3), number(job, 4), number(job, 5)
    for i in range(x.size):
        a = x[i]
        falling = exp(choose(a > ZERO, ZERO, a) * inner) * (below * inner)
        out[i] = choose(a > ZERO, g[i] * scale, g[i] * falling)


@Task
def softplus_slope(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    g, x, out = array(job, 0, first, last), array(job, 1, first, last), array(job, 2, first, last)
    beta, threshold = number(job, 3), number(job, 4)
    for i in range(x.size):
        a = x[i] * beta
        out[i] = choose(a > threshold, g[i], g[i] * sigmoid(a))


@Task
def log_sigmoid_slope(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    g, x, out = array(job, 0, first, last), array(job, 1, first, last), array(job, 2, first, last)
    for i in range(x.size):
        out[i] = g[i] * sigmoid(-x[i])


@Task
def mish_slope(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    g, x, out = array(job, 0, first, last), array(job, 1, first, last), array(job, 2, first, last)
    for i in range(x.size):
        a = x[i]
        e = exp(choose(a > _WHOLE, _WHOLE, a))
        n = e * (e + TWO)
        root = ONE / (n + TWO)
        t = n * root
        slope = t + f4(4) * a * e * (ONE + e) * root * root
        out[i] = choose(a > _WHOLE, g[i], g[i] * slope)


@Task
def leaky_relu_slope(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    g, x, out = array(job, 0, first, last), array(job, 1, first, last), array(job, 2, first, last)
    slope = number(job, 3)
    for i in range(x.size):
        out[i] = choose(x[i] > ZERO, g[i], g[i] * slope)


@Task
def hardswish_slope(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    g, x, out = array(job, 0, first, last), array(job, 1, first, last), array(job, 2, first, last)
    for i in range(x.size):
        a = x[i]
        out[i] = choose(a <= -_THREE, ZERO, choose(a < _THREE, g[i] * (a / _THREE + HALF), g[i]))
