"""The derivative rule of a function, derived from its forward: for functions whose own derivative few will ask for.

A gradient that is worth a kernel (a recurrent layer's, back through time) has a derivative, too: where its forward is
written in registered functions, as rules are, that is recorded and differentiated as any program is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..tensor import Tensor, make
from .engine import graph_namespace
from .gradients import grad
from .mode import enable_grad


def derived_vjp(
    xp: Any, forward: Callable[..., Any], g: Sequence[Any], arrays: Sequence[Any], needs: Sequence[bool]
) -> tuple[Any, ...]:
    """The gradients for those arrays that need one, None for the others and where nothing depends on them.

    Parameters
    ----------
    xp : what the rule was given: the arrays are raw if it is a backend's kernels, else Tensors
    forward : ``forward(xp, *arrays)``, in registered functions; gives a tuple
    g : the cotangents of what it gives
    """
    recorded = xp is graph_namespace
    with enable_grad():
        own = [_own(xp, a) if need else _constant(xp, a) for a, need in zip(arrays, needs, strict=True)]
        outputs = forward(graph_namespace, *own)
        pairs = [(o, c if recorded else make(c, xp.type_of(c))) for o, c in zip(outputs, g, strict=True)]
        pairs = [(o, c) for o, c in pairs if o._node is not None]
        wanted = [a for a, need in zip(own, needs, strict=True) if need]
        found = iter(
            grad([o for o, _ in pairs], wanted, [c for _, c in pairs], create_graph=recorded, allow_unused=True)
        )
    results = tuple(next(found) if need else None for need in needs)
    return results if recorded else tuple(None if r is None else r._array for r in results)


def _constant(xp: Any, a: Any) -> Tensor:
    return make(a._array, a._type) if isinstance(a, Tensor) else make(a, xp.type_of(a))


def _own(xp: Any, a: Any) -> Tensor:
    """A Tensor that nothing but what is recorded here depends on, and which depends on ``a``."""
    if isinstance(a, Tensor) and a._node is not None:
        return graph_namespace.reshape(a, shape=tuple(a._array.shape))
    own = _constant(xp, a)
    own.requires_grad = True
    return own
