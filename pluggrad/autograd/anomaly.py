"""Anomaly mode: each node keeps the traceback of its forward call, and backward looks for NaN."""

from __future__ import annotations

import sys
import traceback
from contextvars import ContextVar
from typing import Any, NamedTuple, Self

from ..errors import GradientError
from ..tensor import Cotangents, Node
from .mode import MODE, changed

#: The node whose rules run now: what they record, with ``create_graph``, goes back to it.
EVALUATING: ContextVar[Node | None] = ContextVar("pluggrad_evaluating", default=None)


class Trace(NamedTuple):
    """Where a node comes from: the stack of its forward call and, if a rule recorded it, the node of that rule."""

    stack: traceback.StackSummary
    parent: tuple[str, Trace | None] | None


def remember(node: Node) -> None:
    """Keep the traceback of the call that makes a node, up to the line that called pluggrad."""
    frame: Any = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "pluggrad":
        frame = frame.f_back
    frames = list(traceback.walk_stack(frame))[::-1]
    stack = traceback.StackSummary.extract(iter(frames), lookup_lines=False)
    within = EVALUATING.get()
    node.extras.trace = Trace(stack, None if within is None else (within.name(), trace_of(within)))


def trace_of(node: Node) -> Trace | None:
    """The trace that a node was recorded with, if it was in anomaly mode."""
    return None if node.extra is None else node.extra.trace


def explain(node: Node) -> str:
    """Where the forward call of a node stands, for people."""
    trace = trace_of(node)
    if trace is None:
        return (
            f"Error detected in {node.name()}. No forward pass information available: "
            "enable anomaly detection during the forward pass, too."
        )
    text = f"Error detected in {node.name()}. Traceback of forward call that caused the error:\n"
    text += "".join(trace.stack.format())
    while trace is not None and trace.parent is not None:
        name, trace = trace.parent
        text += f"\nIt was recorded by the backward of {name}, "
        text += "of which there is no traceback." if trace is None else "whose forward call is:\n"
        text += "" if trace is None else "".join(trace.stack.format())
    return text.rstrip("\n")


def check(node: Node, gs: tuple[Any, ...]) -> None:
    """Refuse gradients with NaN.

    Raises
    ------
    GradientError : it names the function, the forward line, and has the whole traceback as a note
    """
    for i, (parent, g) in enumerate(zip(node.parents, gs, strict=True)):
        if parent is None or g is None:
            continue
        parts = g.by_index.values() if isinstance(g, Cotangents) else (g,)
        if any(_has_nan(part, node) for part in parts):
            trace = trace_of(node)
            line = trace.stack[-1] if trace is not None and trace.stack else None
            where = "" if line is None else f" Its forward call is {line.filename}:{line.lineno}: {line.line}"
            raise GradientError(f"Function '{node.name()}' returned nan values in its {i}th output.{where}")


def _has_nan(g: Any, node: Node) -> bool:
    array = getattr(g, "_array", g)
    namespace = node.type.kernels.namespace
    return bool(namespace.any(namespace.isnan(namespace.asarray(array))))


class set_detect_anomaly:
    """Detect anomalies from now on, or not; in a ``with`` statement, inside only. See :class:`detect_anomaly`.

    It belongs to the thread and task, like the gradient mode.
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self._before = MODE.get()
        self._mode, self._check_nan = bool(mode), bool(check_nan)
        self._set()

    def _set(self) -> None:
        MODE.set(changed(MODE.get(), anomaly=self._mode, check_nan=self._mode and self._check_nan))

    def __enter__(self) -> Self:
        self._set()
        return self

    def __exit__(self, *exc: object) -> None:
        before = self._before
        MODE.set(
            changed(
                MODE.get(),
                anomaly=before is not None and before.anomaly,
                check_nan=before is not None and before.check_nan,
            )
        )


class detect_anomaly(set_detect_anomaly):
    """Find the line that made a NaN: keep the traceback of every forward call, and look for NaN in backward.

    An exception in backward then carries, as a note, the traceback of the forward call whose derivative was being
    computed; NaN in a gradient is such an exception. It is slow: for looking for a mistake, not for running.

    Parameters
    ----------
    check_nan : whether to look for NaN

    >>> import pluggrad
    >>> x = pluggrad.tensor([-1.0], requires_grad=True)
    >>> with pluggrad.autograd.detect_anomaly():  # doctest: +ELLIPSIS
    ...     pluggrad.sqrt(x).sum().backward()
    Traceback (most recent call last):
    ...
    pluggrad.errors.GradientError: Function 'SqrtBackward0' returned nan values in its 0th output. Its forward ...
    """

    def __init__(self, check_nan: bool = True) -> None:
        self._before = MODE.get()
        self._mode, self._check_nan = True, bool(check_nan)

    def __enter__(self) -> Self:
        self._before = MODE.get()
        return super().__enter__()


def is_anomaly_enabled() -> bool:
    """Whether anomalies are detected now, in this thread and task."""
    mode = MODE.get()
    return mode is not None and mode.anomaly


def is_anomaly_check_nan_enabled() -> bool:
    """Whether backward looks for NaN now, in this thread and task."""
    mode = MODE.get()
    return mode is not None and mode.check_nan
