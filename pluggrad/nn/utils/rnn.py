"""Sequences of different lengths: padded into one tensor, or packed step by step without padding."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, Self

from ...dtypes import int64
from ...errors import ArgumentError, ShapeError
from ...ops.creation import full, tensor
from ...ops.joining import concat
from ...tensor import Tensor

__all__ = [
    "PackedSequence", "invert_permutation", "pack_padded_sequence", "pack_sequence", "pad_packed_sequence",
    "pad_sequence", "unpack_sequence", "unpad_sequence",
]  # fmt: skip


_Packed = namedtuple("_Packed", ["data", "batch_sizes", "sorted_indices", "unsorted_indices"])  # noqa: PYI024 (__new__ is replaced)


class PackedSequence(_Packed):
    """Sequences, the longest first, as their first elements, then their second ones, and so on.

    Made by :func:`pack_padded_sequence` and :func:`pack_sequence`.

    Attributes
    ----------
    data : Tensor, shape (sum of the lengths, ...)
    batch_sizes : Tensor, int64: how many sequences have a first element, a second one, ...
    sorted_indices : Tensor: which sequence is the longest, the second longest, ...; None: they are in order
    unsorted_indices : Tensor, the inverse of it, or None
    """

    __slots__ = ()

    def __new__(
        cls, data: Tensor, batch_sizes: Tensor, sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> Self:  # fmt: skip
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """With ``data`` of another dtype or on another device, as :meth:`pluggrad.Tensor.to`."""
        data = self.data.to(*args, **kwargs)
        order = None if self.sorted_indices is None else self.sorted_indices.to(data.device)
        return PackedSequence(data, self.batch_sizes, order)

    @property
    def is_cuda(self) -> bool:
        """Whether ``data`` is on a GPU."""
        return self.data.is_cuda

    def is_pinned(self) -> bool:
        """Whether ``data`` is in pinned memory."""
        return self.data.is_pinned()

    def pin_memory(self) -> PackedSequence:
        """With ``data`` and the order in pinned memory, from which copies to a GPU are fast."""
        order = None if self.sorted_indices is None else self.sorted_indices.pin_memory()
        return PackedSequence(self.data.pin_memory(), self.batch_sizes, order)

    def cpu(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """With ``data`` on the CPU."""
        return self.to("cpu", *args, **kwargs)

    def cuda(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """With ``data`` on a GPU, the current one by default."""
        return self.to(self.data.cuda(*args, **kwargs).device)

    def double(self) -> PackedSequence:
        """With ``data`` as float64."""
        return PackedSequence(self.data.double(), *self[1:])

    def float(self) -> PackedSequence:
        """With ``data`` as float32."""
        return PackedSequence(self.data.float(), *self[1:])

    def half(self) -> PackedSequence:
        """With ``data`` as float16."""
        return PackedSequence(self.data.half(), *self[1:])

    def long(self) -> PackedSequence:
        """With ``data`` as int64."""
        return PackedSequence(self.data.long(), *self[1:])

    def int(self) -> PackedSequence:
        """With ``data`` as int32."""
        return PackedSequence(self.data.int(), *self[1:])

    def short(self) -> PackedSequence:
        """With ``data`` as int16."""
        return PackedSequence(self.data.short(), *self[1:])

    def char(self) -> PackedSequence:
        """With ``data`` as int8."""
        return PackedSequence(self.data.char(), *self[1:])

    def byte(self) -> PackedSequence:
        """With ``data`` as uint8."""
        return PackedSequence(self.data.byte(), *self[1:])


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation that undoes ``permutation``; None gives None."""
    return None if permutation is None else permutation.argsort()


