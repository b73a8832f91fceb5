"""What a file has besides the elements of tensors: any object that ``save`` takes, as JSON.

None, True, False, texts, lists, finite floats and integers up to 2**53 are what they are in JSON. All else is an object
with a ``type``:

=====================  ===============================================================================================
``dict``               ``items``: pairs; keys are of any class that is listed here
``OrderedDict``        the same, and the ``metadata`` that a state dict has
``tuple``, ``Size``    ``items``
``set``, ``frozenset`` ``items``
``int``                ``value``: hexadecimal
``float``              ``value``: ``"nan"``, ``"inf"`` or ``"-inf"``
``complex``            ``real``, ``imag``
``bytes``              ``value``: base64; the same for ``bytearray``
``dtype``, ``device``  ``value``: its name
``Generator``          ``device``, ``seed``, ``offset``
``Tensor``             ``data``: the name of its elements; ``number``: the same for the same tensor; ``dtype``,
                       ``shape``, ``device``, ``requires_grad``; the same for ``Parameter``
``array``              ``data``, ``dtype``, ``shape``: an array of a library, which comes back as one of the CPU's
=====================  ===============================================================================================

Tensors over one memory, as those of two layers that share a weight, name the same data, and share it again. A view of a
part of another tensor has data of its own.
"""

from __future__ import annotations

import base64
import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, ClassVar

from ... import dtypes
from ...backends import plugins
from ...device import Device
from ...dtypes import DType
from ...nn.parameter import Parameter
from ...random import Generator
from ...tensor import Size, Tensor, make

__all__ = ["Reader", "Writer", "dtype_named"]

#: The largest integers that all readers of JSON agree on.
_EXACT = 2**53


def dtype_named(name: str) -> DType:
    """The data type of that name.

    Raises
    ------
    ValueError : there is none
    """
    for dtype in dtypes.ALL:
        if dtype.name == name:
            return dtype
    raise ValueError(f"no data type is named {name!r}")


class Writer:
    """From an object to JSON; collects the tensors on the way, in :attr:`tensors`, by name."""

    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}
        self._numbers: dict[int, int] = {}
        self._memory: dict[Any, str] = {}
        self._above: list[int] = []
        self._kept: list[Any] = []  # so that no id is given twice

    def write(self, value: Any, path: tuple[Any, ...] = ()) -> Any:
        """``value``, which stands at ``path`` in the whole, as JSON.

        Raises
        ------
        TypeError : an object of another class
        ValueError : a container that contains itself
        """
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return str(value)
        if isinstance(value, Tensor):
            return self._tensor(value, path)
        if isinstance(value, int | float | complex):
            return self._number(value)
        if hasattr(value, "dtype") and hasattr(value, "item"):
            return self._array(value, path)
        write = self._OTHERS.get(type(value))
        if write is not None:
            return write(self, value)
        return self._container(value, path)

    def _number(self, value: complex) -> Any:
        if isinstance(value, int):
            value = int(value)
            return value if abs(value) <= _EXACT else {"type": "int", "value": hex(value)}
        if isinstance(value, float):
            value = float(value)
            return value if math.isfinite(value) else {"type": "float", "value": repr(value)}
        return {"type": "complex", "real": self._number(value.real), "imag": self._number(value.imag)}

    def _bytes(self, value: bytes | bytearray) -> Any:
        return {"type": type(value).__name__, "value": base64.b64encode(value).decode()}

    def _dtype(self, value: DType) -> Any:
        return {"type": "dtype", "value": value.name}

    def _device(self, value: Device) -> Any:
        return {"type": "device", "value": str(value)}

    def _generator(self, value: Generator) -> Any:
        return {
            "type": "Generator",
            "device": str(value.device),
            "seed": hex(value.initial_seed()),
            "offset": hex(value.get_offset()),
        }

    _OTHERS: ClassVar[dict[type, Callable[[Writer, Any], Any]]] = {
        bytes: _bytes, bytearray: _bytes, DType: _dtype, Device: _device, Generator: _generator,
    }  # fmt: skip

    def _container(self, value: Any, path: tuple[Any, ...]) -> Any:
        cls = type(value)
        if cls not in (list, tuple, Size, set, frozenset, dict, OrderedDict):
            raise TypeError(_refusal(value, path))
        if id(value) in self._above:
            raise ValueError(f"save: the {cls.__name__} at {_where(path)} contains itself")
        self._above.append(id(value))
        try:
            if isinstance(value, dict):
                # The tensors of a dict are named after their keys.
                items: list[Any] = [[self.write(k, path), self.write(v, (*path, k))] for k, v in value.items()]
            else:
                items = [self.write(item, (*path, i)) for i, item in enumerate(value)]
            if cls is list:
                return items
            metadata = getattr(value, "_metadata", None)
            written = {"type": cls.__name__, "items": items}
            if metadata is not None:
                written["metadata"] = self.write(metadata, (*path, "_metadata"))
            return written
        finally:
            self._above.pop()

    def _tensor(self, value: Tensor, path: tuple[Any, ...]) -> Any:
        self._kept.append(value)
        return {
            "type": "Parameter" if isinstance(value, Parameter) else "Tensor",
            "data": self._data(value, path),
            "number": self._numbers.setdefault(id(value), len(self._numbers)),
            "dtype": value.dtype.name,
            "shape": list(value.shape),
            "device": str(value.device),
            "requires_grad": value.requires_grad,
        }

    def _array(self, value: Any, path: tuple[Any, ...]) -> Any:
        if not value.shape and isinstance(value.item(), bool | int | float | complex | bytes):
            return self.write(value.item(), path)  # a scalar of a library
        backend = plugins.owner(value)
        if backend is None:
            raise TypeError(_refusal(value, path))
        tensor = make(value, backend.type_of(value))
        self._kept.append(tensor)
        shape = list(tensor.shape)
        return {"type": "array", "data": self._data(tensor, path), "dtype": tensor.dtype.name, "shape": shape}

    def _data(self, tensor: Tensor, path: tuple[Any, ...]) -> str:
        """The name of the elements of a tensor, which is noted."""
        kernels, array = tensor._type.kernels, tensor._array
        try:
            memory: Any = (kernels.data_ptr(array), tensor._type, tuple(array.shape), tuple(kernels.strides(array)))
        except NotImplementedError:  # the library does not tell where an array lies
            memory = id(tensor)
        if memory in self._memory and tensor.nbytes:
            return self._memory[memory]
        wanted = ".".join(map(str, path)).encode(errors="replace").decode() or "tensor"
        name, k = wanted, 1
        while name in self.tensors or name == "__metadata__":
            k += 1
            name = f"{wanted}#{k}"
        self._memory[memory] = name
        self.tensors[name] = tensor
        return name


