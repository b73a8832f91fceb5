"""Kernels written in CUDA: their texts (``csrc/``), compiled for a dtype at first use, and launched with checks.

CuPy passes what it is given as it is: a Python float as a double, an array of any dtype and strides as its address. So
each argument is checked against the kernel's own list of parameters, read from its text, before it is launched.
"""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cupy
import numpy

from . import devices, late

_FOLDER = Path(__file__).parent / "csrc"

#: The C type of each dtype that kernels are compiled for.
C_TYPES = {
    "bool": "bool", "int8": "signed char", "int16": "short", "int32": "int", "int64": "long long",
    "uint8": "unsigned char", "uint16": "unsigned short", "uint32": "unsigned int", "uint64": "unsigned long long",
    "float16": "__half", "float32": "float", "float64": "double",
    "complex64": "complex<float>", "complex128": "complex<double>",
}  # fmt: skip

_SCALARS: dict[str, Any] = {
    "index_t": numpy.int64, "int": numpy.int32, "double": numpy.float64, "float": numpy.float32,
    "unsigned long long": numpy.uint64,
}  # fmt: skip

#: What the compiler is told for every kernel.
OPTIONS = ("--std=c++17",)

#: Threads to a block where nothing else matters.
BLOCK = 256
_MOST_BLOCKS = 1 << 16


class Parameter(NamedTuple):
    """One parameter of a kernel: what it points to (``T`` or a C type), or its type, if it is a number."""

    name: str
    type: str
    is_pointer: bool


@functools.cache
def text(file: str) -> str:
    """The text of a file of kernels, with the files that it includes."""

    def included(match: re.Match[str]) -> str:
        return (_FOLDER / match[1]).read_text(encoding="utf-8").replace("#pragma once", "")

    return re.sub(r'^#include "([\w.]+)"$', included, (_FOLDER / f"{file}.cu").read_text(encoding="utf-8"), flags=re.M)


@functools.cache
def signatures(file: str) -> dict[str, tuple[Parameter, ...]]:
    """The kernels of a file, with their parameters."""
    found = {}
    for match in re.finditer(r"__global__\s+void\s+(?:__launch_bounds__\(\w+\)\s+)?(\w+)\s*\(([^)]*)\)", text(file)):
        parameters = []
        for item in match[2].split(","):
            words = item.replace("*", " * ").split()
            kind = " ".join(w for w in words[:-1] if w not in ("const", "*", "__restrict__"))
            parameters.append(Parameter(words[-1], kind, "*" in words))
        found[match[1]] = tuple(parameters)
    return found


def files() -> list[str]:
    """The names of all files of kernels."""
    return sorted(path.stem for path in _FOLDER.glob("*.cu"))


def types_of(file: str) -> tuple[str, ...]:
    """The dtypes that a file is compiled for: its first line with ``// dtypes:``, else the real floating ones."""
    match = re.search(r"^// dtypes: (.*)$", text(file), flags=re.M)
    return tuple(match[1].split()) if match else ("float16", "float32", "float64")


def expressions(file: str, dtype: str) -> tuple[str, ...]:
    """The C++ names of all kernels of a file for a dtype."""
    return tuple(f"{name}<{C_TYPES[dtype]}>" for name in signatures(file))


_lock = threading.Lock()


@functools.cache
def _module(file: str, dtype: str) -> Any:
    options = OPTIONS + tuple(re.findall(r"^// options: (.*)$", text(file), flags=re.M))
    return cupy.RawModule(code=text(file), options=options, name_expressions=expressions(file, dtype))


@functools.cache
def _function(file: str, name: str, dtype: str, device: int) -> Any:
    # A function belongs to a device's context: CuPy keeps one module for each, and this one function.
    with _lock:
        return _module(file, dtype).get_function(f"{name}<{C_TYPES[dtype]}>")


def _checked(kernel: str, parameter: Parameter, value: Any, dtype: str) -> Any:
    if not parameter.is_pointer:
        return _SCALARS[parameter.type](value)
    expected = C_TYPES[dtype] if parameter.type == "T" else parameter.type
    if not isinstance(value, cupy.ndarray):
        raise TypeError(f"kernel {kernel}: {parameter.name} must be an array, got {type(value).__name__}")
    got = "index_t" if value.dtype == numpy.int64 and expected == "index_t" else C_TYPES[value.dtype.name]
    if got != expected or not value.flags.c_contiguous:
        raise TypeError(
            f"kernel {kernel}: {parameter.name} must be a contiguous array of {expected}, got "
            f"{value.dtype.name}{list(value.shape)} with strides {value.strides}"
        )
    return value


def launch(
    file: str, name: str, dtype: Any, blocks: int, args: Sequence[Any], *, threads: int = BLOCK, rows: int = 1
) -> None:
    """Run a kernel on the current device and stream.

    Parameters
    ----------
    file, name : the kernel ``name<T>`` of ``csrc/<file>.cu``
    dtype : what T is
    blocks : how many blocks would be best; fewer are used if there were too many (kernels loop)
    args : one for each of its parameters; contiguous arrays and numbers
    threads : to a block
    rows : the grid's second size

    Raises
    ------
    TypeError : an argument that the kernel would misread
    """
    dtype = numpy.dtype(dtype).name
    parameters = signatures(file)[name]
    if len(args) != len(parameters):
        raise TypeError(f"kernel {name}: takes {len(parameters)} arguments, got {len(args)}")
    if blocks <= 0 or rows <= 0:
        return
    given = tuple([_checked(name, p, a, dtype) for p, a in zip(parameters, args, strict=True)])
    grid = (min(blocks, _MOST_BLOCKS), rows)
    _function(file, name, dtype, devices.current())(grid, (threads,), given)
    late.check_if_blocking()


def blocks_for(elements: int, threads: int = BLOCK) -> int:
    """How many blocks give each element a thread."""
    return -(-elements // threads)
