"""Every kernel, in every dtype, compiled by NVRTC for sm_80 and sm_90, as CuPy feeds it. No GPU is needed."""

from __future__ import annotations

import importlib.util

import pytest
from pluggrad_cupy import launch
from pluggrad_cupy.pointwise import POINTWISE, Pointwise
from pluggrad_cupy.reducing import REDUCTIONS, Reduction

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("nvidia") is None or importlib.util.find_spec("nvidia.cuda_nvrtc") is None,
    reason="NVRTC is not installed: pip install '.[cupy-test]' && pytest plugins/cupy_backend",
)

ARCHITECTURES = ("80", "90")


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize(("file", "dtype"), [(f, d) for f in launch.files() for d in launch.types_of(f)])
def test_files_compile(file: str, dtype: str, architecture: str) -> None:
    import cubin

    assert cubin.compile_file(file, dtype, architecture)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("name", sorted(POINTWISE))
def test_elementwise_kernels_compile(name: str, architecture: str) -> None:
    import cubin

    for dtype in POINTWISE[name].dtypes:
        for ndim, contiguous in ((1, True), (3, False)):
            assert cubin.compile_pointwise(POINTWISE[name], dtype, architecture, ndim, contiguous)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("name", sorted(REDUCTIONS))
def test_reductions_compile(name: str, architecture: str) -> None:
    import cubin

    for dtype in REDUCTIONS[name].dtypes:
        for ndim, contiguous in ((2, True), (3, False)):
            assert cubin.compile_reduction(REDUCTIONS[name], dtype, architecture, ndim, contiguous)


def test_planted_mistakes_are_found() -> None:
    import cubin
    from cupy.cuda.compiler import CompileException

    code = launch.text("softmax").replace("block_max(most)", "block_most(most)")
    with pytest.raises(CompileException, match="block_most"):
        cubin.compile_file("softmax", "float32", "90", code)
    # Builds for float and double, not for half: "ambiguous ?".
    planted = Pointwise("planted", "T x, T a", "T y", "y = x > T(0) ? x : a * x;")
    cubin.compile_pointwise(planted, "float32", "90")
    with pytest.raises(CompileException, match="ambiguous"):
        cubin.compile_pointwise(planted, "float16", "90")
    with pytest.raises(CompileException, match="undefined"):
        cubin.compile_reduction(Reduction("planted", "T x", "number(z)", "a + b", "a"), "float32", "90")
