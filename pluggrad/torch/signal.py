"""``torch.signal``, of which there is ``torch.signal.windows``: see :mod:`pluggrad.torch.windows`."""

from __future__ import annotations

from . import windows

__all__ = ["windows"]
__path__: list[str] = []  # so that `import torch.signal.windows` looks for a submodule
