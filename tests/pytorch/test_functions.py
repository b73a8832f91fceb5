"""Every function of ``torch``, ``torch.linalg``, ``torch.fft`` and ``torch.special`` beside PyTorch's own.

The cases are tables: values, dtypes, shapes and gradients are compared over dtypes, empty, 0-D, broadcast and
non-contiguous arguments; and where PyTorch raises, the class of the error.
"""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch

import pluggrad.torch as pt

from .compare import Case, check, check_methods
from .tables import algebra, pointwise, reductions, shapes

pytestmark = pytest.mark.cpu  # what is compared with PyTorch is NumPy's

CASES = [*pointwise.CASES, *reductions.CASES, *shapes.CASES, *algebra.CASES]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.id)
def test_as_pytorch(case: Case) -> None:
    for dtype in case.dtypes:
        check(case, dtype)
    if case.strided:
        check(case, case.dtypes[0], strided=True)


@pytest.mark.parametrize(
    "case", [c for c in CASES if "." not in c.name and not c.name.startswith("where")], ids=lambda c: c.id
)
def test_methods_as_pytorch(case: Case) -> None:
    for dtype in case.dtypes:
        check_methods(case, dtype)


# -- nothing is left out ---------------------------------------------------------------------------------

#: What is there and is compared elsewhere, or cannot be by one call.
ELSEWHERE = {
    "random numbers, in tests/test_random.py": (
        "bernoulli binomial multinomial normal poisson rand rand_like randint randint_like randn randn_like randperm"
    ),
    "layers' functions, in tests/nn": (
        "adaptive_avg_pool1d adaptive_max_pool1d alpha_dropout avg_pool1d batch_norm bilinear celu celu_ "
        "channel_shuffle conv1d conv2d conv3d conv_tbc conv_transpose1d conv_transpose2d conv_transpose3d "
        "cosine_similarity dropout dropout_ embedding embedding_bag feature_alpha_dropout group_norm "
        "hardshrink instance_norm layer_norm max_pool1d max_pool2d max_pool3d native_channel_shuffle "
        "pairwise_distance pdist pixel_shuffle pixel_unshuffle prelu rms_norm rrelu rrelu_ selu selu_ "
        "threshold threshold_"
    ),
    "made without tensors, or of another library's, in tests/ops/test_creation.py and tests/methods": (
        "as_tensor asarray empty empty_like empty_permuted empty_strided from_dlpack from_numpy frombuffer zeros ones"
    ),
    "questions and settings, in tests/pytorch/test_namespace.py and tests/methods": (
        "detach detach_ fill fill_ get_device get_default_dtype is_complex is_conj is_floating_point "
        "is_inference is_neg is_same_size is_signed is_tensor numel resize_as_ set_printoptions typename vmap "
        "zero_ index_put_ is_distributed autocast"
    ),
}


def test_every_function_has_a_case() -> None:
    tool = runpy.run_path(str(Path(__file__).parents[2] / "tools/coverage_page.py"))
    covered = {c.name for c in CASES}
    elsewhere = {n for names in ELSEWHERE.values() for n in names.split()}
    for namespace, prefix in (
        ("torch", ""),
        ("torch.linalg", "linalg."),
        ("torch.fft", "fft."),
        ("torch.special", "special."),
    ):
        names = [n for n in tool["listed"](namespace) if tool["why_left_out"](namespace, n) is None]
        names = [n for n in names if tool["has"](namespace, n) and n not in elsewhere]
        plain = {n.removeprefix(prefix) for n in covered if n.startswith(prefix)}
        without = [n for n in names if not any(p == n or p.startswith(f"{n}_") for p in plain)]
        if prefix == "":
            without = [n for n in without if not (n.endswith("_") and n[:-1] in plain)]  # see test_in_place.py
        assert not without, f"{namespace}: no case for {without}"


def test_even_steps_have_pytorchs_very_bits() -> None:
    for start, end, steps in (
        (-1, 1, 28),
        (0, 1, 10),
        (2, 6, 64),
        (1e-4, 0.02, 20),
        (-3.3, 7.1, 101),
        (0, 1, 1),
        (5, 5, 3),
    ):
        assert pt.linspace(start, end, steps).tolist() == torch.linspace(start, end, steps).tolist()
    theta = [[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]
    ours = pt.nn.functional.affine_grid(pt.tensor(theta), (1, 1, 28, 20), align_corners=False)
    theirs = torch.nn.functional.affine_grid(torch.tensor(theta), (1, 1, 28, 20), align_corners=False)
    assert ours.tolist() == theirs.tolist()


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32", "float64", "uint8", "int8", "int32", "int64"])
def test_limits_print_as_pytorchs(name: str) -> None:
    limits = "finfo" if "float" in name else "iinfo"
    ours, theirs = (repr(getattr(space, limits)(getattr(space, name))) for space in (pt, torch))
    assert ours == theirs
