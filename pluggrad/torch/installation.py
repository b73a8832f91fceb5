"""Running programs that import ``torch``: the name is taken from here."""

from __future__ import annotations

import sys
from importlib import import_module

from ..autograd.operands import ZeroDim
from ..dtypes import Printed
from .mirror import TorchFinder

_finder = TorchFinder()


def install() -> None:
    """Let ``import torch``, and of any of its submodules, give :mod:`pluggrad.torch` from now on, in this process.

    It also lets operators of tensors promote a 0-D tensor as PyTorch does: like a number, beside a tensor with axes.
    (Functions of ``pluggrad.torch`` do so in any case.) And types print with PyTorch's names, as ``torch.float32``.

    Raises
    ------
    RuntimeError : PyTorch itself has been imported already

    Examples
    --------
    At the beginning of a program or a notebook::

        import pluggrad.torch

        pluggrad.torch.install()
        import torch  # pluggrad.torch
    """
    loaded = sys.modules.get("torch")
    if loaded is not None and loaded.__name__ != __package__:
        raise RuntimeError(
            f"install: PyTorch itself is imported already, from {getattr(loaded, '__file__', None)}; "
            "call pluggrad.torch.install() before anything imports it"
        )
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
    sys.modules["torch"] = import_module(__package__)
    ZeroDim.weak = True
    Printed.namespace = "torch"


def uninstall() -> None:
    """Undo :func:`install`: ``import torch`` looks for PyTorch again."""
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
    for name in [n for n in sys.modules if n == "torch" or n.startswith("torch.")]:
        if sys.modules[name].__name__.startswith(__package__):
            del sys.modules[name]
    ZeroDim.weak = False
    Printed.namespace = "pluggrad"
