"""Hooks: functions that see, and may replace, a gradient on its way."""

from __future__ import annotations

import itertools
from collections.abc import Callable, MutableMapping, Sequence
from typing import Any

from ..errors import GradientError
from ..tensor import Leaf, Node, Tensor

_ids = itertools.count()


class RemovableHandle:
    """What registering a hook returns; ``remove()`` takes the hook out again. A context manager, too."""

    def __init__(self, hooks: MutableMapping[int, Any], hook: Any) -> None:
        self.id = next(_ids)
        self._hooks = hooks
        hooks[self.id] = hook

    def remove(self) -> None:
        """Take the hook out; nothing if it is out already."""
        self._hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


class RemovableHandles(RemovableHandle):
    """Several handles as one."""

    def __init__(self, handles: Sequence[RemovableHandle]) -> None:
        self.id = next(_ids)
        self._handles = handles

    def remove(self) -> None:
        """Take all hooks out; nothing if they are out already."""
        for handle in self._handles:
            handle.remove()


def register_hook(tensor: Tensor, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
    """Call ``hook(grad)`` each time the gradient of this tensor is computed; what it returns replaces it.

    Raises
    ------
    GradientError : the tensor requires no gradient.
    """
    if tensor._node is None:
        raise GradientError("cannot register a hook on a tensor that doesn't require gradient")
    return RemovableHandle(tensor._node.extras.hooks, hook)


def register_post_accumulate_grad_hook(tensor: Tensor, hook: Callable[[Tensor], None]) -> RemovableHandle:
    """Call ``hook(tensor)`` each time a gradient has been accumulated into ``tensor.grad``.

    Raises
    ------
    GradientError : the tensor is not a leaf that requires a gradient.
    """
    if type(tensor._node) is not Leaf:
        raise GradientError("post accumulate grad hooks cannot be registered on non-leaf tensors")
    return RemovableHandle(tensor._node.extras.post_hooks, hook)


def register_node_hook(node: Node, hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(grad_inputs, grad_outputs)`` after the rules of a node; a returned tuple replaces grad_inputs."""
    return RemovableHandle(node.extras.post_hooks, hook)


def register_node_prehook(node: Node, hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(grad_outputs)`` before the rules of a node run; a returned tuple replaces grad_outputs."""
    return RemovableHandle(node.extras.pre_hooks, hook)


Node.register_hook = register_node_hook  # type: ignore[attr-defined]
Node.register_prehook = register_node_prehook  # type: ignore[attr-defined]