def pack_padded_sequence(
    input: Tensor, lengths: Tensor | Sequence[int], batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Pack padded sequences: leave the padding out.

    Parameters
    ----------
    input : Tensor, shape (T, B, ...), with ``batch_first`` (B, T, ...)
    lengths : the length of each of the B sequences
    enforce_sorted : require the longest to come first; False: they are sorted here, and sorted back when unpacked

    Raises
    ------
    ShapeError, ValueError : lengths that are not B numbers from 1 to T
    RuntimeError : lengths that are not decreasing, with ``enforce_sorted``

    >>> import pluggrad
    >>> from pluggrad.nn.utils.rnn import pack_padded_sequence
    >>> packed = pack_padded_sequence(pluggrad.tensor([[1, 2, 3], [4, 0, 0]]), [3, 1], batch_first=True)
    >>> packed.data, packed.batch_sizes
    (tensor([1, 4, 2, 3]), tensor([2, 1, 1]))
    """
    numbers = [int(n) for n in (lengths.tolist() if isinstance(lengths, Tensor) else lengths)]
    if batch_first:
        input = input.transpose(0, 1)
    steps, batch = input.shape[:2]
    if len(numbers) != batch:
        raise ShapeError(
            f"pack_padded_sequence: expected one length for each of the {batch} sequences, got {len(numbers)}"
        )
    if any(not 0 < n <= steps for n in numbers):
        raise ArgumentError(
            f"pack_padded_sequence: expected lengths from 1 to {steps}, the size of the padded input, got {numbers}"
        )
    order = None
    if enforce_sorted:
        if any(a < b for a, b in pairwise(numbers)):
            raise RuntimeError(
                "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass "
                "`enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement "
                f"if you do not need ONNX exportability. Got {numbers}"
            )
    else:
        places = sorted(range(batch), key=lambda i: -numbers[i])
        order = tensor(places, dtype=int64, device=input.device)
        numbers = [numbers[i] for i in places]
        input = input.index_select(1, order)
    sizes = [sum(n > t for n in numbers) for t in range(numbers[0])]
    data = concat([input[t, :n] for t, n in enumerate(sizes)], axis=0)
    return PackedSequence(data, tensor(sizes, dtype=int64), order)


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """Pad packed sequences: the inverse of :func:`pack_padded_sequence`.

    Returns
    -------
    Tensor, shape (T, B, ...), with ``batch_first`` (B, T, ...); T the largest length, or ``total_length``
    Tensor, int64: the B lengths

    Raises
    ------
    ValueError : a ``total_length`` below the largest length
    """
    sizes = [int(n) for n in sequence.batch_sizes.tolist()]
    steps, batch = len(sizes), sizes[0]
    if total_length is not None:
        if total_length < steps:
            raise ValueError(
                "Expected total_length to be at least the length of the longest sequence in input, but got "
                f"total_length={total_length} and max sequence length being {steps}"
            )
        steps = total_length
    data, rest = sequence.data, tuple(sequence.data.shape[1:])
    parts, start = [], 0
    for size in [*sizes, *[0] * (steps - len(sizes))]:
        parts.append(data[start : start + size])
        if size < batch:
            parts.append(full((batch - size, *rest), padding_value, dtype=data.dtype, device=data.device))
        start += size
    padded = concat(parts, axis=0).reshape(steps, batch, *rest)
    lengths = tensor([sum(n > i for n in sizes) for i in range(batch)], dtype=int64)
    if sequence.unsorted_indices is not None:
        back = sequence.unsorted_indices
        padded, lengths = padded.index_select(1, back), lengths.index_select(0, back.to(lengths.device))
    return (padded.transpose(0, 1) if batch_first else padded), lengths


def pad_sequence(
    sequences: Sequence[Tensor], batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Tensor:
    """Put sequences of different lengths into one tensor, padded with ``padding_value``.

    Parameters
    ----------
    sequences : Tensors, shapes (L, ...), that differ in L alone
    padding_side : 'right' or 'left'

    Returns
    -------
    Tensor, shape (T, B, ...), with ``batch_first`` (B, T, ...)

    >>> import pluggrad
    >>> pluggrad.nn.utils.rnn.pad_sequence([pluggrad.tensor([1, 2]), pluggrad.tensor([3])], batch_first=True)
    tensor([[1, 2],
            [3, 0]])
    """
    if padding_side not in ("right", "left"):
        raise ValueError(f"pad_sequence: padding_side must be 'right' or 'left', got {padding_side!r}")
    sequences = list(sequences)
    if not sequences:
        raise ArgumentError("pad_sequence: expected at least one sequence, got none")
    longest = max(s.shape[0] for s in sequences)
    rows = []
    for s in sequences:
        missing = (longest - s.shape[0], *s.shape[1:])
        filler = full(missing, padding_value, dtype=s.dtype, device=s.device)
        rows.append(concat([s, filler] if padding_side == "right" else [filler, s], axis=0).unsqueeze(0))
    padded = concat(rows, axis=0)
    return padded if batch_first else padded.transpose(0, 1)


def unpad_sequence(padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False) -> list[Tensor]:
    """Take the sequences out of a padded tensor: the inverse of :func:`pad_sequence`."""
    rows = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [rows[i, : int(n)] for i, n in enumerate(lengths.tolist())]


def pack_sequence(sequences: Iterable[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences of different lengths; see :func:`pack_padded_sequence`."""
    given = list(sequences)
    return pack_padded_sequence(pad_sequence(given), [s.shape[0] for s in given], enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """Take the sequences out of a packed one: the inverse of :func:`pack_sequence`."""
    return unpad_sequence(*pad_packed_sequence(packed_sequences))
