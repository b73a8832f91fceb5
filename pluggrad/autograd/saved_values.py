"""Hooks on saved values: what a graph saves is packed by one function, and unpacked by another in backward.

In the usual mode a node holds a Buffer (:mod:`pluggrad.tensor.memory`). Under :class:`saved_tensors_hooks` it
holds a :class:`Packed` in its place, which asks the unpacking function when a rule needs the array.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Self

from ..backends import plugins, transfer
from ..errors import GradientError
from ..tensor import Buffer, Node, Tensor, make
from ..tensor.memory import hold, link_alias
from .mode import MODE, changed, with_grad


class Hooks(NamedTuple):
    """What packs a saved tensor into anything, and what makes a tensor of that again."""

    pack: Callable[[Tensor], Any]
    unpack: Callable[[Any], Tensor]


class Packed:
    """What a node holds of a saved value under hooks; ``array`` unpacks it."""

    __slots__ = ("_type", "_unpack", "_value")

    def __init__(self, tensor: Tensor, hooks: Hooks) -> None:
        alias = make(tensor._array, tensor._type)
        link_alias(tensor, alias)
        value = _unrecorded(hooks.pack, alias)
        # A tensor is held as graphs hold them, so that a later write to its memory does not reach it.
        self._value = (hold(value), value._type) if isinstance(value, Tensor) else value
        self._unpack, self._type = hooks.unpack, tensor._type

    def tensor(self) -> Tensor:
        """The saved value, outside any graph.

        Raises
        ------
        TypeError : the unpacking function returned something else
        GradientError : a tensor of another dtype or device
        """
        value = self._value
        if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], Buffer):
            buffer, array_type = value
            value = make(buffer.array, array_type)
            value._buffer = buffer
        out = _unrecorded(self._unpack, value)
        if not isinstance(out, Tensor):
            raise TypeError(
                "Output of saved tensor unpack_hook expected to be a Tensor but got result of type "
                f"{type(out).__name__}"
            )
        if out._type is not self._type:
            raise GradientError(
                f"saved tensor unpack_hook returned {out.dtype} on {out.device}, what was saved is {self._type}"
            )
        return out

    @property
    def array(self) -> Any:
        """The saved array."""
        return self.tensor()._array


def _unrecorded(function: Callable[[Any], Any], value: Any) -> Any:
    before = MODE.get()
    MODE.set(with_grad(before, False))
    try:
        return function(value)
    finally:
        MODE.set(before)


def pack(node: Node, tensors: Sequence[Tensor | None], hooks: Hooks) -> None:
    """Pack what a new node has saved of these tensors."""
    owners = {id(t._buffer): t for t in tensors if t is not None and t._buffer}
    node.saved = _packed(node.saved, owners, hooks)


def _packed(item: Any, owners: dict[int, Tensor], hooks: Hooks) -> Any:
    # Not a function within pack: one that calls itself is a cycle, and would keep the tensors for the collector.
    if isinstance(item, Buffer):
        return Packed(owners[id(item)], hooks) if id(item) in owners else item
    return tuple([_packed(i, owners, hooks) for i in item]) if item.__class__ is tuple else item


class saved_tensors_hooks:
    """Pack every value that graphs recorded inside save, and unpack it when backward needs it.

    Parameters
    ----------
    pack_hook : called with each tensor that is saved, when it is; returns anything, such as a file name
    unpack_hook : called with that, in backward; returns a tensor of the same shape, dtype and device

    Raises
    ------
    GradientError : within ``disable_saved_tensors_hooks``, with its message

    Notes
    -----
    Of several contexts within each other the innermost counts, as in PyTorch.

    >>> import pluggrad
    >>> saved = []
    >>> x = pluggrad.tensor([1.0, 2.0], requires_grad=True)
    >>> def pack(t):
    ...     saved.append(t)
    ...     return len(saved) - 1
    >>> with pluggrad.autograd.graph.saved_tensors_hooks(pack, saved.__getitem__):
    ...     y = x * x
    >>> y.sum().backward()
    >>> len(saved), x.grad
    (2, tensor([2., 4.]))
    """

    def __init__(self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]) -> None:
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook
        self._before: list[Any] = []

    def __enter__(self) -> Self:
        before = MODE.get()
        if before is not None and before.saving_refused is not None:
            raise GradientError(before.saving_refused)
        self._before.append(before)
        MODE.set(changed(before, saving=Hooks(self.pack_hook, self.unpack_hook)))
        return self

    def __exit__(self, *exc: object) -> None:
        # The hooks as they were; the gradient mode as it is now, for what set_grad_enabled() may have said inside.
        before = self._before.pop()
        MODE.set(changed(MODE.get(), saving=None if before is None else before.saving))


class save_on_cpu(saved_tensors_hooks):
    """Keep what graphs save in host memory, and bring it back to its device in backward.

    Parameters
    ----------
    pin_memory, device_type : accepted for PyTorch's sake

    >>> import pluggrad
    >>> x = pluggrad.tensor(3.0, requires_grad=True)
    >>> with pluggrad.autograd.graph.save_on_cpu():
    ...     y = x * x
    >>> y.backward()
    >>> x.grad
    tensor(6.)
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        super().__init__(self._to_host, self._back)

    @staticmethod
    def _to_host(x: Tensor) -> tuple[Any, Tensor]:
        host = plugins.array_type("cpu", x.dtype)
        return x._type, x if host is x._type else make(transfer(x._array, x._type, host), host)

    @staticmethod
    def _back(packed: tuple[Any, Tensor]) -> Tensor:
        target, x = packed
        return x if target is x._type else make(transfer(x._array, x._type, target), target)


@contextlib.contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Refuse hooks on saved values inside: setting any is a RuntimeError with this message.

    >>> import pluggrad
    >>> graph = pluggrad.autograd.graph
    >>> with graph.disable_saved_tensors_hooks("not here"):
    ...     with graph.save_on_cpu():
    ...         pass
    Traceback (most recent call last):
    ...
    pluggrad.errors.GradientError: not here
    """
    before = MODE.get()
    MODE.set(changed(before, saving_refused=error_message))
    try:
        yield
    finally:
        MODE.set(changed(MODE.get(), saving_refused=None if before is None else before.saving_refused))
