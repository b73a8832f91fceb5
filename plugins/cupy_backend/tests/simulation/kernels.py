"""Kernels: the plugin's own texts, compiled for the CPU and run on the arrays behind the fence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import reduction_text
from host import build
from kernel_cases import REDUCTION_BLOCK, reduction_args

from . import devices
from .arrays import check_devices, ndarray, refuse_host
from .install import real_module


class ElementwiseKernel:
    """As cupy.ElementwiseKernel, for the kernels of :mod:`pluggrad_cupy.pointwise`."""

    def __init__(
        self, in_params: str, out_params: str, operation: str, name: str = "kernel", reduce_dims: bool = True,
        preamble: str = "", no_return: bool = False, return_tuple: bool = False, **kwargs: Any,
    ) -> None:  # fmt: skip
        from pluggrad_cupy.pointwise import POINTWISE

        self.kernel = POINTWISE[name.removeprefix("pluggrad_")]
        assert (in_params, out_params, operation) == (self.kernel.inputs, self.kernel.outputs, self.kernel.operation)
        self.ins, self.outs = build.parameters(in_params), build.parameters(out_params)

    def __call__(self, *args: Any, size: int | None = None) -> Any:
        if len(args) not in (len(self.ins), len(self.ins) + len(self.outs)):
            raise TypeError(f"Wrong number of arguments for {self.kernel.name!r}: {len(args)}")
        refuse_host(args)
        check_devices(args)
        dtype = next((a.dtype.name for (_, kind, _), a in zip(self.ins + self.outs, args, strict=False)
                      if kind == "T" and isinstance(a, ndarray)), self.kernel.dtypes[0])  # fmt: skip
        if dtype not in self.kernel.dtypes:
            raise TypeError(f"the kernel {self.kernel.name!r} is not written for {dtype}")
        arrays = [a for (raw, _, _), a in zip(self.ins + self.outs, args, strict=False)
                  if isinstance(a, ndarray) and not raw]  # fmt: skip
        for (_, kind, name), a in zip(self.ins + self.outs, args, strict=False):
            expected = dtype if kind == "T" else kind
            if isinstance(a, ndarray) and a.dtype != expected:
                raise TypeError(f"{self.kernel.name!r}: {name} must be {expected}, got {a.dtype.name}")
        shape = np.broadcast_shapes(*(a.shape for a in arrays)) if size is None else (size,)
        hosts = []
        for (raw, _, _), a in zip(self.ins, args, strict=False):
            if isinstance(a, ndarray):
                hosts.append(a._host if raw else np.ascontiguousarray(np.broadcast_to(a._host, shape)))
            else:
                hosts.append(a)
        given = list(args[len(self.ins) :])
        made = given or [ndarray._fresh(np.empty(shape, dtype if kind == "T" else kind)) for _, kind, _ in self.outs]
        targets = []
        for (raw, _, _), out in zip(self.outs, made, strict=True):
            assert raw or out.shape == shape, f"{self.kernel.name!r}: out has shape {out.shape}, not {shape}"
            targets.append(out._host if raw else np.array(out._host, order="C"))
        # 0-D arrays as 1-D: the runner takes 0-D ones for scalars.
        every = [h.reshape(-1) if isinstance(h, np.ndarray) else h for h in (*hosts, *targets)]
        build.run_pointwise(self.kernel, dtype, every, int(np.prod(shape)))
        for (raw, _, _), out, target in zip(self.outs, made, targets, strict=True):
            if not raw:
                out._host[...] = target
        return made[0] if len(made) == 1 else tuple(made)


class ReductionKernel:
    """As cupy.ReductionKernel, for those of :mod:`pluggrad_cupy.reducing`: CuPy's own text, over contiguous arrays."""

    def __init__(self, **arguments: Any) -> None:
        from pluggrad_cupy.reducing import REDUCTIONS

        self.reduction = REDUCTIONS[arguments["name"].removeprefix("pluggrad_")]
        assert arguments == self.reduction.arguments
        self.count = len(build.parameters(arguments["in_params"]))

    def __call__(self, *args: Any, axis: Any = None, keepdims: bool = False) -> Any:
        from pluggrad_cupy.reducing import REDUCTIONS

        if len(args) != self.count:
            raise TypeError(f"Wrong number of arguments for {self.reduction.name}")
        refuse_host(args)
        check_devices(args)
        dtype = args[0].dtype.name
        if dtype not in self.reduction.dtypes or any(a.dtype != dtype for a in args):
            raise TypeError(f"the reduction {self.reduction.name!r} is not written for {[a.dtype.name for a in args]}")
        hosts = np.broadcast_arrays(*(a._host for a in args))
        axes = tuple(range(hosts[0].ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        axes = tuple(a % hosts[0].ndim for a in axes)
        left = [i for i in range(hosts[0].ndim) if i not in axes]
        shape = tuple(hosts[0].shape[i] for i in left)
        moved = [np.ascontiguousarray(h.transpose(*axes, *left)) for h in hosts]
        out = np.empty(shape, dtype)
        which = reduction_text.parts(REDUCTIONS.values(), block=REDUCTION_BLOCK, module=real_module)
        at = [space for space, _, _ in which].index(f"{self.reduction.name}_{dtype}")
        given = reduction_args(moved, out.reshape(-1))
        build.run_raw(build.reduction_library(which), at, (min(max(out.size // 2, 1), 64),), REDUCTION_BLOCK, given)
        if keepdims:
            out = out.reshape([1 if i in axes else n for i, n in enumerate(hosts[0].shape)])
        return ndarray._fresh(out)


class RawModule:
    """As cupy.RawModule."""

    def __init__(
        self, *, code: str | None = None, path: str | None = None, options: tuple[str, ...] = (),
        backend: str = "nvrtc", translate_cucomplex: bool = False, enable_cooperative_groups: bool = False,
        name_expressions: Sequence[str] | None = None, jitify: bool = False,
    ) -> None:  # fmt: skip
        assert code is not None and name_expressions
        self.code, self.expressions = code, tuple(name_expressions)

    def get_function(self, name: str) -> Any:
        return RawKernel(self, self.expressions.index(name))


class RawKernel:
    """A kernel with a grid. Arguments are passed as they are: arrays as addresses, numbers in the type they have."""

    def __init__(self, module: RawModule, number: int) -> None:
        self.module, self.number = module, number

    def __call__(self, grid: Any, block: Any, args: Any, *, shared_mem: int = 0) -> None:
        check_devices(args)
        (threads,) = block
        if not (1 <= threads <= 1024 and all(g >= 1 for g in grid) and grid[1] <= 65535):
            raise RuntimeError(f"cudaErrorInvalidConfiguration: grid {grid}, block {block}")
        values = []
        for a in args:
            if isinstance(a, ndarray):
                values.append(a._host)  # the address: strides are ignored
            elif isinstance(a, np.generic):
                values.append(a)
            else:
                values.append({bool: np.bool_, int: np.int64, float: np.float64, complex: np.complex128}[type(a)](a))
        build.run_raw(build.raw_library(self.module.code, self.module.expressions), self.number, grid, threads, values)


__all__ = ["ElementwiseKernel", "RawModule", "ReductionKernel", "devices"]
