"""Files of ``torch.save``: the zip files of today, and the streams that it wrote until version 1.6."""

from __future__ import annotations

import io
import pickletools
import sys
import zipfile
from collections.abc import Callable
from typing import Any

from ... import dtypes
from ...backends import plugins
from ...device import Device
from ...dtypes import DType
from ...errors import CheckpointError, DeviceError
from ...nn.parameter import Parameter
from ...ops.complex_functions import conj
from ...ops.strided import as_strided
from ...tensor import Size, Tensor
from .container import damaged, tensor_of
from .pickles import Machine
from .placing import Placer

__all__ = ["LEGACY", "read_legacy", "read_zip"]

#: A pickle, of protocol 2, of the number by which the streams begin.
LEGACY = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."

#: PyTorch's names of data types, and of storages of them.
_DTYPES = {
    "float32": dtypes.float32, "float64": dtypes.float64, "float16": dtypes.float16, "bfloat16": dtypes.bfloat16,
    "uint8": dtypes.uint8, "int8": dtypes.int8, "int16": dtypes.int16, "int32": dtypes.int32, "int64": dtypes.int64,
    "uint16": dtypes.uint16, "uint32": dtypes.uint32, "uint64": dtypes.uint64, "bool": dtypes.bool_,
    "complex64": dtypes.complex64, "complex128": dtypes.complex128,
}  # fmt: skip
_STORAGES = {
    "FloatStorage": dtypes.float32, "DoubleStorage": dtypes.float64, "HalfStorage": dtypes.float16,
    "BFloat16Storage": dtypes.bfloat16, "ByteStorage": dtypes.uint8, "CharStorage": dtypes.int8,
    "ShortStorage": dtypes.int16, "IntStorage": dtypes.int32, "LongStorage": dtypes.int64,
    "BoolStorage": dtypes.bool_, "ComplexFloatStorage": dtypes.complex64, "ComplexDoubleStorage": dtypes.complex128,
    "UntypedStorage": None,
}  # fmt: skip


class _StorageType:
    """A class of storages, which a pickle names: of one data type, or of bytes."""

    def __init__(self, dtype: DType | None) -> None:
        self.dtype = dtype


_VALUES: dict[str, Any] = {
    **{f"torch.{name}": dtype for name, dtype in _DTYPES.items()},
    **{f"torch.{name}": _StorageType(dtype) for name, dtype in _STORAGES.items()},
    "torch.storage.UntypedStorage": _StorageType(None),
    "torch.Tensor": Tensor,
    "torch._tensor.Tensor": Tensor,
    "torch.nn.parameter.Parameter": Parameter,
}


class _Storage:
    """Memory that tensors show parts of."""

    def __init__(self, data: bytearray | bytes, dtype: DType | None, location: str, place: Placer) -> None:
        self._data, self.dtype, self._location, self._place = data, dtype, location, place
        self._tensors: dict[DType, Tensor] = {}

    def tensor(self, dtype: DType) -> Tensor:
        """All of it, as a vector, where it belongs; the same one each time."""
        if dtype not in self._tensors:
            whole = self._data[: len(self._data) // dtype.itemsize * dtype.itemsize]
            if dtype is dtypes.bfloat16 and dtype not in plugins.backend("cpu").dtypes:
                raise CheckpointError(
                    "it holds bfloat16 tensors, which the backend of device 'cpu' has not; save x.float() in PyTorch"
                )
            self._tensors[dtype] = self._place(tensor_of(whole, dtype), self._location)
        return self._tensors[dtype]


# -- what pickles call ---------------------------------------------------------------------------------------


def _tensor(
    storage: Any, offset: int, size: tuple[int, ...], stride: tuple[int, ...], requires_grad: bool = False,
    backward_hooks: Any = None, metadata: Any = None,
) -> Tensor:  # fmt: skip
    return _typed_tensor(storage, offset, size, stride, requires_grad, backward_hooks, storage.dtype, metadata)


def _typed_tensor(
    storage: Any, offset: int, size: tuple[int, ...], stride: tuple[int, ...], requires_grad: bool, backward_hooks: Any,
    dtype: DType, metadata: Any = None,
) -> Tensor:  # fmt: skip
    if not isinstance(storage, _Storage) or not isinstance(dtype, DType):
        raise TypeError("a tensor without a storage or a data type")
    tensor = as_strided(storage.tensor(dtype), size, stride, offset).detach()
    for flag in metadata or {}:
        if flag == "conj":
            tensor = conj(tensor)
        elif flag == "neg":
            tensor = -tensor
        else:
            raise CheckpointError(f"it has a tensor with the metadata {flag!r}, which are not known")
    return tensor.requires_grad_(bool(requires_grad))


def _parameter(data: Tensor, requires_grad: bool = True, backward_hooks: Any = None, state: Any = None) -> Parameter:
    if not isinstance(data, Tensor):
        raise TypeError("a parameter of no tensor")
    return Parameter(data.detach(), requires_grad)


def _size(items: tuple[int, ...] = ()) -> Size:
    return Size(int(n) for n in items)


def _device(kind: str, index: int | None = None) -> Device:
    return Device(kind, index)


def _with_attributes(rebuild: Any, cls: Any, arguments: tuple[Any, ...], state: Any) -> Tensor:
    """A tensor that had attributes of its own, which are not kept."""
    if cls not in (Tensor, Parameter) or rebuild.text not in _TENSORS:
        raise CheckpointError(f"it names {rebuild!r} for {cls!r}, which is refused")
    tensor = _TENSORS[rebuild.text](*arguments)
    return tensor if cls is Tensor or isinstance(tensor, Parameter) else Parameter(tensor, tensor.requires_grad)


_TENSORS: dict[str, Callable[..., Tensor]] = {
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _typed_tensor,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter,
}
_CALLS: dict[str, Callable[..., Any]] = {
    **_TENSORS,
    "torch._tensor._rebuild_from_type_v2": _with_attributes,
    "torch.Size": _size,
    "torch.device": _device,
}


def _run(data: io.BytesIO, name: str, persistent: Callable[[Any], Any], calls: dict[str, Any] = _CALLS) -> Any:
    try:
        return Machine(calls, _VALUES, persistent).run(data)
    except CheckpointError as error:
        raise CheckpointError(f"load: {name} cannot be read: {error}") from None
    except DeviceError:
        raise
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError, OverflowError) as error:
        raise damaged(name, f"{type(error).__name__}: {error}") from error


