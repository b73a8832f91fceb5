"""PyTorch's namespace, with PyTorch's semantics throughout, over pluggrad's tensors: for programs written for PyTorch.

>>> import pluggrad.torch as torch
>>> from pluggrad.torch import nn
>>> import pluggrad.torch.nn.functional as F
>>> torch.max(torch.tensor([[1.0, 3.0], [4.0, 2.0]]), dim=1).indices
tensor([1, 0])

A program that imports ``torch`` itself runs unchanged by ``python -m pluggrad.torch script.py``, or after
:func:`install`. Where the array API standard and PyTorch give one name two meanings, :mod:`pluggrad` follows the
standard and this module PyTorch: see :mod:`pluggrad.torch.conflicts`. The tensors are the same.
"""

from __future__ import annotations

import sys as _sys
from importlib import import_module as _import_module
from typing import Any as _Any

from . import names as _names
from .mirror import MirrorFinder as _MirrorFinder
from .mirror import missing as _missing

if not any(isinstance(f, _MirrorFinder) for f in _sys.meta_path):
    _sys.meta_path.append(_MirrorFinder())

from ..tensor.formats import *  # noqa: F403
from .installation import install as install
from .installation import uninstall as uninstall
from .settings import *  # noqa: F403
from .version import __version__ as __version__


def __getattr__(name: str) -> _Any:
    """A name of PyTorch's, made when it is first asked for and kept."""
    if name == "__all__":
        return _names.public()
    if not name.startswith("__"):
        found = _names.find(name)
        if found is not _names.NOTHING:
            globals()[name] = found
            return found
        try:
            return _import_module(f"{__name__}.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"{__name__}.{name}":
                raise
    raise _missing(__name__, name, _sys._getframe(1))


def __dir__() -> list[str]:
    return sorted({*(n for n in globals() if not n.startswith("_")), *_names.public()})
