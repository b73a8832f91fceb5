"""Sums of products in Einstein's notation, made of permutations, sums and matrix products.

Two operands at a time are contracted, the pair first that leaves the smallest result for what it costs. What the
functions used have, gradients of any order, this has, too.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from string import ascii_letters
from typing import Any

from ..dtypes import int64
from ..errors import ArgumentError, ShapeError
from ..tensor import Tensor
from .diagonals import diagonal
from .dtype_functions import _astype
from .joining import _tensors
from .manipulation import reshaped
from .matrix import _matmul, _ordered
from .reductions import _sum
from .views import _broadcast_to, _getitem, _permute_dims

__all__ = ["einsum"]

#: A term is a tuple of labels: letters, and integers for the axes that an ellipsis stands for.
Label = str | int
Labels = tuple[Label, ...]


def einsum(equation: Any, *operands: Any) -> Tensor:
    """Sum of products of elements of tensors, by Einstein's convention.

    Parameters
    ----------
    equation : a letter for each axis of each operand, comma between operands, and after ``->`` the axes of the result:
        ``"bij,bjk->bik"``. Letters missing in the result are summed over; a letter twice in one operand takes its
        diagonal; ``...`` stands for any number of axes, which broadcast. Without ``->`` the result has the letters
        that occur once, in alphabetical order, after the axes of the ellipsis.
    operands : Tensors (or one sequence of them)

    Also understood is the form without letters, ``einsum(x1, [0, 1], x2, [1, 2], [0, 2])``, in which ``...`` is
    Ellipsis.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError : an equation that is malformed or does not fit the operands
    ShapeError : sizes of one letter that differ

    >>> import pluggrad
    >>> x = pluggrad.asarray([[1, 2], [3, 4]])
    >>> pluggrad.einsum("ij,ij->i", x, x), pluggrad.einsum("ii", x), pluggrad.einsum("ij->ji", x)
    (tensor([ 5, 25]), tensor(5), tensor([[1, 3],
            [2, 4]]))
    """
    if not isinstance(equation, str):
        equation, operands = _from_sublists((equation, *operands))
    if len(operands) == 1 and isinstance(operands[0], list | tuple):
        operands = tuple(operands[0])
    tensors = _tensors("einsum", operands)
    terms, result = _parse(equation, tensors)
    sizes = _sizes(equation, terms, tensors)
    work = [_take_diagonals(x, term) for x, term in zip(tensors, terms, strict=True)]
    while len(work) > 1:
        i, j = _next_pair(work, result, sizes)
        second, first = work.pop(j), work.pop(i)
        needed = set(result).union(*(labels for _, labels in work))
        work.append(_contract(*first, *second, needed, sizes))
    return _finish(*work[0], result, sizes)


def _from_sublists(arguments: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    """The form ``x1, [0, 1], x2, [1, 2], [0, 2]`` as an equation and operands."""
    operands = arguments[0 : len(arguments) - 1 : 2]
    lists = arguments[1::2]

    def letters(items: Sequence[Any]) -> str:
        out = []
        for item in items:
            if item is Ellipsis:
                out.append("...")
                continue
            n = item.__index__()
            if not 0 <= n < len(ascii_letters):
                raise ArgumentError(f"einsum: subscripts must be in the range [0, {len(ascii_letters)}), got {n}")
            out.append(ascii_letters[n])
        return "".join(out)

    equation = ",".join(map(letters, lists[: len(operands)]))
    if len(arguments) % 2:
        equation += "->" + letters(arguments[-1])
    return equation, operands


def _parse(equation: str, tensors: tuple[Tensor, ...]) -> tuple[list[Labels], Labels]:
    """The labels of each operand and of the result; the axes of an ellipsis are -1 (the last), -2, ..."""
    text = equation.replace(" ", "")
    left, arrow, right = text.partition("->")
    inputs = left.split(",")
    if len(inputs) != len(tensors):
        raise ArgumentError(
            f"einsum(): equation {equation!r} has {len(inputs)} operands, but {len(tensors)} were given"
        )
    for part in (*inputs, right):
        bare = part.replace("...", "", 1)
        if not all(c in ascii_letters for c in bare):
            bad = next(c for c in bare if c not in ascii_letters)
            raise ArgumentError(
                f"einsum(): invalid subscript {bad!r} in equation {equation!r}: letters, ',', '...' and one '->' are "
                "understood"
            )
    terms = []
    most = 0
    for k, (part, x) in enumerate(zip(inputs, tensors, strict=True)):
        named = len(part.replace("...", ""))
        free = x._array.ndim - named
        if free < 0 or (free and "..." not in part):
            raise ArgumentError(
                f"einsum(): operand {k} has {x._array.ndim} axes (shape {list(x.shape)}), but its subscripts {part!r} "
                f"name {named}"
            )
        most = max(most, free)
        terms.append(_labels(part, free))
    if not arrow:
        once = [c for c, n in sorted(Counter(c for c in left if c in ascii_letters).items()) if n == 1]
        return terms, (*range(-most, 0), *once)
    letters = right.replace("...", "")
    if len(set(letters)) < len(letters):
        raise ArgumentError(f"einsum(): a subscript appears more than once in the output of {equation!r}")
    unknown = set(letters).difference(left)
    if unknown:
        raise ArgumentError(
            f"einsum(): output subscript {min(unknown)!r} does not appear in the equation for any input operand of "
            f"{equation!r}"
        )
    return terms, _labels(right, most)


def _labels(part: str, free: int) -> Labels:
    before, _, after = part.partition("...")
    return (*before, *range(-free, 0), *after) if "..." in part else tuple(part)


def _sizes(equation: str, terms: list[Labels], tensors: tuple[Tensor, ...]) -> dict[Label, int]:
    """The size of each label; 1 gives way to any other."""
    sizes: dict[Label, int] = {}
    for k, (term, x) in enumerate(zip(terms, tensors, strict=True)):
        for label, n in zip(term, x._array.shape, strict=True):
            have = sizes.get(label, 1)
            if n not in (1, have) and have != 1:
                what = "an axis of the ellipsis" if isinstance(label, int) else f"subscript {label!r}"
                raise ShapeError(
                    f"einsum(): in {equation!r}, {what} has size {n} for operand {k}, which does not broadcast with "
                    f"previously seen size {have}"
                )
            sizes[label] = have if n == 1 else n
    return sizes


def _take_diagonals(x: Tensor, term: Labels) -> tuple[Tensor, Labels]:
    """An operand in which each label names one axis."""
    labels = list(term)
    for label in [c for c, n in Counter(term).items() if n > 1]:
        while labels.count(label) > 1:
            i = labels.index(label)
            j = labels.index(label, i + 1)
            if x._array.shape[i] != x._array.shape[j]:
                raise ShapeError(
                    f"einsum(): subscript {label!r} is repeated for axes of sizes {x._array.shape[i]} and "
                    f"{x._array.shape[j]}"
                )
            x = diagonal(x, 0, i, j)
            del labels[j], labels[i]
            labels.append(label)
    return x, tuple(labels)


def _next_pair(work: list[tuple[Tensor, Labels]], result: Labels, sizes: dict[Label, int]) -> tuple[int, int]:
    """Which two to contract next: those whose result is smallest beside them, the cheapest of equals."""
    if len(work) == 2:
        return 0, 1

    def size(labels: set[Label]) -> int:
        return math.prod(sizes[c] for c in labels)

    def cost(pair: tuple[int, int]) -> tuple[int, int]:
        a, b = (set(work[k][1]) for k in pair)
        others = set(result).union(*(labels for k, (_, labels) in enumerate(work) if k not in pair))
        return size((a | b) & others) - size(a) - size(b), size(a | b)

    return min(combinations(range(len(work)), 2), key=cost)


def _sum_labels(x: Tensor, labels: Labels, drop: set[Label]) -> tuple[Tensor, Labels]:
    axes = tuple(i for i, c in enumerate(labels) if c in drop)
    if axes:
        x = _sum(x, axis=axes)
    return x, tuple(c for c in labels if c not in drop)


def _contract(
    x1: Tensor, labels1: Labels, x2: Tensor, labels2: Labels, needed: set[Label], sizes: dict[Label, int]
) -> tuple[Tensor, Labels]:
    """Two operands as one: a batched matrix product over the labels that nobody needs any more."""
    x1, labels1 = _drop_ones(x1, labels1, labels2, sizes)
    x2, labels2 = _drop_ones(x2, labels2, labels1, sizes)
    x1, labels1 = _sum_labels(x1, labels1, set(labels1) - set(labels2) - needed)
    x2, labels2 = _sum_labels(x2, labels2, set(labels2) - set(labels1) - needed)
    shared = [c for c in labels1 if c in labels2]
    batch = [c for c in shared if c in needed]
    inner = [c for c in shared if c not in needed]
    only1 = [c for c in labels1 if c not in labels2]
    only2 = [c for c in labels2 if c not in labels1]
    out_labels = (*batch, *only1, *only2)
    if not inner:
        # Nothing to sum: an outer or elementwise product.
        a = _expand(x1, labels1, (*batch, *only1), len(only2))
        b = _ordered(x2, [labels2.index(c) for c in (*batch, *only2)])
        b = reshaped(b, (*b._array.shape[: len(batch)], *(1,) * len(only1), *b._array.shape[len(batch) :]))
        return a * b, out_labels

    def size(labels: Sequence[Label]) -> int:
        return math.prod(sizes[c] for c in labels)

    dims = [sizes[c] for c in batch]
    a = _ordered(x1, [labels1.index(c) for c in (*batch, *only1, *inner)])
    b = _ordered(x2, [labels2.index(c) for c in (*batch, *inner, *only2)])
    product = _matmul(reshaped(a, (*dims, size(only1), size(inner))), reshaped(b, (*dims, size(inner), size(only2))))
    return reshaped(product, (*dims, *(sizes[c] for c in only1), *(sizes[c] for c in only2))), out_labels


def _drop_ones(x: Tensor, labels: Labels, others: Labels, sizes: dict[Label, int]) -> tuple[Tensor, Labels]:
    """Without the axes of size 1 that broadcast with the other operand's: there is nothing of them to sum."""
    gone = [i for i, c in enumerate(labels) if x._array.shape[i] == 1 and sizes[c] != 1]
    if not gone:
        return x, labels
    if all(labels[i] in others for i in gone):
        key = tuple([0 if i in gone else slice(None) for i in range(len(labels))])
        return _getitem(x, key=(*key, ...)), tuple(c for i, c in enumerate(labels) if i not in gone)
    return _stretch(x, labels, sizes), labels


def _stretch(x: Tensor, labels: Labels, sizes: dict[Label, int]) -> Tensor:
    return _broadcast_to(x, shape=tuple([sizes[c] for c in labels]))


def _expand(x: Tensor, labels: Labels, order: Sequence[Label], trailing: int) -> Tensor:
    """Axes in that order, with ``trailing`` axes of size 1 behind."""
    x = _ordered(x, [labels.index(c) for c in order])
    return reshaped(x, (*x._array.shape, *(1,) * trailing)) if trailing else x


def _finish(x: Tensor, labels: Labels, result: Labels, sizes: dict[Label, int]) -> Tensor:
    """What is left, summed over what the result lacks, its axes in order."""
    if x.dtype.kind == "unsigned integer" and set(labels) - set(result):
        x = _astype(x, dtype=int64)  # in which PyTorch sums
    x, labels = _sum_labels(x, labels, set(labels) - set(result))
    missing = [c for c in result if c not in labels]  # only axes of an ellipsis that every operand lacks
    if missing:
        x = reshaped(x, (*(1,) * len(missing), *x._array.shape))
        labels = (*missing, *labels)
    order = tuple([labels.index(c) for c in result])
    return x if order == tuple(range(len(order))) else _permute_dims(x, axes=order)
