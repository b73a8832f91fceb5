"""``load``: tells the formats apart."""

from __future__ import annotations

import os
from typing import IO, Any

from ...dtypes import DType
from ...errors import CheckpointError, DeviceError
from ...tensor import Tensor
from . import container, torch_files
from .placing import MapLocation, Placer
from .structure import Reader

__all__ = ["load"]


def load(
    f: str | os.PathLike[str] | IO[bytes], map_location: MapLocation = None, *, weights_only: bool = True,
    mmap: bool | None = None,
) -> Any:  # fmt: skip
    """Read what :func:`save` wrote; also files of safetensors, and of ``torch.save``. No code of a file is run.

    Parameters
    ----------
    f : path, or file open for reading
    map_location : where tensors go: a device for all; a dict from the devices they were saved from to others; a
        function of a tensor (in the CPU's memory) and the name of the device it was saved from, which returns a device,
        a tensor, or None to leave it at that. Default: the device it was saved from
    weights_only, mmap : accepted for PyTorch's sake: nothing but data is read in any case, and all of it

    Raises
    ------
    CheckpointError : the file is truncated or altered; it is of another kind; it holds, if it is one of PyTorch's, an
        object that is neither a tensor nor a plain container: the class is named
    DeviceError : there is no such device

    >>> import pluggrad
    >>> pluggrad.save(pluggrad.nn.Linear(1, 1).state_dict(), "model.pluggrad")  # doctest: +SKIP
    >>> model.load_state_dict(pluggrad.load("model.pluggrad"))  # doctest: +SKIP
    """
    if isinstance(f, str | os.PathLike):
        with open(f, "rb") as file:
            return _load(file, repr(os.fspath(f)), Placer(map_location))
    if not hasattr(f, "read"):
        raise TypeError(f"load: f is a path or a file open for reading in binary, got {type(f).__name__}")
    return _load(f, repr(getattr(f, "name", type(f).__name__)), Placer(map_location))


def _load(file: IO[bytes], name: str, place: Placer) -> Any:
    data = file.read()
    if not data:
        raise CheckpointError(f"load: {name} is empty")
    if data.startswith(b"PK"):
        return torch_files.read_zip(data, name, place)
    if data.startswith(torch_files.LEGACY):
        return torch_files.read_legacy(data, name, place)
    if data[257:262] == b"ustar":
        raise CheckpointError(
            f"load: {name} is a tar file, as PyTorch wrote them before 2017; write it anew in PyTorch: "
            "torch.save(torch.load(f), f)"
        )
    if data.startswith(b"\x80") and data.rstrip(b"\n").endswith(b"."):
        raise CheckpointError(f"load: {name} is a pickle, which may run any code, and not one of torch.save: refused")
    contents = container.read(data, name)
    if contents.plain:
        return {key: place(contents.tensor(key), "cpu") for key in contents.names()}
    held: dict[Any, Tensor] = {}

    def read(key: str, dtype: DType, shape: list[int], location: str | None) -> Tensor:
        if (key, location) not in held:
            tensor = contents.tensor(key, dtype, shape)
            held[key, location] = tensor if location is None else place(tensor, location)
        return held[key, location]

    try:
        return Reader(read).restore(contents.structure)
    except DeviceError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:  # the checksum was right, the structure is not
        raise container.damaged(name, f"its structure is not as expected: {error!r}") from error
