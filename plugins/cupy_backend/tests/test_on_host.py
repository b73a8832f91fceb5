"""The texts of kernels, run on the CPU: their numbers, and their memory and threads under the sanitizers."""

from __future__ import annotations

import subprocess
from typing import Any

import numpy as np
import pytest
from host import build
from pluggrad_cupy import launch
from pluggrad_cupy.pointwise import POINTWISE

pytestmark = pytest.mark.skipif(build.compiler() is None, reason="there is no C++ compiler (g++, clang++ or CXX)")


def run(file: str, kernel: str, dtype: str, blocks: int, threads: int, *args: Any) -> None:
    names = launch.expressions(file, dtype)
    library = build.raw_library(launch.text(file), names)
    build.run_raw(library, [n.partition("<")[0] for n in names].index(kernel), (blocks,), threads, args)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize(("outer", "n", "inner"), [(3, 1, 1), (2, 33, 1), (3, 100, 2), (1, 500, 1)])
def test_softmax(dtype: str, outer: int, n: int, inner: int) -> None:
    x = (np.random.default_rng(n).standard_normal((outer, n, inner)) * 5).astype(dtype)
    exact = np.exp(x.astype(float) - x.max(1, keepdims=True))
    exact /= exact.sum(1, keepdims=True)
    rows = outer * inner
    for kernel, expected in (("softmax", exact), ("log_softmax", np.log(exact))):
        out = np.full_like(x, np.nan)
        run("softmax", kernel, dtype, rows, 64, x, out, np.int64(n), np.int64(inner), np.int64(rows))
        np.testing.assert_allclose(out, expected, rtol=8 * np.finfo(dtype).eps, atol=8 * np.finfo(dtype).eps)


def test_a_planted_wrong_kernel_is_found() -> None:
    """Without the maximum taken off, large numbers overflow."""
    names = launch.expressions("softmax", "float32")
    library = build.raw_library(launch.text("softmax").replace("- most", "- 0"), names)
    x = np.full((1, 40), 200, np.float32)
    out = np.empty_like(x)
    build.run_raw(library, 0, (1,), 32, (x, out, np.int64(40), np.int64(1), np.int64(1)))
    assert not np.allclose(out, 1 / 40)


def test_the_same_random_numbers_as_numpys() -> None:
    seed, block, count = 2**64 - 3, 2**40 + 5, 1000
    out = np.empty(4 * count, np.uint64)
    build.run_pointwise(POINTWISE["random_bits"], "uint64", (np.uint64(seed), np.uint64(block), out), count)
    expected = np.random.Philox(key=seed, counter=block).random_raw(4 * count)
    assert np.array_equal(out, expected)


# -- under the sanitizers -------------------------------------------------------------------------------------------

_PROGRAM = """
int main() {
    const long long n = 70, inner = 1, rows = 2;
    static float x[140], out[140];
    for (int i = 0; i < 140; ++i) x[i] = (i * 37 % 23) / 5.0f;
    const float* px = x; float* po = out;
    void* args[] = {&px, &po, (void*)&n, (void*)&inner, (void*)&rows};
    int shape[] = {2, 1, 1, 64};
    host::launch(softmax<float>, shape, args);
    float sum = 0;
    for (int i = 0; i < 70; ++i) sum += out[i];
    return sum > 0.999f && sum < 1.001f ? 0 : 1;
}
"""


def sanitized(text: str, sanitizer: str) -> subprocess.CompletedProcess[str]:
    program = '#include "cuda_on_host.h"\n' + text + _PROGRAM
    path = build.build(program, f"-fsanitize={sanitizer}", "-fno-sanitize-recover=all", "-DTHREADS", "-g", "-pthread",
                       program=True)  # fmt: skip
    return subprocess.run([str(path)], capture_output=True, text=True, timeout=120, check=False)


def needs_sanitizer(sanitizer: str) -> None:
    try:
        path = build.build("int main() { return 0; }", f"-fsanitize={sanitizer}", program=True)
    except build.CompilerError as error:
        pytest.skip(f"the C++ compiler has no sanitizer {sanitizer}: {str(error)[-100:]}")
    if subprocess.run([str(path)], capture_output=True, check=False).returncode:
        pytest.skip(f"the sanitizer {sanitizer} does not run on this machine")


@pytest.mark.parametrize("sanitizer", ["address", "undefined", "thread"])
def test_sanitizers_are_silent(sanitizer: str) -> None:
    needs_sanitizer(sanitizer)
    done = sanitized(launch.text("softmax"), sanitizer)
    assert done.returncode == 0, done.stderr[-2000:]


def test_an_index_past_the_end_is_found() -> None:
    needs_sanitizer("address")
    text = launch.text("softmax").replace("index_t start = row / inner", "index_t start = 60 + row / inner")
    assert "AddressSanitizer" in sanitized(text, "address").stderr


def test_a_missing_barrier_is_found() -> None:
    needs_sanitizer("thread")
    text = launch.text("softmax").replace("__syncthreads();", "")
    assert "data race" in sanitized(text, "thread").stderr
