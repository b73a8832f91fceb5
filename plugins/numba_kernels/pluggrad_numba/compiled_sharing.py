"""Compiled kernels, of whatever arguments, as tasks of a crew (:mod:`.compiled_crew`)."""

from __future__ import annotations

import hashlib
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic as _intrinsic

from .compiled_crew import lead

#: What is called by it has other arguments than what it is put around.
intrinsic: Any = _intrinsic
_copied: Any = cgutils.alloca_once_value

_WORD = ir.IntType(64)
_PART = types.none(types.int64, types.int64, types.int64)


@intrinsic
def _address_of(typing: Any, given: Any) -> Any:
    """Of a copy of a value, which lives as long as the function that asks for it runs."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ptrtoint(_copied(builder, args[0]), _WORD)

    return types.int64(given), generate


def _loader(kind: Any) -> Any:
    """A function that reads a value of this type at an address."""

    @intrinsic
    def load(typing: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            value = builder.load(builder.inttoptr(args[0], context.get_value_type(kind).as_pointer()))
            context.nrt.incref(builder, kind, value)
            return value

        return kind(address), generate

    return load


def _name_of(kernel: Any, *kinds: Any) -> str:
    """A name for what is made of a kernel and of types.

    It says both: of two functions of one name, from two libraries that were kept on disk, LLVM takes the first.
    """
    source = kernel.py_func
    marks = [hashlib.sha256(str(kind).encode()).hexdigest() for kind in kinds]
    return "_".join([source.__module__, source.__qualname__, *marks])


def _task_of(kernel: Any) -> Any:
    """The address of a task which calls ``kernel(ranges[number], *args)``; its job is the address of both."""

    @intrinsic
    def address_of_task(typing: Any, given: Any) -> Any:
        load = _loader(given)

        def task(job: Any, first: Any, last: Any) -> None:
            ranges, args = load(job)
            for number in range(first, last):
                kernel(ranges[number], *args)

        task.__qualname__ = f"task_{_name_of(kernel, given)}"

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            compiled = context.compile_subroutine(builder, task, _PART)
            inner = context.declare_function(builder.module, compiled.fndesc)
            kind = ir.FunctionType(ir.VoidType(), [_WORD, _WORD, _WORD])
            function = ir.Function(builder.module, kind, f"{inner.name}.task")
            function.linkage = "internal"
            body = ir.IRBuilder(function.append_basic_block())
            context.call_conv.call_function(body, inner, types.none, _PART.args, function.args)
            body.ret_void()
            return builder.ptrtoint(function, _WORD)

        return types.int64(given), generate

    return address_of_task


def sharing(kernel: Any) -> Any:
    """Calls ``kernel(part, *args)`` for each row of ``ranges``, with a crew.

    A compiled function of the crew (0: this thread is alone), ``ranges`` and ``args``, for one that is kept on disk:
    this cannot be, as it is made of another function.
    """
    address_of_task = _task_of(kernel)

    def share(crew: Any, ranges: Any, args: Any) -> None:
        if crew == 0:
            for number in range(ranges.shape[0]):
                kernel(ranges[number], *args)
        else:
            given = (ranges, args)
            lead(crew, address_of_task(given), _address_of(given), ranges.shape[0], 1)

    share.__qualname__ = f"share_{_name_of(kernel)}"
    return njit(nogil=True, error_model="numpy")(share)
