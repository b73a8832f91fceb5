"""Kernels of elements as tasks of a crew (:mod:`.compiled_crew`): C functions, for arrays of float32 or float64.

A task is written as ``task(job, first, last)``, and treats the elements from ``first`` to before ``last``. The job is
the address of what it works on, one word each: arrays, which it gets by :func:`array` or :func:`doubles`, and numbers,
by :func:`number`.
Kernels of whatever arguments are shared by :mod:`.compiled_sharing`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic as _intrinsic
from numba.np.numpy_support import carray

from . import threads
from .compiled_crew import call, lead
from .compiling import c_function, compiling
from .crew import crew_of

#: What is called by it has other arguments than what it is put around.
intrinsic: Any = _intrinsic

#: Elements of a part, whoever does it: they take some microseconds. And from which on a crew is worth its call.
STEP, _LEAST = 1 << 14, 1 << 16


class Task:
    """A kernel by its source; the C function is compiled when its address is first asked for."""

    def __init__(self, source: Callable[[Any, Any, Any], None]) -> None:
        self._source = source
        self._compiled: Any = None

    @property
    def address(self) -> int:
        """Where the C function is."""
        compiled: Any = self._compiled
        if compiled is None:
            with compiling:  # a second one would take the place of the first, which is called already
                if self._compiled is None:
                    self._compiled = c_function(self._source)
            compiled = self._compiled
        return int(compiled.address)


@intrinsic
def _word(typing: Any, job: Any, place: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        words = builder.inttoptr(args[0], ir.IntType(64).as_pointer())
        return builder.load(builder.gep(words, [args[1]]))

    return types.int64(types.int64, types.int64), generate


def _pointer_to(kind: Any) -> Any:
    """A function that makes an address a pointer to elements of this type."""

    @intrinsic
    def pointer(typing: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.inttoptr(args[0], context.get_data_type(kind).as_pointer())

        of: Any = types.CPointer
        return of(kind)(types.int64), generate

    return pointer


pointer, _pointer_to_doubles = _pointer_to(types.float32), _pointer_to(types.float64)


@intrinsic
def _float(typing: Any, bits: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(types.int64), generate


@intrinsic
def whole_vectors(typing: Any) -> Any:
    """Let LLVM use the widest vectors: it keeps to 256 bits on processors that have 512."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        # An attribute with a value, which llvmlite's own list of attributes does not have.
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return context.get_dummy_value()

    return types.void(), generate


@njit(inline="always")
def array(job: Any, place: Any, first: Any, last: Any) -> Any:
    """The elements from ``first`` to before ``last`` of the float32 array at a place of the job."""
    return carray(pointer(_word(job, place) + first * 4), last - first, np.float32)


@njit(inline="always")
def doubles(job: Any, place: Any, first: Any, last: Any) -> Any:
    """The same of an array of float64."""
    return carray(_pointer_to_doubles(_word(job, place) + first * 8), last - first, np.float64)


@njit(inline="always")
def place_of(job: Any, place: Any) -> Any:
    """The address of the array at a place of the job."""
    return _word(job, place)


@njit(inline="always")
def number(job: Any, place: Any) -> Any:
    """The number at a place of the job, in float32."""
    return np.float32(_float(_word(job, place)))


def perform(task: Task, arrays: tuple[np.ndarray, ...], *numbers: float) -> None:
    """Do a task on contiguous arrays of its dtype, with as many threads as may be used.

    Parameters
    ----------
    task : treats each part by itself, so that it does not matter who does which
    arrays, numbers : what its job consists of, in this order; the first array's elements are divided
    """
    job = np.empty(len(arrays) + len(numbers), np.int64)
    for place, given in enumerate(arrays):
        job[place] = given.ctypes.data
    if numbers:
        job.view(np.float64)[len(arrays) :] = numbers
    size, count = arrays[0].size, threads.count()
    if count == 1 or size < _LEAST:
        call(task.address, job.ctypes.data, size, STEP)
        return
    with crew_of(count).lead() as crew:
        if crew:
            lead(crew, task.address, job.ctypes.data, size, STEP)
        else:
            call(task.address, job.ctypes.data, size, STEP)
