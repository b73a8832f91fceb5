"""Modules, the parts of which models are made, under PyTorch's names.

>>> import pluggrad
>>> from pluggrad import nn
>>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
>>> net(pluggrad.zeros(3, 4)).shape
pluggrad.Size([3, 2])
"""

from typing import TYPE_CHECKING

from . import attention, functional, init, modules, parallel, utils
from .modules import *  # noqa: F403
from .parallel import DataParallel
from .parameter import Buffer, Parameter, UninitializedBuffer, UninitializedParameter

if not TYPE_CHECKING:
    __all__ = ["Buffer", "DataParallel", "Parameter", "UninitializedBuffer", "UninitializedParameter"]
    __all__ += ["attention", "functional", "init", "modules", "parallel", "utils"]
    __all__ += modules.__all__
