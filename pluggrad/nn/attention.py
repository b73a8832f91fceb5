"""Which of PyTorch's implementations of attention may be used: names that programs choose by. Here there is one."""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Iterator, Sequence

__all__ = ["SDPBackend", "sdpa_kernel"]


class SDPBackend(enum.IntEnum):
    """PyTorch's implementations of :func:`pluggrad.nn.functional.scaled_dot_product_attention`."""

    ERROR = -1
    MATH = 0
    FLASH_ATTENTION = 1
    EFFICIENT_ATTENTION = 2
    CUDNN_ATTENTION = 3
    OVERRIDEABLE = 4


@contextlib.contextmanager
def sdpa_kernel(backends: SDPBackend | Sequence[SDPBackend], set_priority: bool = False) -> Iterator[None]:
    """A region in which PyTorch uses one of these implementations; here it changes nothing.

    All of them compute the same, and a backend of pluggrad brings its own.

    Raises
    ------
    TypeError : neither an :class:`SDPBackend` nor a list of them

    >>> import pluggrad
    >>> from pluggrad.nn.attention import SDPBackend, sdpa_kernel
    >>> q = pluggrad.ones(1, 2, 3)
    >>> with sdpa_kernel([SDPBackend.FLASH_ATTENTION, SDPBackend.MATH]):
    ...     pluggrad.nn.functional.scaled_dot_product_attention(q, q, q).shape
    pluggrad.Size([1, 2, 3])
    """
    chosen = (backends,) if isinstance(backends, SDPBackend) else backends
    if not isinstance(chosen, Sequence) or not all(isinstance(b, SDPBackend) for b in chosen):
        raise TypeError(f"sdpa_kernel: backends must be an SDPBackend or a list of SDPBackends, got {backends!r}")
    yield
