"""Every kernel, run on the CPU from its own text: what it gives beside NumPy, its memory and threads by the sanitizers.

The launches are in ``kernel_cases.py``. A kernel without one fails.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

import kernel_cases
import numpy as np
import pytest
from host import build, replay
from kernel_cases import Launch, Table, typed
from pluggrad_cupy import launch
from pluggrad_cupy.pointwise import POINTWISE, Pointwise
from pluggrad_cupy.reducing import REDUCTIONS, Reduction
from reduction_text import parts

pytestmark = pytest.mark.skipif(build.compiler() is None, reason="there is no C++ compiler (g++, clang++ or CXX)")

FILES = launch.files()


def names(file: str) -> list[str]:
    return list(launch.signatures(file))


def test_every_kernel_has_a_launch() -> None:
    assert sorted(kernel_cases.KERNELS) == sorted((f, n) for f in FILES for n in names(f))
    assert sorted(kernel_cases.POINTWISE) == sorted(POINTWISE)
    assert sorted(kernel_cases.REDUCTIONS) == sorted(REDUCTIONS)


# -- numbers ------------------------------------------------------------------------------------------------------


def run_here(file: str, name: str, dtype: str, text: str | None = None) -> Launch:
    """Run the launch of a kernel in this process."""
    made = kernel_cases.KERNELS[file, name](dtype)
    assert made.blocks is not None
    library = build.raw_library(launch.text(file) if text is None else text, launch.expressions(file, dtype))
    args = [np.array([a.ctypes.data for a in x.arrays]) if isinstance(x, Table) else x for x in made.args]
    build.run_raw(library, names(file).index(name), (made.blocks, made.rows), made.threads, args)
    return made


@pytest.mark.parametrize(("file", "dtype"), [(f, d) for f in FILES for d in launch.types_of(f)])
def test_kernels_give_what_numpy_gives(file: str, dtype: str) -> None:
    for name in names(file):
        run_here(file, name, dtype).check(lambda array: array, dtype)


@pytest.mark.parametrize("name", sorted(POINTWISE))
def test_elementwise_kernels_give_what_numpy_gives(name: str) -> None:
    kernel = POINTWISE[name]
    for dtype in kernel.dtypes:
        made = typed(kernel, dtype)
        args = [a.reshape(()) if isinstance(a, np.ndarray) and a.size == 1 else a for a in made.args]
        build.run_pointwise(kernel, dtype, args, made.threads)
        made.check(lambda array: array, dtype)


def reduced_here(reductions: Sequence[Reduction], number: int, dtype: str) -> Launch:
    """Run a reduction, one of some in all their dtypes, in this process: CuPy's own kernel around it."""
    made = kernel_cases.REDUCTIONS[reductions[number].name](dtype)
    assert made.blocks is not None
    which = parts(reductions, block=kernel_cases.REDUCTION_BLOCK)
    at = [space for space, _, _ in which].index(f"{reductions[number].name}_{dtype}")
    build.run_raw(build.reduction_library(which), at, (made.blocks,), made.threads, made.args)
    return made


@pytest.mark.parametrize("name", sorted(REDUCTIONS))
def test_reductions_give_what_numpy_gives(name: str) -> None:
    for dtype in REDUCTIONS[name].dtypes:
        reduced_here([*REDUCTIONS.values()], list(REDUCTIONS).index(name), dtype).check(lambda array: array, dtype)


def test_a_planted_wrong_reduction_is_found() -> None:
    """The largest number of some, of which one is NaN, which no comparison finds."""
    planted = REDUCTIONS["norm_max"]._replace(both="a > b ? a : b")
    with pytest.raises(AssertionError, match="nan location mismatch"):
        reduced_here([planted], 0, "float32").check(lambda array: array, "float32")


@pytest.mark.parametrize(
    ("file", "name", "right", "wrong"),
    [
        ("softmax", "log_softmax", "LOG ? log(total)", "LOG ? total"),
        ("cross_entropy", "cross_entropy_input", "if (c == s.target)", "if (c == s.target + 1)"),
        ("attention", "attention", "sums[i][j] *= keep", "sums[i][j] *= 1"),
        ("attention", "attention_key", "delta[t.item * a.queries + of_query]", "delta[of_query]"),
        ("norms", "batch_norm", "i / length * channels + row", "i / length + row"),
        ("optimisers", "adam", "W(1 - beta2) * (g * g)", "W(1 - beta2) * g"),
        ("pooling", "max_pool", "value > most", "value >= most - W(1)"),
        ("convolution", "add_columns", "sum +=", "sum ="),
        ("rows", "add_runs", "places[i - 1] == place", "places[i - 1] > place"),
    ],
)
def test_a_planted_wrong_kernel_is_found(file: str, name: str, right: str, wrong: str) -> None:
    assert right in launch.text(file), f"{file}.cu has changed: plant another defect"
    planted = run_here(file, name, "float32", launch.text(file).replace(right, wrong))
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        planted.check(lambda array: array, "float32")


