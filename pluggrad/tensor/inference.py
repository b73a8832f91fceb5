"""Inference tensors: those made in ``inference_mode``, which stay out of every graph for good.

Such a tensor carries :data:`MARK` where others have the Buffer that graphs hold. So the code of a call pays
nothing for the mark: a graph that would save the tensor asks for its Buffer, and a write looks at it anyway.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from ..errors import GradientError

if TYPE_CHECKING:
    from .tensor import Tensor

#: Not empty while any thread is in inference mode: what the code of every call looks at first.
INFERENCE: Final[list[None]] = []
#: Whether this thread and task is in inference mode.
INSIDE: ContextVar[bool] = ContextVar("pluggrad_inference", default=False)


class _Mark:
    """Stands where a Buffer would; false, like None, so that ``x._buffer or hold(x)`` comes to ``hold``."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False


MARK: Final[Any] = _Mark()


def mark(tensor: Tensor) -> None:
    """Mark a tensor that was just made, if it was made in inference mode."""
    if INSIDE.get():
        tensor._buffer = MARK


def is_inference(tensor: Tensor) -> bool:
    """Whether a tensor was made in inference mode, or shows memory of one that was.

    >>> import pluggrad
    >>> with pluggrad.inference_mode():
    ...     x = pluggrad.ones(2)
    >>> pluggrad.is_inference(x), pluggrad.is_inference(x + 1)
    (True, False)
    """
    return tensor._buffer is MARK


def cannot_be_saved() -> GradientError:
    """The error for a graph that would save an inference tensor."""
    return GradientError(
        "Inference tensors cannot be saved for backward. To work around you can make a clone to get a normal tensor "
        "and use it in autograd: x.clone(), outside inference_mode."
    )


def check_writable(tensor: Tensor) -> None:
    """Refuse a write to an inference tensor outside inference mode.

    Raises
    ------
    GradientError
    """
    if tensor._buffer is MARK and not INSIDE.get():
        raise GradientError(
            "Inplace update to inference tensor outside InferenceMode is not allowed. You can make a clone to get a "
            "normal tensor before doing inplace update: x = x.clone()."
        )
