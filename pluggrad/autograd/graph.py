"""The graph for those who look into it: nodes and their hooks, edges, what graphs save. ``torch.autograd.graph``."""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

from ..errors import GradientError
from ..tensor import GradientEdge, Node, Tensor
from ..tensor.memory import release
from . import engine
from .hooks import RemovableHandle, RemovableHandles
from .saved_values import disable_saved_tensors_hooks, save_on_cpu, saved_tensors_hooks

__all__ = [
    "GradientEdge", "Node", "allow_mutation_on_saved_tensors", "disable_saved_tensors_hooks", "get_gradient_edge",
    "increment_version", "register_multi_grad_hook", "save_on_cpu", "saved_tensors_hooks",
]  # fmt: skip


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """Where the gradient of a tensor passes. It keeps the graph alive, but not the tensor's memory.

    Raises
    ------
    GradientError : the tensor requires no gradient

    >>> import pluggrad
    >>> x = pluggrad.tensor(2.0, requires_grad=True)
    >>> y = x * x
    >>> edge = pluggrad.autograd.graph.get_gradient_edge(y)
    >>> pluggrad.autograd.grad(y * 3, edge)
    (tensor(3.),)
    """
    node = tensor._node
    if node is None:
        raise GradientError("It is not possible to get the gradient edge for a Tensor that does not require gradients")
    return GradientEdge(getattr(node, "node", node), getattr(node, "index", 0))


def register_multi_grad_hook(
    tensors: Sequence[Tensor], fn: Callable[..., None], *, mode: Literal["all", "any"] = "all"
) -> RemovableHandle:
    """Call ``fn`` once in each backward for the gradients of several tensors.

    Parameters
    ----------
    tensors : Tensors that require gradients
    fn : with "all", called with a list of all their gradients, None for one that this backward does not compute, when
        the last of them is known; with "any", called with the first that is known
    mode : "all" or "any"

    Returns
    -------
    RemovableHandle : ``remove()`` takes the hook out of all of them

    Raises
    ------
    ValueError : another mode
    GradientError : a tensor requires no gradient

    >>> import pluggrad
    >>> a, b = pluggrad.ones(1, requires_grad=True), pluggrad.ones(1, requires_grad=True)
    >>> handle = pluggrad.autograd.graph.register_multi_grad_hook([a, b], print)
    >>> (2 * a + 3 * b).backward()
    [tensor([2.]), tensor([3.])]
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    tensors = tuple(tensors)
    for i, tensor in enumerate(tensors):
        if tensor._node is None:
            raise GradientError(f"cannot register a hook on a tensor that doesn't require gradient (tensor {i})")
    # Weakly: a vertex has the hook, and a hook that had the vertex would be a cycle.
    vertices = [weakref.ref(tensor._node) for tensor in tensors if tensor._node is not None]
    lock = threading.Lock()
    # By the walk that it runs in: how many gradients came, how many will, and those that came.
    seen: weakref.WeakKeyDictionary[engine.Walk, list[Any]] = weakref.WeakKeyDictionary()

    def hook_of(i: int) -> Callable[[Tensor], None]:
        def hook(g: Tensor) -> None:
            walk = engine.current_walk()
            with lock:
                if walk not in seen:
                    alive = [ref() for ref in vertices]
                    own = alive[i]
                    coming = walk.to_come(own) if mode == "all" and own is not None else ()
                    expected = 1 if mode == "any" else sum(v in coming for v in alive)
                    seen[walk] = [0, expected, [None] * len(vertices)]
                state = seen[walk]
                state[0] += 1
                state[2][i] = g
                complete = state[0] == state[1]
            if complete:
                fn(g if mode == "any" else state[2])

        return hook

    hooks = [tensor._node.extras.hooks for tensor in tensors if tensor._node is not None]
    return RemovableHandles([RemovableHandle(of_vertex, hook_of(i)) for i, of_vertex in enumerate(hooks)])


@contextlib.contextmanager
def allow_mutation_on_saved_tensors() -> Iterator[None]:
    """Accepted for PyTorch's sake: a write never breaks a gradient here, in this context or out of it."""
    yield


def increment_version(tensor: Tensor | Sequence[Tensor]) -> None:
    """Say that other means than pluggrad's are about to write to the memory of a tensor, or of several.

    What graphs have saved of it is copied first. PyTorch, which only counts, has it called before or after;
    here it is called **before** the write.

    >>> import pluggrad
    >>> x = pluggrad.tensor([2.0], requires_grad=True)
    >>> y = x * 1.0
    >>> z = y * y
    >>> pluggrad.autograd.graph.increment_version(y)
    >>> y.detach().numpy()[...] = 100.0
    >>> z.backward()
    >>> x.grad
    tensor([4.])
    """
    for one in (tensor,) if isinstance(tensor, Tensor) else tensor:
        release(one)
