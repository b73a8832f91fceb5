"""CUDA's libraries, which PyTorch would call itself: its flags are kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

#: What programs set; without effect.
matmul = SimpleNamespace(
    allow_tf32=False, allow_fp16_reduced_precision_reduction=True, allow_bf16_reduced_precision_reduction=True
)
_enabled = {"flash": True, "mem_efficient": True, "math": True, "cudnn": True}


def is_built() -> bool:
    """False: pluggrad is not built with CUDA; a backend may bring a GPU, which :mod:`pluggrad.cuda` tells of."""
    return False


def _flag(name: str) -> tuple[Any, Any]:
    def is_enabled() -> bool:
        return _enabled[name]

    def enable(enabled: bool) -> None:
        _enabled[name] = bool(enabled)

    is_enabled.__doc__ = f"Whether the {name} way to compute attention was switched on; there is one way here."
    enable.__doc__ = f"Keep whether the {name} way to compute attention is on; there is one way here."
    return is_enabled, enable


flash_sdp_enabled, enable_flash_sdp = _flag("flash")
mem_efficient_sdp_enabled, enable_mem_efficient_sdp = _flag("mem_efficient")
math_sdp_enabled, enable_math_sdp = _flag("math")
cudnn_sdp_enabled, enable_cudnn_sdp = _flag("cudnn")


@contextmanager
def sdp_kernel(
    enable_flash: bool = True, enable_math: bool = True, enable_mem_efficient: bool = True, enable_cudnn: bool = True
) -> Iterator[None]:
    """Set these flags for a while."""
    before = dict(_enabled)
    _enabled.update(flash=enable_flash, math=enable_math, mem_efficient=enable_mem_efficient, cudnn=enable_cudnn)
    try:
        yield
    finally:
        _enabled.update(before)