def test_a_planted_wrong_elementwise_kernel_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    planted = Pointwise("silu", "T x", "T y", POINTWISE["silu"].operation.replace("W(1) +", "W(2) +"))
    monkeypatch.setattr(build, "pointwise_library", lambda: build.ctypes.CDLL(build.build(text)))
    text = build.pointwise_library_text([planted])
    made = typed(planted, "float32")
    build.run_pointwise(planted, "float32", made.args, made.threads)
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        made.check(lambda array: array, "float32")


# -- under the sanitizers -------------------------------------------------------------------------------------------


def needs_sanitizer(sanitizer: str) -> None:
    try:
        path = build.build("int main() { return 0; }", f"-fsanitize={sanitizer}", program=True)
    except build.CompilerError as error:
        pytest.skip(f"the C++ compiler has no sanitizer {sanitizer}: {str(error)[-100:]}")
    if subprocess.run([str(path)], capture_output=True, check=False).returncode:
        pytest.skip(f"the sanitizer {sanitizer} does not run on this machine")


def sanitized(sanitizer: str, kernels: list[tuple[str, str]], texts: dict[str, str]) -> str:
    """What a sanitizer says of kernels, in float32, of files with these texts."""
    needs_sanitizer(sanitizer)
    program = replay.raw_program(texts, {f: launch.expressions(f, "float32") for f in texts})
    numbers = {key: i for i, key in enumerate((f, n) for f in texts for n in names(f))}
    return replay.run(
        program, sanitizer, [(numbers[key], kernel_cases.KERNELS[key]("float32"), "float32") for key in kernels]
    )


@pytest.mark.parametrize("sanitizer", replay.SANITIZERS)
def test_sanitizers_are_silent(sanitizer: str) -> None:
    assert sanitized(sanitizer, list(kernel_cases.KERNELS), {f: launch.text(f) for f in FILES}) == ""


@pytest.mark.parametrize("sanitizer", replay.SANITIZERS)
def test_sanitizers_are_silent_about_elementwise_kernels(sanitizer: str) -> None:
    needs_sanitizer(sanitizer)
    dtypes = [(k, "float32" if "float32" in k.dtypes else k.dtypes[0]) for k in POINTWISE.values()]
    kernels = [(k, dtype, typed(k, dtype)) for k, dtype in dtypes]
    launches = [(i, made, dtype) for i, (_, dtype, made) in enumerate(kernels)]
    assert replay.run(replay.pointwise_program(kernels), sanitizer, launches) == ""


@pytest.mark.parametrize("sanitizer", replay.SANITIZERS)
def test_sanitizers_are_silent_about_reductions(sanitizer: str) -> None:
    needs_sanitizer(sanitizer)
    program = replay.reduction_program(parts(REDUCTIONS.values(), ["float32"], kernel_cases.REDUCTION_BLOCK))
    launches = [(i, kernel_cases.REDUCTIONS[name]("float32"), "float32") for i, name in enumerate(REDUCTIONS)]
    assert replay.run(program, sanitizer, launches) == ""


@pytest.mark.parametrize(
    ("file", "name", "right", "wrong", "sanitizer", "finding"),
    [
        ("softmax", "softmax", "out[i * step] =", "out[i * step + 1] =", "address,undefined", "AddressSanitizer"),
        ("norms", "layer_norm", "__syncthreads();", "", "thread", "data race"),
    ],
)
def test_what_sanitizers_find(file: str, name: str, right: str, wrong: str, sanitizer: str, finding: str) -> None:
    text = launch.text(file)
    assert right in text, f"{file}.cu has changed: plant another defect"
    assert finding in sanitized(sanitizer, [(file, name)], {file: text.replace(right, wrong)})


def test_a_race_of_a_reduction_is_found() -> None:
    needs_sanitizer("thread")
    ((space, name, text),) = parts([REDUCTIONS["norm_1"]], ["float32"], kernel_cases.REDUCTION_BLOCK)
    assert "__syncthreads();" in text
    program = replay.reduction_program([(space, name, text.replace("__syncthreads();", "", 1))])
    made = kernel_cases.REDUCTIONS["norm_1"]("float32")
    assert "data race" in replay.run(program, "thread", [(0, made, "float32")])


def test_a_race_of_elements_is_found() -> None:
    needs_sanitizer("thread")
    planted = Pointwise("refuse", "T x, int64 number, raw int64 note", "bool y", "note[0] = number; y = x;", ("bool",))
    made = typed(planted, "bool")
    assert "data race" in replay.run(replay.pointwise_program([(planted, "bool", made)]), "thread", [(0, made, "bool")])
