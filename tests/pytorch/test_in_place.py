"""In-place forms beside PyTorch's: what is written, what is returned, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("torch")

import torch

import pluggrad.torch as pt

from .compare import assert_same

pytestmark = pytest.mark.cpu  # what is compared with PyTorch is NumPy's

#: Methods ``x.name_(*arguments)``, for x of the numbers 0.2, 0.4, ...; tensors among the arguments as lists.
CALLS: dict[str, tuple[Any, ...]] = {
    **{
        f"{n}_": ()
        for n in (
            "abs absolute acos arccos acosh arccosh asin arcsin asinh arcsinh atan arctan atanh arctanh ceil "
            "conj_physical cos cosh deg2rad digamma erf erfc erfinv exp exp2 expm1 fix floor frac i0 lgamma "
            "log log10 log1p log2 logit nan_to_num neg negative rad2deg reciprocal relu round rsqrt sgn "
            "sigmoid sign sin sinc sinh sqrt square tan tanh trunc logical_not zero t"
        ).split()
    },
    **{
        f"{n}_": ([[0.5, 1.5, 2.5], [3.5, 4.5, 5.5]],)
        for n in (
            "add sub subtract mul multiply div divide true_divide floor_divide remainder fmod pow atan2 "
            "arctan2 copysign hypot heaviside eq ne not_equal lt less le less_equal gt greater ge "
            "greater_equal xlogy nextafter copy logical_and logical_or logical_xor igamma igammac"
        ).split()
    },
    "addcmul_": ([[1.0], [2.0]], [1.0, 2.0, 3.0]),
    "addcdiv_": ([[1.0], [2.0]], [1.0, 2.0, 3.0]),
    "lerp_": ([1.0, 2.0, 3.0], 0.25),
    "clamp_": (0.3, 0.9),
    "clip_": (0.3, 0.9),
    "clamp_min_": (0.5,),
    "clamp_max_": (0.5,),
    "fill_": (3,),
    "cumsum_": (1,),
    "cumprod_": (0,),
    "tril_": (-1,),
    "triu_": (1,),
    "mvlgamma_": (1,),
    "polygamma_": (1,),
    "renorm_": (2, 0, 0.5),
    "unsqueeze_": (0,),
    "squeeze_": (),
    "transpose_": (0, 1),
    "swapaxes_": (0, 1),
    "swapdims_": (0, 1),
    "fill_diagonal_": (7,),
    "addmm_": ([[1.0, 2], [3, 4]], [[1.0, 2, 3], [4, 5, 6]]),
    "addr_": ([1.0, 2.0], [1.0, 2.0, 3.0]),
    "ldexp_": ([[1.0, 2.0, 3.0], [1.0, 0.0, 2.0]],),
    "resize_": (3, 2),
    "detach_": (),
    "requires_grad_": (),
    "apply_": (lambda v: v * 2,),
    "map_": ([[1.0, 2, 3], [4, 5, 6]], lambda a, b: a - b),
}


def start(lib: Any) -> Any:
    return lib.arange(1, 7, dtype=lib.float64).reshape(2, 3) * 0.15


def given(lib: Any, argument: Any) -> Any:
    return lib.tensor(argument, dtype=lib.float64) if isinstance(argument, list) else argument


@pytest.mark.parametrize("name", sorted(CALLS))
def test_as_pytorch(name: str) -> None:
    found = []
    for lib in (pt, torch):
        x = start(lib)
        out = getattr(x, name)(*(given(lib, a) for a in CALLS[name]))
        assert out is x
        found.append(x)
    assert_same(found[0], found[1], "float64", name)


@pytest.mark.parametrize("name", [n for n in sorted(CALLS) if hasattr(torch, n) and n not in ("detach_", "resize_")])
def test_functions_in_place(name: str) -> None:
    if not hasattr(pt, name):
        pytest.fail(f"pluggrad.torch has no {name}")
    ours, theirs = start(pt), start(torch)
    arguments = CALLS[name]
    getattr(pt, name)(ours, *(given(pt, a) for a in arguments))
    getattr(torch, name)(theirs, *(given(torch, a) for a in arguments))
    assert_same(ours, theirs, "float64", name)


#: Gradients through in-place operations on a copy.
SMOOTH = [
    n for n in CALLS if n.rstrip("_") in "exp sin tanh sigmoid sqrt mul add div pow addcmul lerp cumsum clamp".split()
]


@pytest.mark.parametrize("name", SMOOTH)
def test_gradients(name: str) -> None:
    grads = []
    for lib in (pt, torch):
        leaf = start(lib).requires_grad_()
        x = leaf * 1.0
        getattr(x, name)(*(given(lib, a) for a in CALLS[name]))
        (x * start(lib)).sum().backward()
        grads.append(leaf.grad)
    assert_same(grads[0], grads[1], "float64", name)


REFUSED = {
    "a float into an int": lambda t: t.zeros(2, dtype=t.int64).add_(1.5),
    "a complex into a real": lambda t: t.zeros(2).add_(1j),
    "another shape": lambda t: t.zeros(2).add_(t.zeros(3, 2)),
    "a leaf": lambda t: t.zeros(2, requires_grad=True).add_(1),
    "a view of a leaf": lambda t: t.zeros(2, requires_grad=True)[0].add_(1),
    "division of ints": lambda t: t.ones(2, dtype=t.int64).div_(2),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused_as_by_pytorch(what: str) -> None:
    for lib in (torch, pt):
        with pytest.raises(RuntimeError):
            REFUSED[what](lib)


def test_names_are_those_of_pytorch() -> None:
    """Methods in place that PyTorch has, and that are neither random nor for sparse tensors, are all here."""
    names = [n for n in dir(torch.Tensor) if n.endswith("_") and not n.startswith("_")]
    left_out = {"sparse_resize_", "sparse_resize_and_clear_", "resize_as_sparse_", "map2_", "share_memory_"}
    missing = [n for n in names if not hasattr(pt.Tensor, n) and n not in left_out]
    assert not missing
