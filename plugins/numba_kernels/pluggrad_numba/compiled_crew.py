"""What a crew of threads does without Python's lock: wait for work, take the next part of it, and be done together.

Each member of a crew has a range of the parts of a job, the same of each job of that size: what it wrote in one is in
its own cache in the next. And it goes through it forwards and backwards in turn: what was written last is read first.
A range is one 64-bit word, ``turn << 32 | parts left``: whoever lowers it by one, by compare and swap, has that part,
and knows by it that the job is still the one that he saw. Who has done his own goes on with the others': nobody waits
for a thread that has not come.
"""

from __future__ import annotations

import sys
from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.extending import intrinsic as _intrinsic

from .compiling import exact as _compiled

#: What is called by it has other arguments than what it is put around.
intrinsic: Any = _intrinsic

#: Words of a crew's memory: parts done; its end; what the job is; how many its members are.
DONE, END, TASK, JOB, SIZE, STEP, PARTS, COUNT = range(8)
#: From here on the members' words, each in a line of the cache for itself.
_WORDS, _LINE = 16, 8

_LEFT = 0xFFFFFFFF
_I32, _I64 = ir.IntType(32), ir.IntType(64)

#: Lets another thread have the processor. (ctypes would take Python's lock.)
_yield = types.ExternalFunction("SwitchToThread" if sys.platform == "win32" else "sched_yield", types.int32())
#: How to say to the processor that a loop waits.
_PAUSE = {"x86": "llvm.x86.sse2.pause", "aarch64": "llvm.aarch64.hint", "arm64": "llvm.aarch64.hint"}


def _place(builder: Any, memory: Any, word: Any) -> Any:
    """A pointer to a word of a memory whose address is an integer."""
    return builder.gep(builder.inttoptr(memory, _I64.as_pointer()), [word])


@intrinsic
def _get(typing: Any, memory: Any, word: Any) -> Any:
    """The value of a word, and all that was written before it was."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load_atomic(_place(builder, *args), "acquire", 8)

    return types.int64(types.int64, types.int64), generate


@intrinsic
def _set(typing: Any, memory: Any, word: Any, value: Any) -> Any:
    """Give a word a value, after all that was written before."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store_atomic(args[2], _place(builder, args[0], args[1]), "release", 8)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), generate


@intrinsic
def _increase(typing: Any, memory: Any, word: Any) -> Any:
    """Add 1 to a word; what was written before is seen by who sees that."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.atomic_rmw("add", _place(builder, *args), ir.Constant(_I64, 1), "acq_rel")
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), generate


@intrinsic
def _swap(typing: Any, memory: Any, word: Any, old: Any, new: Any) -> Any:
    """Give a word a new value if it has the old one; whether it had."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        memory, word, old, new = args
        found = builder.cmpxchg(_place(builder, memory, word), old, new, "acq_rel", "acquire")
        return builder.extract_value(found, 1)

    return types.boolean(types.int64, types.int64, types.int64, types.int64), generate


@intrinsic
def _call(typing: Any, task: Any, job: Any, first: Any, last: Any) -> Any:
    """Call a C function by its address."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        function = ir.FunctionType(ir.VoidType(), [_I64, _I64, _I64])
        builder.call(builder.inttoptr(args[0], function.as_pointer()), args[1:])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64, types.int64), generate


@intrinsic
def _pause(typing: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        name = _PAUSE.get(binding.get_process_triple().partition("-")[0].replace("x86_64", "x86"))
        if name is not None:
            kinds, given = ([_I32], [ir.Constant(_I32, 1)]) if name.endswith("hint") else ([], [])
            function = builder.module.declare_intrinsic(name, (), ir.FunctionType(ir.VoidType(), kinds))
            builder.call(function, given)
        return context.get_dummy_value()

    return types.void(), generate


def words(count: int) -> int:
    """How many words the memory of a crew of so many has."""
    return _WORDS + _LINE * count


@_compiled
def _word_of(member: Any) -> Any:
    """Where the word of a member is."""
    return _WORDS + _LINE * member


@_compiled
def _take_parts_of(crew: Any, member: Any) -> None:
    """Do parts of a member's range until none is left."""
    place, count = _word_of(member), _get(crew, COUNT)
    while True:
        word = _get(crew, place)
        left = word & _LEFT
        if not left:
            return
        # What is read here is of this job if the swap succeeds: the next one is not told of before this part is done.
        task, job, size, step = _get(crew, TASK), _get(crew, JOB), _get(crew, SIZE), _get(crew, STEP)
        parts = _get(crew, PARTS)
        backwards = (word >> 32) & 1
        part = member * parts // count + left - 1 if backwards else (member + 1) * parts // count - left
        if _swap(crew, place, word, word - 1):
            _call(task, job, part * step, min(part * step + step, size))
            _increase(crew, DONE)


@_compiled
def _take_parts(crew: Any, member: Any) -> None:
    """Do one's own parts, and then those of the others."""
    count = _get(crew, COUNT)
    for other in range(member, member + count):
        _take_parts_of(crew, other % count)


@_compiled
def lead(crew: int, task: int, job: int, size: int, step: int) -> None:
    """Do a job with whoever of the crew is there: call ``task(job, first, last)`` for parts of ``range(size)``."""
    parts, count = (size + step - 1) // step, _get(crew, COUNT)
    _set(crew, DONE, 0)
    _set(crew, TASK, task)
    _set(crew, JOB, job)
    _set(crew, SIZE, size)
    _set(crew, STEP, step)
    _set(crew, PARTS, parts)
    turn = ((_get(crew, _word_of(0)) >> 32) + 1) & 0x7FFFFFFF
    for member in range(count - 1, -1, -1):
        left = (member + 1) * parts // count - member * parts // count
        _set(crew, _word_of(member), turn << 32 | left)
    _take_parts(crew, 0)
    waited = 0
    while _get(crew, DONE) < parts:
        _pause()
        waited += 1
        if not waited & 0x3F:
            _yield()


@_compiled
def attend(crew: int, member: int, patience: int) -> bool:
    """Do parts of jobs as they come. Returns when none came for a while, or, with False, at the crew's end."""
    waited = 0
    while waited < patience:
        if _get(crew, _word_of(member)) & _LEFT:
            _take_parts(crew, member)
            waited = 0
        if _get(crew, END):
            return False
        _pause()
        waited += 1
        if not waited & 0x3F:  # BLAS has threads of its own
            _yield()
    return True


@_compiled
def call(task: int, job: int, size: int, step: int) -> None:
    """Do a job alone, in the same parts."""
    for first in range(0, size, step):
        _call(task, job, first, min(first + step, size))
