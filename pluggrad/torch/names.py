"""Which names ``torch`` has, and where each comes from: looked up when it is first asked for."""

from __future__ import annotations

import inspect
from typing import Any

import pluggrad

from ..autograd import inplace
from ..tensor import Tensor
from .calls import torch_function
from .conflicts import CONFLICTS

NOTHING: Any = object()

#: Methods of Tensor that PyTorch has as functions, too.
METHODS = (
    "clone", "detach", "detach_", "fill", "fill_", "zero_", "get_device", "is_conj", "is_distributed", "is_inference",
    "is_neg", "is_nonzero", "is_same_size", "is_signed", "resize_as_", "resolve_conj", "resolve_neg", "index_put_",
    "triangular_solve", "narrow_copy", "conj_physical", "nonzero_static", "igamma", "igammac", "mvlgamma", "i0", "sinc",
    "sinc_", "i0_",
)  # fmt: skip
#: Functions of torch.nn.functional that are in ``torch`` under the same name and arguments.
FUNCTIONAL = (
    "adaptive_avg_pool1d", "adaptive_max_pool1d", "alpha_dropout", "avg_pool1d", "bilinear", "celu", "celu_",
    "channel_shuffle", "conv1d", "conv2d", "conv3d", "conv_tbc", "conv_transpose1d", "conv_transpose2d",
    "conv_transpose3d", "cosine_similarity", "dropout", "dropout_", "embedding_bag", "feature_alpha_dropout",
    "group_norm", "hardshrink", "layer_norm", "log_softmax", "max_pool1d", "max_pool2d", "max_pool3d",
    "pairwise_distance", "pdist", "pixel_shuffle", "pixel_unshuffle", "prelu", "relu", "relu_", "rms_norm", "rrelu",
    "rrelu_", "selu", "selu_", "softmax", "threshold", "threshold_", "native_channel_shuffle",
)  # fmt: skip
#: Functions that are in ``torch`` in place, too, though they take more than one tensor.
IN_PLACE = (
    "addmv", "clamp", "clamp_max", "clamp_min", "clip", "conj_physical", "fix", "gcd", "lcm", "ldexp", "logit",
    "nan_to_num", "round", "xlogy",
)  # fmt: skip
#: Functions that pluggrad has elsewhere.
ELSEWHERE = {"vmap": "func.vmap"}
#: What of pluggrad's top level PyTorch does not have.
NOT_TORCH = frozenset((
    "annotations", "astype", "backends", "bitwise_invert", "broadcast_arrays", "cumulative_prod", "cumulative_sum",
    "dtypes", "errors", "expand", "expand_dims", "function", "info", "isdtype", "matrix_transpose", "methods", "ops",
    "permute_dims", "repeat", "take_along_axis", "torch", "typed", "unique_all", "unique_counts", "unique_inverse",
    "unique_values", "unstack", "vecdot", "view",
))  # fmt: skip


def find(name: str) -> Any:
    """What ``torch.<name>`` is; NOTHING if there is no such name."""
    if name in CONFLICTS:
        return torch_function(name, CONFLICTS[name])
    if name in NOT_TORCH:
        return NOTHING
    found = getattr(pluggrad, name, NOTHING)
    if inspect.ismodule(found):
        # Most are mirrored by the import system; return_types is a module of another name.
        return NOTHING if found.__name__ == f"pluggrad.{name}" else found
    if found is NOTHING and name in ELSEWHERE:
        found = _follow(ELSEWHERE[name])
    if found is NOTHING and name in FUNCTIONAL:
        found = getattr(pluggrad.nn.functional, name, NOTHING)
    if found is NOTHING and (name in METHODS or name in in_place_names()):
        found = getattr(Tensor, name, NOTHING)
    return torch_function(name, found) if _computes(found) else found


def _follow(path: str) -> Any:
    found: Any = pluggrad
    for part in path.split("."):
        found = getattr(found, part, NOTHING)
    return found


def _computes(value: Any) -> bool:
    """Whether it is a function of tensors, to be called as PyTorch's are."""
    if not inspect.isroutine(value):
        return False
    module = getattr(value, "__module__", "") or ""
    return module == "pluggrad" or module.startswith((
        "pluggrad.ops", "pluggrad.linalg", "pluggrad.methods", "pluggrad.random.sampling", "pluggrad.random.discrete",
        "pluggrad.special", "pluggrad.fft", inplace.__name__, "pluggrad.nn.functional",
    ))  # fmt: skip


def in_place_names() -> set[str]:
    """Elementwise functions of one tensor that ``torch`` has in place as well: ``torch.exp_``."""
    from ..function import functions

    found = set()
    for function in functions().values():
        if len(function.arrays) == 1 and hasattr(Tensor, f"{function.name}_"):
            found |= {f"{n}_" for n in (function.name, *function.alias) if hasattr(Tensor, f"{n}_")}
    return found | {f"{n}_" for n in IN_PLACE}


def public() -> list[str]:
    """All names, of which many are made only when they are asked for."""
    from ..tensor import formats
    from . import settings

    top = {n for n in dir(pluggrad) if not n.startswith("_")} - NOT_TORCH
    more = {n for n in (*METHODS, *FUNCTIONAL, *ELSEWHERE, *in_place_names()) if find(n) is not NOTHING}
    return sorted({*top, *CONFLICTS, *more, *formats.__all__, *settings.__all__})
