"""Making one batch of a list of samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...backends import plugins
from ...ops.creation import asarray, tensor
from ...ops.joining import stack
from ...tensor import Tensor

__all__ = ["default_collate"]


def default_collate(batch: Sequence[Any]) -> Any:
    """Stack samples: tensors, arrays and numbers into tensors; mappings, named tuples and sequences of them part by part.

    Parameters
    ----------
    batch : samples of one structure

    Raises
    ------
    TypeError : samples of a type that does not stack
    ValueError : sequences of differing lengths

    >>> import pluggrad
    >>> default_collate([(1, "a"), (2, "b")])
    [tensor([1, 2]), ('a', 'b')]
    """
    first = batch[0]
    if isinstance(first, Tensor):
        return stack(list(batch))
    if plugins.owner(first) is not None or (hasattr(first, "dtype") and hasattr(first, "item")):
        return stack([asarray(item, copy=True) for item in batch])
    if isinstance(first, bool | int | float | complex):
        return tensor(list(batch))
    if isinstance(first, str | bytes):
        return tuple(batch)
    if isinstance(first, Mapping):
        merged = {key: default_collate([item[key] for item in batch]) for key in first}
        return type(first)(merged) if type(first) is not dict else merged  # type: ignore[call-arg]
    if isinstance(first, Sequence):
        if any(len(item) != len(first) for item in batch):
            raise ValueError("each element in list of batch should be of equal size; give a collate_fn for ragged samples")
        parts = [default_collate(part) for part in zip(*batch, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else parts
    raise TypeError(f"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {type(first).__name__}")
