"""PyTorch's own table of its operators: every one called with the arguments that PyTorch's tests generate for it.

Values, dtypes, shapes and gradients over float64, complex128, int64 and bool, with the first arguments of each; with
``HYPOTHESIS_PROFILE=search`` in the environment also over float32 and uint8, with all. What is not compared, or differs
on purpose, stands in the tables below, with the reason.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("expecttest")  # which PyTorch's own tests need

from pluggrad.autograd.operands import ZeroDim

from .operators import DTYPES, OPERATORS, check_sample, check_variant, counterpart, samples, shown

pytestmark = pytest.mark.cpu  # what is compared with PyTorch is NumPy's

#: Operators by the first part of their names that pluggrad does not have.
NOT_HERE = {
    "masked tensors": ("masked.",),
    "sparse tensors": ("sparse.", "_segment_reduce"),
    "other types of numbers": ("chalf", "bfloat16", "torch._scaled_mm"),
    "kernels written at run time": ("jiterator_",),
    "operators below functions": (
        "torch.ops.", "native_", "_native_", "_batch_norm_with_update", "_softmax_backward_data", "slice", "unsafe_",
        "_unsafe_masked_index", "_upsample_", "grid_sampler_", "max_pool2d_with_indices_backward", "_chunk_cat",
        "hash_tensor", "nn.functional.linear_cross_entropy",
    ),
    "copies for compilers": (
        "alias_copy", "as_strided_copy", "diagonal_copy", "expand_copy", "permute_copy", "split_with_sizes_copy",
        "squeeze_copy", "t_copy", "transpose_copy", "unbind_copy", "unfold_copy", "unsqueeze_copy", "view_copy",
    ),
    "names of Python 2": ("__rdiv__",),
    "not built yet": ("linalg.ldl_",),
}  # fmt: skip
#: Operators whose values are drawn, or not determined: their shapes and dtypes are compared.
SHAPES_ALONE = {
    "random numbers": (
        "bernoulli", "cauchy", "exponential", "geometric", "log_normal", "multinomial", "normal", "normal.in_place",
        "normal.number_mean", "rand_like", "randint", "randint_like", "randn", "randn_like", "uniform",
        "nn.functional.alpha_dropout", "nn.functional.dropout", "nn.functional.dropout2d", "nn.functional.dropout3d",
        "nn.functional.feature_alpha_dropout.with_train", "nn.functional.fractional_max_pool2d",
        "nn.functional.fractional_max_pool3d", "nn.functional.multi_head_attention_forward", "nn.functional.rrelu",
        "nn.functional.scaled_dot_product_attention",
    ),
    "memory that is not set": (
        "empty", "empty_like", "empty_permuted", "new_empty", "resize_", "resize_as_",
    ),
    "signs and phases of vectors": ("linalg.eig", "linalg.eigh", "pca_lowrank", "svd_lowrank"),
    "the order of equal elements": ("argsort", "kthvalue", "sort", "topk"),
}  # fmt: skip
#: What differs on purpose or is less exact in PyTorch, for certain dtypes or for all.
DIFFERENT: dict[str, tuple[str, ...]] = {
    # a fraction of an integer is no integer; PyTorch cuts alpha and beta off
    "addbmm": ("int64", "uint8"), "addmv": ("int64", "uint8"), "baddbmm": ("int64", "uint8"), "addr": ("bool",),
    # a number that the dtype does not hold is an error
    "arange": ("uint8",), "index_add": ("uint8",), "scalar_tensor": ("uint8",),
    "nn.functional.cosine_embedding_loss": ("uint8",), "nn.functional.margin_ranking_loss": ("uint8",),
    "__rpow__": ("int64",),
    # bools count as integers
    "clamp_max": ("bool",), "clamp_min": ("bool",), "heaviside": ("bool",), "nan_to_num": ("bool",), "sign": ("bool",),
    "sgn": ("bool",), "scatter_reduce.amax": ("bool",), "scatter_reduce.amin": ("bool",),
    # layers compute in floating point
    **{f"nn.functional.{n}": ("int64", "uint8", "bool") for n in (
        "avg_pool1d", "avg_pool2d", "avg_pool3d", "bilinear", "conv1d", "conv2d", "conv3d", "conv_transpose1d",
        "conv_transpose2d", "conv_transpose3d", "hardtanh", "interpolate.bicubic", "interpolate.bilinear",
        "interpolate.nearest", "interpolate.nearest-exact", "linear", "max_pool2d", "max_pool3d", "unfold",
        "upsample_bilinear", "upsample_nearest", "local_response_norm",
    )},
    # of reals only
    "logaddexp": ("complex128",), "nn.functional.rms_norm": ("complex128",),
    "nn.functional.silu.complex": ("complex128",),
    # another of the values that differ by 2 pi i
    "logcumsumexp": ("complex128",),
    # PyTorch's are less exact
    "matrix_exp": ("float32",), "special.airy_ai": ("float64",), "special.bessel_j0": ("float64",),
    "special.bessel_j1": ("float64",), "special.bessel_y0": ("float64",), "special.bessel_y1": ("float64",),
    "special.hermite_polynomial_he": ("float32",), "cov": ("float64", "complex128"),
    **{f"polygamma.polygamma_n_{n}": ("float32",) for n in range(5)},
    "special.polygamma.special_polygamma_n_0": ("float32",),
    # what a view's base holds beyond it is out of reach, and memory without gaps is all there is
    "as_strided.partial_views": ("all",), "empty_strided": ("all",), "new_empty_strided": ("all",),
    # PyTorch's gradient is not that of what it computes
    "as_strided_scatter": ("float64", "complex128"), "nextafter": ("float64",),
    # its driver decides what PyTorch leaves empty; here everything is computed
    "linalg.lstsq": ("all",), "linalg.lstsq.grad_oriented": ("all",),
    # an index with more axes than the tensor, empty
    "gather": ("all",),
    # one axis, or none at all
    "nn.functional.batch_norm": ("float64", "float32"), "nn.functional.multilabel_margin_loss": ("all",),
    "to_sparse": ("all",), "sum_to_size": ("uint8", "bool"),
}  # fmt: skip

#: Without those that say the least new.
QUICK = [dtype for dtype in DTYPES if str(dtype) not in ("torch.float32", "torch.uint8")]
ALONE = {name for names in SHAPES_ALONE.values() for name in names}
LEFT_OUT = tuple(name for names in NOT_HERE.values() for name in names)
COMPARED = [name for name in OPERATORS if not name.startswith(LEFT_OUT)]


@pytest.fixture(autouse=True)
def zero_dim_tensors_are_weak() -> Iterator[None]:
    """As after ``install()``: for methods and operators, too."""
    ZeroDim.weak = True
    yield
    ZeroDim.weak = False


def compare(name: str, dtypes: Sequence[Any], count: int | None) -> None:
    op = OPERATORS[name]
    ours = counterpart(op)
    assert ours is not None, f"pluggrad.torch has no {op.name}"
    different = DIFFERENT.get(name, ())
    for dtype in dtypes:
        short = str(dtype).rpartition(".")[2]
        if dtype not in op.supported_dtypes("cpu") or short in different or "all" in different:
            continue
        for sample in samples(op, dtype, count):
            try:
                check_sample(op, ours, sample, values=name not in ALONE)
            except Exception as error:
                raise AssertionError(f"{name}{shown(sample)}, {short}") from error


@pytest.mark.parametrize("name", COMPARED)
def test_as_pytorch(name: str) -> None:
    if os.environ.get("HYPOTHESIS_PROFILE") == "search":
        compare(name, DTYPES, None)
    else:
        compare(name, QUICK, 3)


#: Not in place or with ``out=`` here: activations' ``out=``, which is undocumented, and what PyTorch resizes.
NO_VARIANT: dict[str, tuple[str, ...]] = {
    "method": (),
    "inplace": ("addbmm",),
    "out": (
        "fft.ihfftn", "linalg.pinv.hermitian", "nn.functional.avg_pool2d", "nn.functional.avg_pool3d",
        "nn.functional.gelu", "nn.functional.hardshrink", "nn.functional.linear", "nn.functional.logsigmoid",
        "nn.functional.softplus", "nn.functional.softshrink",
    ),
}  # fmt: skip


@pytest.mark.parametrize("variant", NO_VARIANT)
@pytest.mark.parametrize("part", range(8))
def test_methods_in_place_and_out(variant: str, part: int) -> None:
    for name in COMPARED[part::8]:
        op, different = OPERATORS[name], DIFFERENT.get(name, ())
        if name in ALONE or name in NO_VARIANT[variant] or "all" in different:
            continue
        dtype = next((d for d in DTYPES if d in op.supported_dtypes("cpu")), None)
        if dtype is None or str(dtype).rpartition(".")[2] in different:
            continue
        for sample in samples(op, dtype, 2):
            try:
                check_variant(op, sample, variant)
            except Exception as error:
                raise AssertionError(f"{name}{shown(sample)}, {variant}") from error


def test_what_differs_is_there() -> None:
    assert set(DIFFERENT) <= set(COMPARED) and set(COMPARED) >= ALONE
    assert all(any(name.startswith(prefix) for name in OPERATORS) for prefix in LEFT_OUT)
