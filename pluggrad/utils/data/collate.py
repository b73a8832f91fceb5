"""Making one batch of a list of samples, and tensors of single ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...backends import plugins
from ...dtypes import float64
from ...errors import ArgumentError
from ...ops.creation import asarray, tensor
from ...ops.joining import stack
from ...tensor import Tensor

__all__ = ["default_collate", "default_convert"]


def default_collate(batch: Sequence[Any]) -> Any:
    """Stack samples: tensors, arrays and numbers into tensors; mappings and sequences of them part by part.

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
    if _is_array(first):
        return stack([asarray(item, copy=True) for item in batch])
    if isinstance(first, float):
        return tensor(list(batch), dtype=float64)  # as PyTorch, which keeps all digits of Python's floats
    if isinstance(first, bool | int | complex):
        return tensor(list(batch))
    if isinstance(first, str | bytes):
        return batch
    if isinstance(first, Mapping):
        merged = {key: default_collate([item[key] for item in batch]) for key in first}
        return type(first)(merged) if type(first) is not dict else merged  # type: ignore[call-arg]
    if isinstance(first, Sequence):
        if any(len(item) != len(first) for item in batch):
            raise ArgumentError(
                "each element in list of batch should be of equal size; give a collate_fn for ragged samples"
            )
        parts = [default_collate(part) for part in zip(*batch, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else parts
    raise TypeError(
        f"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; "
        f"found {type(first).__name__}"
    )


def default_convert(data: Any) -> Any:
    """Make tensors of the arrays in one sample, however deep they lie in mappings and sequences; leave the rest.

    What a loader without batches does with each sample.

    >>> import numpy
    >>> default_convert({"x": numpy.arange(2), "name": "a"})
    {'x': tensor([0, 1]), 'name': 'a'}
    """
    if isinstance(data, Tensor | str | bytes):
        return data
    if _is_array(data):
        return asarray(data, copy=True)
    if isinstance(data, Mapping):
        converted = {key: default_convert(value) for key, value in data.items()}
        return type(data)(converted) if type(data) is not dict else converted  # type: ignore[call-arg]
    if isinstance(data, Sequence):
        parts = [default_convert(item) for item in data]
        return type(data)(*parts) if hasattr(data, "_fields") else parts
    return data


def _is_array(value: Any) -> bool:
    """Whether this is an array of a library, or a scalar of one."""
    return plugins.owner(value) is not None or (hasattr(value, "dtype") and hasattr(value, "item"))
