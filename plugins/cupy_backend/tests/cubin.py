"""Kernels compiled by NVRTC, as CuPy feeds them to it, for any architecture and without a GPU.

CuPy compiles a kernel for the device at hand. What it puts together first (the headers, the options, the loop around an
elementwise operation) is had from its private functions, which a new version may rename: hence the pinned CuPy of the
extra ``cupy-test``. Needs the packages nvidia-cuda-nvrtc-cu12 and nvidia-cuda-runtime-cu12.
"""

from __future__ import annotations

import numpy as np
from cupy import ndarray
from cupy._core import _carray, _kernel, core
from cupy.cuda import compiler
from pluggrad_cupy import launch
from pluggrad_cupy.pointwise import Pointwise
from pluggrad_cupy.reducing import Reduction
from reduction_text import reduction_text

ARCHITECTURES = ("80", "90")
_HEADERS = "".join(f"#include <{h}>\n" for h in core._cupy_header_list)
# Kinds of arguments, as CuPy numbers them.
_ARRAY, _INDEXER, _SCALAR = 1, 2, 3


def compile_text(code: str, options: tuple[str, ...], architecture: str, names: tuple[str, ...] | None = None) -> bytes:
    """The machine code of a text.

    Raises
    ------
    CompileException
    """
    every = core.assemble_cupy_compiler_options(options)
    every += ("-ftz=true", f"-arch=sm_{architecture}", "--device-as-default-execution-space")
    program = compiler._NVRTCProgram(code, "kernel.cu", name_expressions=names, method="cubin")
    cubin, mapping = program.compile(every, None)
    for name in names or ():
        assert f".text.{mapping[name]}".encode() in cubin, f"{name} is not in the compiled kernel"
    return cubin


def compile_file(file: str, dtype: str, architecture: str, code: str | None = None) -> bytes:
    """A file of kernels with a grid, for a dtype."""
    return compile_text(
        launch.text(file) if code is None else code, launch.OPTIONS, architecture, launch.expressions(file, dtype)
    )


def elementwise_text(kernel: Pointwise, dtype: str, ndim: int, contiguous: bool) -> str:
    """What CuPy makes of an elementwise kernel: its loop over arrays of so many axes."""
    made = kernel.kernel
    types: dict[str, np.dtype] = {}

    def argument(parameter: object, axes: int) -> object:
        kind = np.dtype(dtype if parameter.dtype is None else parameter.dtype)  # type: ignore[attr-defined]
        if parameter.dtype is None:  # type: ignore[attr-defined]
            types[parameter.ctype] = kind  # type: ignore[attr-defined]
        is_scalar = parameter.dtype is not None and not parameter.raw and parameter in made.in_params  # type: ignore[attr-defined]
        if is_scalar and kind != np.bool_:
            from cupy._core import _scalar

            return _kernel._ArgInfo(_SCALAR, _scalar.CScalar, kind, 0, True, True)
        return _kernel._ArgInfo(_ARRAY, ndarray, kind, axes, contiguous, True)

    arguments = tuple(argument(p, 1 if p.raw else ndim) for p in made.in_params + made.out_params)
    arguments += (_kernel._ArgInfo(_INDEXER, _carray.Indexer, None, ndim, True, True),)
    return _HEADERS + _kernel._get_elementwise_kernel_code(
        arguments, _kernel._TypeMap(tuple(sorted(types.items()))), made.params, made.operation, made.name,
        made.preamble, **{k: v for k, v in made.kwargs.items() if k != "options"},
    )  # fmt: skip


def compile_pointwise(
    kernel: Pointwise, dtype: str, architecture: str, ndim: int = 1, contiguous: bool = True
) -> bytes:
    """An elementwise kernel for a dtype, over arrays of so many axes."""
    code = elementwise_text(kernel, dtype, ndim, contiguous)
    cubin = compile_text(code, tuple(kernel.kernel.kwargs["options"]), architecture)
    assert f".text.{kernel.kernel.name}".encode() in cubin
    return cubin


def compile_reduction(
    reduction: Reduction, dtype: str, architecture: str, ndim: int = 2, contiguous: bool = True
) -> bytes:
    """A reduction for a dtype, over arrays of so many axes."""
    code = _HEADERS + reduction_text(reduction, dtype, ndim, contiguous)
    cubin = compile_text(code, reduction.arguments["options"], architecture)
    assert f".text.{reduction.arguments['name']}".encode() in cubin
    return cubin
