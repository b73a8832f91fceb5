"""Layouts and memory formats, which PyTorch's programs pass around. Every tensor here is strided."""

from __future__ import annotations

from typing import Any

from ..dtypes import Printed
from ..errors import ArgumentError

__all__ = [
    "channels_last", "channels_last_3d", "contiguous_format", "layout", "memory_format", "preserve_format",
    "sparse_bsc", "sparse_bsr", "sparse_coo", "sparse_csc", "sparse_csr", "strided",
]  # fmt: skip


class _Named:
    """One of a few named values."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"{Printed.namespace}.{self.name}"

    def __reduce__(self) -> str:
        return self.name


class layout(_Named):
    """How a tensor's elements are laid out: all of pluggrad's are ``strided``."""


class memory_format(_Named):
    """The order of a tensor's axes in memory; accepted, and without effect on values or strides."""


strided = layout("strided")
sparse_coo, sparse_csr, sparse_csc = layout("sparse_coo"), layout("sparse_csr"), layout("sparse_csc")
sparse_bsr, sparse_bsc = layout("sparse_bsr"), layout("sparse_bsc")
contiguous_format, preserve_format = memory_format("contiguous_format"), memory_format("preserve_format")
channels_last, channels_last_3d = memory_format("channels_last"), memory_format("channels_last_3d")


def check_layout(name: str, argument: str, value: Any) -> None:
    """Refuse a layout that no tensor here has; memory formats and pinned memory are accepted.

    Raises
    ------
    ArgumentError
    """
    if argument == "layout" and value is not None and value is not strided:
        raise ArgumentError(f"{name}(): there are strided tensors only, got layout={value!r}")
