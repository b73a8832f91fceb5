"""Compiles the texts of kernels for the CPU, and calls them with NumPy's arrays."""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pluggrad_cupy import launch
from pluggrad_cupy.pointwise import POINTWISE, Pointwise

HERE = Path(__file__).parent
#: -ffp-contract=off: as --fmad=false, no product and sum in one rounding.
FLAGS = ("-std=c++20", "-O1", "-fPIC", "-shared", "-ffp-contract=off", "-w", f"-I{HERE}", f"-I{HERE / 'include'}")

HOST_TYPES = {**launch.C_TYPES}


class CompilerError(RuntimeError):
    """A text that the C++ compiler refuses."""


def compiler() -> str | None:
    """The C++ compiler: that of the environment variable CXX, else g++ or clang++; None if there is none."""
    return next(
        (path for name in (os.environ.get("CXX"), "g++", "clang++") if name and (path := shutil.which(name))), None
    )


def build(text: str, *flags: str, program: bool = False) -> Path:
    """The library (or program) of a text; kept in the system's temporary folder from run to run."""
    cxx = compiler()
    assert cxx is not None
    options = [f for f in (*FLAGS, *flags) if not (program and f in ("-fPIC", "-shared"))]
    header = (HERE / "cuda_on_host.h").read_text(encoding="utf-8")
    key = hashlib.sha256("\0".join([cxx, header, text, *options]).encode()).hexdigest()[:24]
    folder = Path(tempfile.gettempdir()) / f"pluggrad-cupy-host-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / f"{key}{'' if program else '.so'}"
    if not target.exists():
        source = folder / f"{key}.cpp"
        source.write_text(text, encoding="utf-8")
        made = folder / f"{key}.{os.getpid()}"
        done = subprocess.run(
            [cxx, *options, str(source), "-o", str(made)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise CompilerError(done.stderr[-3000:])
        made.rename(target)
    return target


# -- kernels with a grid --------------------------------------------------------------------------------------------


def meets_barriers(text: str) -> bool:
    """Whether the threads of a block wait for each other."""
    body = text.split("// The number of this thread", 1)[-1]
    return any(word in body for word in ("__syncthreads", "block_sum", "block_max", "__shfl"))


def raw_text(code: str, expressions: Sequence[str]) -> str:
    """A text with an entry of C's for each of its kernels, by number."""
    single = "" if meets_barriers(code) else "#ifndef THREADS\n#define SINGLE\n#endif\n"
    return f'{single}#include "cuda_on_host.h"\n{code}\n{entries(expressions)}\n'


def entries(kernels: Sequence[str]) -> str:
    """C's functions that launch kernels, by number."""
    return "\n".join(
        f'extern "C" void entry_{i}(const int* shape, void** args) {{ host::launch({name}, shape, args); }}'
        for i, name in enumerate(kernels)
    )


@functools.cache
def raw_library(code: str, expressions: tuple[str, ...]) -> ctypes.CDLL:
    """The library of a text of kernels."""
    return ctypes.CDLL(str(build(raw_text(code, expressions))))


def _pointers(args: Sequence[np.ndarray | np.generic]) -> tuple[Any, list[Any]]:
    """The addresses of arrays, and of the numbers themselves; what must be kept alive meanwhile."""
    kept: list[Any] = []
    slots = (ctypes.c_void_p * len(args))()
    for i, a in enumerate(args):
        if isinstance(a, np.ndarray):
            holder = np.array([a.ctypes.data], np.uintp)
        else:
            holder = np.array([a])
        kept.append(holder)
        slots[i] = holder.ctypes.data
    return slots, kept


def run_raw(
    library: ctypes.CDLL, number: int, grid: Sequence[int], threads: int, args: Sequence[np.ndarray | np.generic]
) -> None:
    """Launch a kernel: arrays are passed as pointers, NumPy's scalars as they are."""
    slots, kept = _pointers(args)
    shape = (ctypes.c_int * 4)(*(*grid, 1, 1)[:3], threads)
    getattr(library, f"entry_{number}")(shape, slots)
    del kept


# -- elementwise kernels --------------------------------------------------------------------------------------------

_PREFIX = '#ifndef THREADS\n#define SINGLE\n#endif\n#include "cuda_on_host.h"\ntypedef __half float16;\n'


def parameters(declarations: str) -> list[tuple[bool, str, str]]:
    """CuPy's declarations, "T x, raw int64 y": whether raw, the type, the name."""
    out = []
    for item in declarations.split(","):
        words = item.split()
        out.append((words[0] == "raw", words[-2], words[-1]))
    return out


def pointwise_text(kernel: Pointwise) -> str:
    """A kernel as a template, with an entry for each of its dtypes. Every array is contiguous and of one shape.

    A thread may take every ``_step``-th element, from ``_first`` on.
    """
    arguments, lines = [], []
    ins, outs = parameters(kernel.inputs), parameters(kernel.outputs)
    for i, (raw, kind, name) in enumerate(ins + outs):
        c = kind if kind == "T" else HOST_TYPES[kind]
        scalar = not raw and kind != "T" and kind != "bool" and i < len(ins)
        if raw:
            arguments.append(f"{c}* {name} = ({c}*)_args[{i}];")
        elif scalar:
            arguments.append(f"const {c} {name} = *({c}*)_args[{i}];")
        elif i < len(ins):
            # What CuPy takes as a scalar comes as an array with one element: its step is 0.
            lines.append(f"const {c} {name} = (({c}*)_args[{i}])[n_{name} * i];")
            arguments.append(f"const long n_{name} = _steps[{i}];")
        else:
            lines.append(f"{c}& {name} = (({c}*)_args[{i}])[i];")
    body = "\n        ".join(lines)
    entries = "\n".join(
        f'extern "C" void {kernel.name}__{d}(long n, const long* _steps, void** _args) '
        f"{{ run_{kernel.name}<{HOST_TYPES[d]}>(n, _steps, _args); }}"
        for d in kernel.dtypes
    )
    return f"""namespace of_{kernel.name} {{
{kernel.whole_preamble}
template <typename T>
void run_{kernel.name}(long n, const long* _steps, void** _args, long _first = 0, long _step = 1) {{
    {" ".join(arguments)}
    for (long i = _first; i < n; i += _step) {{
        {body}
        {kernel.operation}
    }}
}}
{entries}
}}
"""


def pointwise_library_text(kernels: Iterable[Pointwise] | None = None) -> str:
    """Elementwise kernels, all unless some are named, in one text: one run of the compiler."""
    return _PREFIX + "\n".join(pointwise_text(k) for k in kernels or POINTWISE.values())


@functools.cache
def pointwise_library() -> ctypes.CDLL:
    """The library of all elementwise kernels."""
    return ctypes.CDLL(str(build(pointwise_library_text())))


def run_pointwise(kernel: Pointwise, dtype: str, args: Sequence[Any], size: int | None = None) -> None:
    """Run a kernel on contiguous arrays of one shape, and scalars; the last ones are written."""
    ins, outs = parameters(kernel.inputs), parameters(kernel.outputs)
    count = size
    held, steps = [], (ctypes.c_long * len(args))()
    slots = (ctypes.c_void_p * len(args))()
    for i, ((raw, kind, _), a) in enumerate(zip(ins + outs, args, strict=True)):
        target = dtype if kind == "T" else kind
        if isinstance(a, np.ndarray) and a.ndim:
            assert a.flags.c_contiguous and a.dtype == target, (kernel.name, a.dtype, target)
            steps[i] = 1
            if not raw and size is None:
                count = a.size
        else:
            a = a.reshape(1) if isinstance(a, np.ndarray) else np.array([a]).astype(target)
            if count is None and i >= len(ins):
                count = 1
        held.append(a)
        slots[i] = a.ctypes.data
    getattr(pointwise_library(), f"{kernel.name}__{dtype}")(ctypes.c_long(count or 0), steps, slots)


# -- reductions -----------------------------------------------------------------------------------------------------


#: CuPy's arrays and indexers, as far as its reductions need them: the axes that are reduced come first, all contiguous.
_ARRAYS = """
typedef __half float16;
template <typename T, int ndim, bool contiguous = true, bool narrow = true> struct CArray {
    T* data;
    T& operator[](ptrdiff_t i) const { return data[i]; }
};
template <int ndim, bool narrow = true> struct CIndexer {
    ptrdiff_t count, at;
    ptrdiff_t size() const { return count; }
    void set(ptrdiff_t i) { at = i; }
    ptrdiff_t get() const { return at; }
};
"""


def _reduction_part(name: str, text: str) -> str:
    """A reduction as CuPy makes it, in a namespace, whose entries come after."""
    body = text.replace('extern "C" ', "")
    return f"namespace {name} {{\n{body}\n#undef REDUCE\n#undef POST_MAP\n#undef _REDUCE\n}}\n"


def reductions_text(parts: Iterable[tuple[str, str, str]]) -> str:
    """Reductions in one text: for each its namespace, the name of its kernel, its text."""
    return f'#include "cuda_on_host.h"\n{_ARRAYS}' + "".join(_reduction_part(space, text) for space, _, text in parts)


@functools.cache
def reduction_library(parts: tuple[tuple[str, str, str], ...]) -> ctypes.CDLL:
    """The library of :func:`reductions_text`."""
    names = [f"{space}::{kernel}" for space, kernel, _ in parts]
    return ctypes.CDLL(str(build(f"{reductions_text(parts)}\n{entries(names)}\n")))
