"""The older place of :func:`pluggrad.func.functional_call`."""

from __future__ import annotations

import warnings
from typing import Any

from ...func.calls import functional_call as _functional_call
from ...tensor import Tensor
from ..modules.module import Module

__all__ = ["functional_call"]


def functional_call(
    module: Module, parameters_and_buffers: dict[str, Tensor], args: Any = None, kwargs: dict[str, Any] | None = None,
    *, tie_weights: bool = True, strict: bool = False,
) -> Any:  # fmt: skip
    """Call a module with other parameters and buffers: :func:`pluggrad.func.functional_call`, with a FutureWarning.

    Raises
    ------
    RuntimeError : with ``strict``, names that are missing or not the module's
    """
    warnings.warn(
        "nn.utils.stateless.functional_call is deprecated, as in PyTorch since 2.0; use func.functional_call",
        FutureWarning,
        stacklevel=2,
    )
    return _functional_call(module, parameters_and_buffers, args, kwargs, tie_weights=tie_weights, strict=strict)
