"""Order: sorting, ranks, searching, and sets."""

from __future__ import annotations

from typing import Any

import torch

from .indexing import index_add
from .reductions import _number
from .signed import SIGNED, arrays, signed, to_signed

Tensor = torch.Tensor

_sort = signed(torch.sort, ordered=True, values=(True, False))
_topk = signed(torch.topk, ordered=True, values=(True, False))
_kthvalue = signed(torch.kthvalue, ordered=True, values=(True, False))
_medians = {
    skip: signed(f, ordered=True, values=(True, False)) for skip, f in ((False, torch.median), (True, torch.nanmedian))
}


def sort(x: Tensor, *, axis: int, descending: bool = False) -> tuple[Tensor, Tensor]:
    return tuple(_sort(x, dim=axis, descending=descending, stable=True))


def sort_values(x: Tensor, *, axis: int, descending: bool = False) -> Tensor:
    return _sort(x, dim=axis, descending=descending, stable=True)[0]


def argsort(x: Tensor, *, axis: int, descending: bool = False) -> Tensor:
    return _sort(x, dim=axis, descending=descending, stable=True)[1]


def topk(x: Tensor, *, k: int, axis: int, largest: bool = True, sorted: bool = True) -> tuple[Tensor, Tensor]:
    if not x.ndim and not k:
        return x.new_zeros(0), torch.zeros(0, dtype=torch.int64, device=x.device)
    if x.dtype == torch.bool:  # which PyTorch's kernel does not know; of few distinct values the order matters
        values, indices = sort(x, axis=axis, descending=largest)
        return values.narrow(axis, 0, k) if x.ndim else values, indices.narrow(axis, 0, k) if x.ndim else indices
    return tuple(_topk(x, k, axis, largest, sorted))


def kthvalue(x: Tensor, *, k: int, axis: int, keepdims: bool = False) -> tuple[Tensor, Tensor]:
    if x.dtype == torch.bool:
        values, indices = sort(x, axis=axis)
        if not x.ndim:
            return values, indices
        first = values.narrow(axis, k - 1, 1), indices.narrow(axis, k - 1, 1)
        return first if keepdims else (first[0].squeeze(axis), first[1].squeeze(axis))
    return tuple(_kthvalue(x, k, axis, keepdims))


def median_along(x: Tensor, *, axis: int, keepdims: bool = False, skip_nan: bool = False) -> tuple[Tensor, Tensor]:
    return tuple(_medians[skip_nan](x, axis, keepdims))


def lower_median(x: Tensor, *, axis: tuple[int, ...], keepdims: bool = False, skip_nan: bool = False) -> Tensor:
    """The lower median of all elements."""
    out = _medians[skip_nan](x.reshape(-1), 0)[0]
    return out.reshape((1,) * x.ndim) if keepdims else out


def _searchsorted(x1: Tensor, x2: Tensor, *, right: bool) -> Tensor:
    return torch.searchsorted(x1.contiguous(), x2.contiguous(), right=right)


_search = arrays(_searchsorted, ordered=True, values=False)


def searchsorted(x1: Tensor, x2: Tensor, *, right: bool = False) -> Tensor:
    return _search(x1, x2, right=right)


def isin(x1: Tensor, x2: Tensor, *, invert: bool = False) -> Tensor:
    if x1.dtype.is_complex:
        found = torch.any(x1.unsqueeze(-1) == x2.reshape(-1), -1)
        return ~found if invert else found
    x1, x2 = _number(to_signed(x1)), _number(to_signed(x2))
    return torch.isin(x1, x2, invert=invert)


def _order(x: Tensor) -> Tensor:
    """The stable order of a vector; of complex numbers, by the real part, then the imaginary."""
    if x.dtype.is_complex:
        first = torch.argsort(x.imag, stable=True)
        return first[torch.argsort(x.real[first], stable=True)]
    return argsort(x, axis=0)


def unique_all(x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    flat = x.reshape(-1)
    order = _order(flat)
    ranked = flat[order]
    begins = torch.ones(ranked.shape, dtype=torch.bool, device=x.device)
    begins[1:] = ranked[1:] != ranked[:-1]
    starts = torch.nonzero(begins).reshape(-1)
    inverse = torch.empty_like(order)
    inverse[order] = torch.cumsum(begins, 0) - 1
    counts = torch.diff(starts, append=starts.new_tensor([flat.shape[0]]))
    return ranked[starts], order[starts], inverse.reshape(x.shape), counts


def unique_values(x: Tensor) -> Tensor:
    if x.dtype.is_complex or x.dtype in SIGNED:
        return unique_all(x)[0]
    return torch.unique(x)


def bincount(x: Tensor, weights: Tensor | None, *, length: int) -> Tensor:
    x = to_signed(x)
    if weights is None:
        return torch.bincount(x, minlength=length)
    return index_add(weights.new_zeros(length), x, weights, axis=0)


KERNELS: dict[str, Any] = {f.__name__: f for f in (
    sort, sort_values, argsort, topk, kthvalue, median_along, lower_median, searchsorted, isin, unique_all,
    unique_values, bincount,
)}  # fmt: skip
