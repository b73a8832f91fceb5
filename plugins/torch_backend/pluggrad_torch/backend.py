"""The backend: its devices, its namespace, its kernels."""

from __future__ import annotations

import torch

from . import namespace as torch_namespace
from .kernels import KERNELS


def devices() -> dict[str, torch.device]:
    """The devices that PyTorch finds here, by label. That of the CPU is empty: it is the default one."""
    found = {"": torch.device("cpu")}
    found |= {f"cuda{i}": torch.device("cuda", i) for i in range(torch.cuda.device_count())}
    found |= {f"xpu{i}": torch.device("xpu", i) for i in range(torch.xpu.device_count())}
    if torch.backends.mps.is_available():
        found["mps"] = torch.device("mps", 0)
    return found


class TorchBackend:
    """PyTorch's arrays and kernels; its autograd is not used. See ``pluggrad.backends.Backend`` for the interface."""

    namespace = torch_namespace
    kernels = KERNELS
    set_num_threads = staticmethod(torch.set_num_threads)

    def __init__(self) -> None:
        found = devices()
        self.device_labels = tuple(found)
        self.devices = tuple(found.values())
