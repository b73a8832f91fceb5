"""The file itself: named elements and a structure in the safetensors format, with a checksum over all."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from types import ModuleType
from typing import IO, Any

from ...backends import plugins
from ...dtypes import DType
from ...errors import CheckpointError
from ...ops.creation import asarray
from ...tensor import Tensor
from .structure import dtype_named

__all__ = ["Contents", "read", "write"]

VERSION = "1"
BLANK = "0" * 64
# Quotation marks within texts of the header are escaped, so no text can look like this.
_CHECKSUM = re.compile(rb'"checksum":"([0-9a-f]{64})"')

#: The format's names of data types.
DTYPES = {
    "BOOL": "bool", "I8": "int8", "I16": "int16", "I32": "int32", "I64": "int64", "U8": "uint8", "U16": "uint16",
    "U32": "uint32", "U64": "uint64", "F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64",
    "C64": "complex64",
}  # fmt: skip


def _safetensors() -> ModuleType:
    try:
        import safetensors
    except ImportError as error:
        raise ImportError(
            'tensors are kept in the safetensors format: pip install "pluggrad[checkpoints]", which brings safetensors'
        ) from error
    return safetensors


# -- writing -----------------------------------------------------------------------------------------------


def write(file: IO[bytes], tensors: Mapping[str, Tensor], structure: Any) -> None:
    """Write the whole to a file, which can be sought in; one tensor after the other, so that no copy of all is made."""
    _safetensors()  # a file that could not be read here is not written
    names = {name: key for key, name in DTYPES.items()}
    text = json.dumps(structure, allow_nan=False, separators=(",", ":"))
    header: dict[str, Any] = {"__metadata__": {"pluggrad": VERSION, "structure": text, "checksum": BLANK}}
    end = 0
    # The largest elements first: all lie at multiples of their size.
    order = sorted(tensors, key=lambda name: -_parts(tensors[name])[0].itemsize)
    for name in order:
        dtype, shape = _parts(tensors[name])
        start, end = end, end + tensors[name].nbytes
        header[name] = {"dtype": names[dtype.name], "shape": shape, "data_offsets": [start, end]}
    head = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    head = len(head).to_bytes(8, "little") + head
    place = file.tell() + _place(head)[0]
    digest = hashlib.sha256(head)
    file.write(head)
    for name in order:
        host = tensors[name].detach().cpu()
        data = host._type.kernels.to_bytes(host._array, dtype=host.dtype.name)
        digest.update(data)
        file.write(data)
    file.seek(place)
    file.write(digest.hexdigest().encode())


def _parts(tensor: Tensor) -> tuple[DType, list[int]]:
    """The data type and shape of a tensor in the file, where a complex number is two floats."""
    if tensor.dtype.is_complex:
        return tensor.dtype.to_real(), [*tensor.shape, 2]
    return tensor.dtype, list(tensor.shape)


def _place(header: bytes) -> tuple[int, int]:
    """Where the checksum stands."""
    found = _CHECKSUM.search(header)
    assert found is not None
    return found.span(1)


# -- reading -----------------------------------------------------------------------------------------------


class Contents:
    """What a file holds, checked: a ``structure``, unless it is a ``plain`` safetensors file, and tensors by name."""

    def __init__(self, plain: bool, structure: Any, entries: dict[str, Any]) -> None:
        self.plain, self.structure, self._entries = plain, structure, entries

    def names(self) -> list[str]:
        """The names of the tensors."""
        return list(self._entries)

    def tensor(self, name: str, dtype: DType | None = None, shape: list[int] | None = None) -> Tensor:
        """A tensor in the CPU's memory, with the data type and shape that the structure says."""
        entry = self._entries[name]
        dtype = dtype or dtype_named(DTYPES[entry["dtype"]])
        shape = entry["shape"] if shape is None else shape
        return tensor_of(entry["data"], dtype).reshape(shape)


def tensor_of(data: bytes | bytearray, dtype: DType) -> Tensor:
    """A vector of these bytes, in the CPU's memory; it may share theirs."""
    host = plugins.backend("cpu")
    array_type = host.array_type(host.devices[0], dtype)
    own = data if isinstance(data, bytearray) else bytearray(data)
    return asarray(host.kernels.from_bytes(own, dtype=dtype.name, device=array_type.native_device))


def read(data: bytes, name: str) -> Contents:
    """The contents of a file whose bytes these are.

    Raises
    ------
    CheckpointError : it is not in this format, or it is truncated or altered
    """
    lib = _safetensors()
    end = 8 + int.from_bytes(data[:8], "little")
    if len(data) < 10 or end > len(data) or data[8:9] != b"{":
        raise CheckpointError(
            f"load: {name} is truncated, altered, or no file of pluggrad.save, of safetensors or of torch.save"
        )
    header = data[8:end]
    try:
        listed = json.loads(header)
        metadata = listed.get("__metadata__", {})
    except (ValueError, AttributeError, RecursionError) as error:
        raise damaged(name, "its header cannot be read") from error
    ours = isinstance(metadata, dict) and not {"pluggrad", "structure", "checksum"}.isdisjoint(metadata)
    if ours:
        _verify(data, header, name)
        if metadata["pluggrad"] != VERSION:
            raise CheckpointError(
                f"load: {name} has version {metadata['pluggrad']} of the format, this pluggrad reads version {VERSION}"
            )
    try:
        found = dict(lib.deserialize(data))
        entries = {key: found[key] for key in listed if key in found}
        structure = json.loads(metadata["structure"]) if ours else None
    except (lib.SafetensorError, ValueError, RecursionError) as error:
        raise damaged(name, str(error)) from error
    return Contents(not ours, structure, entries)


def _verify(data: bytes, header: bytes, name: str) -> None:
    found = _CHECKSUM.search(header)
    if found is None:
        raise damaged(name, "it has no checksum")
    start, end = (8 + place for place in found.span(1))
    view = memoryview(data)
    digest = hashlib.sha256(view[:start])
    digest.update(BLANK.encode())
    digest.update(view[end:])
    if digest.hexdigest().encode() != found.group(1):
        raise damaged(name, "its checksum is not that of its contents")


def damaged(name: str, reason: str) -> CheckpointError:
    """The error for a file that is not as it was written."""
    return CheckpointError(f"load: {name} is truncated or altered: {reason}")
