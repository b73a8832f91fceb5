"""A line search that ends at the strong Wolfe conditions (Nocedal and Wright, 2006, algorithms 3.5 and 3.6)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from ..tensor import Tensor

__all__ = ["strong_wolfe"]


@dataclass(frozen=True, slots=True)
class Point:
    """A step length, with the loss, the gradient and the slope along the direction there."""

    t: float
    loss: float
    gradient: Tensor
    slope: float


def strong_wolfe(
    evaluate: Callable[[float], tuple[float, Tensor]], t: float, direction: Tensor, loss: float, gradient: Tensor,
    slope: float, *, c1: float = 1e-4, c2: float = 0.9, tolerance: float = 1e-9, most: int = 25,
) -> tuple[float, Tensor, float, int]:  # fmt: skip
    """Find how far to go along a direction of descent.

    Parameters
    ----------
    evaluate : gives loss and gradient at a step length
    t : the first length to try
    direction : Tensor, shape (N,)
    loss, gradient, slope : at 0, ``gradient`` of shape (N,)
    c1, c2 : the loss must fall by c1 of what the slope promises, and the slope to c2 of itself
    tolerance : the bracket ends when it is shorter
    most : the most lengths to try after the first

    Returns
    -------
    loss, gradient, length, number of evaluations
    """
    start = Point(0.0, loss, gradient, slope)

    def at(t: float) -> Point:
        loss, gradient = evaluate(t)
        return Point(t, loss, gradient, float(gradient.dot(direction)))

    def falls_too_little(p: Point) -> bool:
        return p.loss > loss + c1 * p.t * slope

    def is_flat(p: Point) -> bool:
        return abs(p.slope) <= -c2 * slope

    # Go out until a bracket holds a point that will do.
    previous, new, tried = start, at(t), 0
    bracket: list[Point] | None = None
    found = False
    while tried < most:
        if falls_too_little(new) or (tried > 1 and new.loss >= previous.loss):
            bracket = [previous, new]
            break
        if is_flat(new):
            bracket, found = [new], True
            break
        if new.slope >= 0:
            bracket = [previous, new]
            break
        further = new.t + 0.01 * (new.t - previous.t), new.t * 10
        previous, new = new, at(_cubic_minimum(previous, new, further))
        tried += 1
    if bracket is None:
        bracket = [start, new]

    # Close in on it.
    size = float(direction.abs().max())
    no_progress = False
    low, high = (0, 1) if bracket[0].loss <= bracket[-1].loss else (1, 0)
    while not found and tried < most:
        if abs(bracket[1].t - bracket[0].t) * size < tolerance:
            break
        left, right = sorted(p.t for p in bracket)
        t, margin = _cubic_minimum(bracket[0], bracket[1]), 0.1 * (right - left)
        # A minimum close to an end twice in a row would shorten the bracket but little: keep away from the end.
        if min(right - t, t - left) < margin:
            if no_progress or t >= right or t <= left:
                t = right - margin if abs(t - right) < abs(t - left) else left + margin
                no_progress = False
            else:
                no_progress = True
        else:
            no_progress = False
        new = at(t)
        tried += 1
        if falls_too_little(new) or new.loss >= bracket[low].loss:
            bracket[high] = new
            low, high = (0, 1) if bracket[0].loss <= bracket[1].loss else (1, 0)
            continue
        if is_flat(new):
            found = True
        elif new.slope * (bracket[high].t - bracket[low].t) >= 0:
            bracket[high] = bracket[low]
        bracket[low] = new
    best = bracket[low if len(bracket) > 1 else 0]
    return best.loss, best.gradient, best.t, tried + 1


def _cubic_minimum(a: Point, b: Point, bounds: tuple[float, float] | None = None) -> float:
    """The minimum of the cubic through two points with these slopes, within bounds: the points, unless given."""
    left, right = bounds if bounds is not None else sorted((a.t, b.t))
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = d1 * d1 - a.slope * b.slope
    if not square >= 0:
        return (left + right) / 2
    d2 = math.sqrt(square)
    if a.t > b.t:
        a, b = b, a
    minimum = b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
    return min(max(minimum, left), right)
