"""Backends: the plugin interface, discovery and loading. ``pluggrad.backends.status()`` lists what there is.

>>> import pluggrad
>>> [b.name for b in pluggrad.backends.status() if b.device_type == "cpu"]
['numpy']
"""

from .hookspecs import BackendInfo, FunctionInfo
from .kernels import Kernels, of_dtype, of_few
from .loaded import ArrayType, LoadedBackend
from .manager import BackendStatus, Plugins, plugins
from .protocol import Backend
from .transfer import transfer

register = plugins.register
unregister = plugins.unregister
status = plugins.status

__all__ = [
    "ArrayType", "Backend", "BackendInfo", "BackendStatus", "FunctionInfo", "Kernels", "LoadedBackend", "Plugins",
    "of_dtype", "of_few", "plugins", "register", "status", "transfer", "unregister",
]  # fmt: skip
