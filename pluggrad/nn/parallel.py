"""Modules on several devices at once, as programs wrap them: with one device, the module as it is.

pluggrad runs a module on the one device that holds its parameters. :class:`DataParallel` accepts what means just
that, which is what PyTorch does, too, where there is no GPU or only one; more is an error that says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from ..device import Device
from ..errors import DeviceError
from .modules import Module

__all__ = ["DataParallel", "DistributedDataParallel", "data_parallel"]


def _one_device(name: str, device_ids: Sequence[Any] | None) -> None:
    if device_ids is not None and len({str(d) for d in device_ids}) > 1:
        raise DeviceError(
            f"{name}: a module runs on one device, got device_ids={list(device_ids)}; give one, or leave it out"
        )


class DataParallel(Module):
    """A module, called through: pluggrad does not share a batch among devices.

    Its parameters are named ``module.weight`` and so on, as in PyTorch, so that state dicts fit.

    Parameters
    ----------
    module : the module
    device_ids : None or one device
    output_device, dim : accepted for PyTorch's sake

    Raises
    ------
    DeviceError : several devices

    >>> import pluggrad
    >>> from pluggrad import nn
    >>> net = nn.DataParallel(nn.Linear(2, 1))
    >>> net(pluggrad.zeros(3, 2)).shape, list(net.state_dict())
    (pluggrad.Size([3, 1]), ['module.weight', 'module.bias'])
    """

    def __init__(
        self, module: Module, device_ids: Sequence[Any] | None = None, output_device: Any = None, dim: int = 0
    ) -> None:
        super().__init__()
        _one_device("DataParallel", device_ids)
        self.module = module
        self.device_ids = [] if device_ids is None else list(device_ids)
        self.dim = dim
        if device_ids:
            first = device_ids[0]
            module.to(Device("cuda", first) if isinstance(first, int) else first)

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """What the module makes of the arguments."""
        return self.module(*inputs, **kwargs)


def data_parallel(
    module: Module, inputs: Any, device_ids: Sequence[Any] | None = None, output_device: Any = None, dim: int = 0,
    module_kwargs: dict[str, Any] | None = None,
) -> Any:  # fmt: skip
    """What a module makes of its inputs, on one device; see :class:`DataParallel`."""
    _one_device("data_parallel", device_ids)
    return module(*(inputs if isinstance(inputs, tuple) else (inputs,)), **(module_kwargs or {}))


class DistributedDataParallel(Module):
    """Refuses: it needs several processes, and pluggrad runs in one. Programs may import it and ask first.

    Raises
    ------
    RuntimeError
    """

    def __init__(self, module: Module, *args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError(
            "DistributedDataParallel: Default process group has not been initialized: pluggrad runs in one process; "
            "run the program without torchrun"
        )
