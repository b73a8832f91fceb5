"""Modules whose parameters are not drawn, for their values come from elsewhere."""

from __future__ import annotations

import inspect
from typing import Any, TypeVar

from ..modules.module import Module

__all__ = ["skip_init"]

M = TypeVar("M", bound=Module)


def skip_init(module_cls: type[M], *args: Any, **kwargs: Any) -> M:
    """Make a module without drawing initial values: its ``reset_parameters`` is left out, its memory what it was.

    What a constructor does besides, such as making submodules, it does.

    Parameters
    ----------
    module_cls : its class
    args, kwargs : what it is called with

    Raises
    ------
    RuntimeError : no class of modules, or one that has no argument ``device``

    >>> import pluggrad
    >>> from pluggrad import nn
    >>> nn.utils.skip_init(nn.Linear, 5, 1).weight.shape
    pluggrad.Size([1, 5])
    """
    if not issubclass(module_cls, Module):
        raise RuntimeError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError("Module must support a 'device' arg to skip initialization")
    names = ("reset_parameters", "_reset_parameters")
    left_out = {name: lambda self: None for name in names if hasattr(module_cls, name)}
    module: Any = type(module_cls.__name__, (module_cls,), left_out)(*args, **kwargs)
    module.__class__ = module_cls
    return module