# -- zip files -----------------------------------------------------------------------------------------------


def read_zip(data: bytes, name: str, place: Placer) -> Any:
    """The object of a zip file.

    Raises
    ------
    CheckpointError : it is damaged, or holds something else
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        # The directory stands at the end of the file; all that it lists is checked.
        names = {entry.filename.partition("/")[2]: entry for entry in archive.infolist()}
        if "constants.pkl" in names:
            raise CheckpointError(
                f"load: {name} is a TorchScript program; save the state_dict() in PyTorch, as in "
                "torch.save(torch.jit.load(f).state_dict(), f)"
            )
        packed = [entry.filename for entry in names.values() if entry.compress_type != zipfile.ZIP_STORED]
        if packed:
            raise CheckpointError(f"load: {name} has packed entries, as torch.save writes none: {packed[0]!r}")
        if "data.pkl" not in names:
            raise CheckpointError(f"load: {name} is a zip file, but not one of torch.save: it has no data.pkl")
        members = {short: archive.read(entry) for short, entry in names.items()}
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise damaged(name, str(error)) from error
    if members.get("byteorder", b"little") != b"little":
        raise CheckpointError(f"load: {name} was written on a machine of other byte order")
    storages: dict[str, _Storage] = {}

    def persistent(identifier: Any) -> _Storage:
        kind, storage_type, key, location, _ = identifier
        if kind != "storage" or not isinstance(storage_type, _StorageType):
            raise TypeError(f"{kind!r} outside of the pickle")
        if key not in storages:
            storages[key] = _Storage(bytearray(members[f"data/{key}"]), storage_type.dtype, location, place)
        return storages[key]

    return _run(io.BytesIO(members["data.pkl"]), name, persistent)


# -- streams -------------------------------------------------------------------------------------------------


def read_legacy(data: bytes, name: str, place: Placer) -> Any:
    """The object of a stream: pickles of a number, a version, a description, the object and the storages' keys, then
    the storages.

    Raises
    ------
    CheckpointError : it is damaged, or holds something else
    """
    stream = io.BytesIO(data)

    def refuse(identifier: Any) -> Any:
        raise TypeError(f"{identifier!r} outside of the pickle")

    _run(stream, name, refuse)
    version = _run(stream, name, refuse)
    system = _run(stream, name, refuse)
    if version != 1001 or not isinstance(system, dict) or system.get("little_endian") is not True:
        raise CheckpointError(f"load: {name} has a version or byte order that is not known: {version!r}, {system!r}")
    begin = stream.tell()
    try:
        for _ in pickletools.genops(stream):
            pass
    except (ValueError, EOFError) as error:
        raise damaged(name, str(error)) from error
    keys = _run(stream, name, refuse)
    # The pickle tells what type each storage has, which tells how long it is, and stands before them.
    types: dict[str, DType] = {}
    end = stream.tell()

    def note(identifier: Any) -> None:
        _, storage_type, key, *_ = identifier
        types[key] = storage_type.dtype or dtypes.uint8

    stream.seek(begin)
    _run(stream, name, note, dict.fromkeys(_CALLS, lambda *arguments: None))
    stream.seek(end)
    contents: dict[str, bytearray] = {}
    for key in keys:
        count = int.from_bytes(stream.read(8), sys.byteorder)
        size = count * types[key].itemsize if key in types else -1
        if not 0 <= size <= len(data) - stream.tell():
            raise damaged(name, "its storages are not as long as they should be")
        contents[key] = bytearray(stream.read(size))
    if stream.read(1):
        raise damaged(name, "there is something behind its end")
    storages: dict[str, _Storage] = {}

    def persistent(identifier: Any) -> _Storage:
        kind, storage_type, key, location, _, view = identifier
        if kind != "storage" or view is not None:
            raise TypeError(f"{kind!r} outside of the pickle")
        if key not in storages:
            storages[key] = _Storage(contents[key], storage_type.dtype, location, place)
        return storages[key]

    return _run(io.BytesIO(data[begin:]), name, persistent)
