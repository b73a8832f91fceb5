"""Versions, as programs ask for them: of PyTorch the one that pluggrad is compared with, of CUDA what is not there."""

from __future__ import annotations

#: PyTorch's version whose behaviour this is; the part behind the plus says that it is not PyTorch.
__version__ = "2.13.0+pluggrad"
cuda: str | None = None
hip: str | None = None
git_version = ""
debug = False
