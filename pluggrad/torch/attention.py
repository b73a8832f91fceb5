"""``torch.nn.attention``: which of PyTorch's kernels computes attention. Here each backend has its own, so nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import IntEnum

__all__ = ["SDPBackend", "sdpa_kernel"]


class SDPBackend(IntEnum):
    """PyTorch's kernels of attention."""

    ERROR = -1
    MATH = 0
    FLASH_ATTENTION = 1
    EFFICIENT_ATTENTION = 2
    CUDNN_ATTENTION = 3
    OVERRIDEABLE = 4


@contextmanager
def sdpa_kernel(backends: SDPBackend | Iterable[SDPBackend], set_priority: bool = False) -> Iterator[None]:
    """Accepted, without effect: a backend computes attention in one way.

    Raises
    ------
    TypeError : other things than kernels

    >>> import pluggrad.torch as torch
    >>> from pluggrad.torch.nn.attention import SDPBackend, sdpa_kernel
    >>> x = torch.ones(1, 2, 3)
    >>> with sdpa_kernel(SDPBackend.MATH):
    ...     torch.nn.functional.scaled_dot_product_attention(x, x, x).shape
    pluggrad.Size([1, 2, 3])
    """
    given = [backends] if isinstance(backends, SDPBackend) else list(backends)
    for one in given:
        if not isinstance(one, SDPBackend):
            raise TypeError(f"sdpa_kernel: expected SDPBackend, got {type(one).__name__}")
    yield
