"""Runs launches of kernels in a program of its own, built with a sanitizer: see ``replay.h``."""

from __future__ import annotations

import struct
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from kernel_cases import Launch, Table
from pluggrad_cupy.pointwise import Pointwise

from . import build

SANITIZERS = ("address,undefined", "thread")


def _numbers(*values: int) -> bytes:
    return struct.pack(f"={len(values)}q", *values)


class _Record:
    """A launch as the program reads it, and the arrays in the order in which it gives them back."""

    def __init__(self, kernel: int, launch: Launch) -> None:
        self.arrays: list[np.ndarray] = []
        contents: list[tuple[bool, bytes]] = []
        args = b""

        def place(array: np.ndarray) -> int:
            for i, known in enumerate(self.arrays):
                if known is array:
                    return i
            self.arrays.append(array)
            contents.append((False, array.tobytes()))
            return len(contents) - 1

        # The arrays first, then the tables of their addresses: the program gives back the former.
        for value in launch.args:
            for array in value.arrays if isinstance(value, Table) else [value]:
                if isinstance(array, np.ndarray):
                    place(array)
        for value in launch.args:
            if isinstance(value, Table):
                contents.append((True, _numbers(*map(place, value.arrays))))
                args += _numbers(1, len(contents) - 1)
            elif isinstance(value, np.ndarray):
                args += _numbers(1, place(value))
            else:
                data = value.tobytes()
                args += _numbers(0, len(data)) + data.ljust(16, b"\0")
        arrays = b"".join(_numbers(kind, len(data)) + data for kind, data in contents)
        grid = (1 if launch.blocks is None else launch.blocks, launch.rows, 1, launch.threads)
        self.bytes = _numbers(kernel, *grid, len(contents)) + arrays + _numbers(len(launch.args)) + args

    def values(self, output: bytes) -> tuple[Callable[[np.ndarray], np.ndarray], bytes]:
        """What stands in each array afterwards, and the rest of the output."""
        found = {}
        for array in self.arrays:
            found[id(array)] = np.frombuffer(output[: array.nbytes], array.dtype).reshape(array.shape)
            output = output[array.nbytes :]
        return (lambda array: found[id(array)]), output


def raw_program(files: dict[str, str], names: dict[str, Sequence[str]]) -> str:
    """A program with the kernels of some files, each in a namespace; its kernels in the order of ``names``."""
    parts = [f"namespace of_{file} {{\n{text}\n}}" for file, text in files.items()]
    entries = [f"[](const int* s, void** a) {{ host::launch(of_{f}::{n}, s, a); }}" for f in files for n in names[f]]
    return _program('#include "cuda_on_host.h"\n' + "\n".join(parts), entries)


def reduction_program(parts: Sequence[tuple[str, str, str]]) -> str:
    """A program with reductions: for each its namespace, the name of its kernel, its text."""
    entries = [f"[](const int* s, void** a) {{ host::launch({space}::{name}, s, a); }}" for space, name, _ in parts]
    return _program(build.reductions_text(parts), entries)


def pointwise_program(kernels: Sequence[tuple[Pointwise, str, Launch]]) -> str:
    """A program with elementwise kernels, for a dtype each, whose elements four threads share."""
    entries = []
    for k, dtype, launch in kernels:
        steps = ", ".join(str(int(isinstance(a, np.ndarray) and a.size > 1)) for a in launch.args)
        arrays = ", ".join(str(int(isinstance(a, np.ndarray))) for a in launch.args)
        entries.append(
            f"[](const int* s, void** a) {{ static const long steps[] = {{{steps}}}, arrays[] = {{{arrays}}}; "
            f"in_threads(s[3], steps, arrays, {len(launch.args)}, a, of_{k.name}::run_{k.name}<"
            f"{build.HOST_TYPES[dtype]}>); }}"
        )
    return _program(build.pointwise_library_text([k for k, _, _ in kernels]) + _IN_THREADS, entries)


_IN_THREADS = """
#include <thread>
template <typename F>
void in_threads(long n, const long* steps, const long* arrays, int count, void** args, F run) {
    void* given[16];
    for (int i = 0; i < count; ++i) given[i] = arrays[i] ? *(void**)args[i] : args[i];
    std::vector<std::thread> threads;
    for (long which = 0; which < 4; ++which) threads.emplace_back([&, which] { run(n, steps, given, which, 4); });
    for (auto& t : threads) t.join();
}
"""


def _program(text: str, entries: Sequence[str]) -> str:
    table = ",\n    ".join(entries)
    return (
        f'{text}\n#include "replay.h"\nstatic const replay::Entry ENTRIES[] = {{\n    {table}\n}};\n'
        "int main(int count, char** args) { return count == 3 ? replay::run(ENTRIES, args[1], args[2]) : 2; }\n"
    )


def run(program: str, sanitizer: str, launches: Sequence[tuple[int, Launch, str]]) -> str:
    """Run launches (the kernel's number, what to do, the dtype), and check what they give, if the sanitizer is silent.

    Returns what the sanitizer says.
    """
    flags = (f"-fsanitize={sanitizer}", "-fno-sanitize-recover=all", "-DTHREADS", "-O0", "-g1", "-pthread")
    path = build.build(program, *flags, program=True)
    records = [_Record(kernel, launch) for kernel, launch, _ in launches]
    with tempfile.TemporaryDirectory() as folder:
        given, got = Path(folder, "launches"), Path(folder, "values")
        given.write_bytes(b"".join(r.bytes for r in records))
        done = subprocess.run(
            [str(path), str(given), str(got)], capture_output=True, text=True, timeout=240, check=False
        )
        if done.returncode:
            return done.stderr or f"exit status {done.returncode}"
        output = got.read_bytes()
    for record, (_, launch, dtype) in zip(records, launches, strict=True):
        found, output = record.values(output)
        launch.check(found, dtype)
    return done.stderr