def _where(path: tuple[Any, ...]) -> str:
    return "obj" + "".join(f"[{key!r}]" for key in path)


def _refusal(value: Any, path: tuple[Any, ...]) -> str:
    cls = type(value)
    what = f"save: the object at {_where(path)} is of class {cls.__module__}.{cls.__qualname__}"
    if hasattr(value, "state_dict"):
        return (
            f"{what}; a file keeps data, not classes: save its state_dict(), and load that into a new one by "
            "load_state_dict()"
        )
    return (
        f"{what}, which a file does not keep: it keeps tensors, arrays, numbers, texts, bytes, None, dtypes, devices "
        "and generators, in dicts, lists, tuples and sets"
    )


class Reader:
    """From JSON back to an object.

    Parameters
    ----------
    read : gives a tensor, from the name of its data, its dtype and shape, and the device that it was on (None: on the
        CPU); the same tensor for the same name and device
    """

    def __init__(self, read: Callable[[str, DType, list[int], str | None], Tensor]) -> None:
        self._read = read
        self._tensors: dict[int, Tensor] = {}
        self._used: set[int] = set()

    def restore(self, value: Any) -> Any:
        """The object that was written so."""
        if isinstance(value, list):
            return [self.restore(item) for item in value]
        if not isinstance(value, dict):
            return value
        cls = value["type"]
        if cls in ("Tensor", "Parameter"):
            return self._tensor(value)
        if cls in ("dict", "OrderedDict"):
            return self._dict(value)
        if cls in self._SEQUENCES:
            return self._SEQUENCES[cls](self.restore(item) for item in value["items"])
        return self._SCALARS[cls](self, value)

    _SEQUENCES: ClassVar[dict[str, Callable[[Any], Any]]] = {
        "tuple": tuple, "Size": Size, "set": set, "frozenset": frozenset,
    }  # fmt: skip

    def _dict(self, value: Any) -> Any:
        items = [(self.restore(k), self.restore(v)) for k, v in value["items"]]
        if value["type"] == "dict":
            return dict(items)
        ordered: Any = OrderedDict(items)
        if "metadata" in value:
            ordered._metadata = self.restore(value["metadata"])
        return ordered

    def _tensor(self, value: Any) -> Tensor:
        known = self._tensors.get(value["number"])
        if known is not None:
            return known
        tensor = self._read(value["data"], dtype_named(value["dtype"]), value["shape"], value["device"])
        if id(tensor) in self._used:
            tensor = tensor.detach()  # another tensor over the same memory
        self._used.add(id(tensor))
        grad = value["requires_grad"]
        result = Parameter(tensor, grad) if value["type"] == "Parameter" else tensor.requires_grad_(grad)
        self._tensors[value["number"]] = result
        return result

    def _array(self, value: Any) -> Any:
        return self._read(value["data"], dtype_named(value["dtype"]), value["shape"], None)._array

    def _generator(self, value: Any) -> Generator:
        generator = Generator(value["device"]).manual_seed(int(value["seed"], 16))
        generator.set_offset(int(value["offset"], 16))
        return generator

    _SCALARS: ClassVar[dict[str, Callable[[Reader, Any], Any]]] = {
        "int": lambda self, value: int(value["value"], 16),
        "float": lambda self, value: float(value["value"]),
        "complex": lambda self, value: complex(self.restore(value["real"]), self.restore(value["imag"])),
        "bytes": lambda self, value: base64.b64decode(value["value"]),
        "bytearray": lambda self, value: bytearray(base64.b64decode(value["value"])),
        "dtype": lambda self, value: dtype_named(value["value"]),
        "device": lambda self, value: Device(value["value"]),
        "Generator": _generator,
        "array": _array,
    }
