"""Embedding: a table of vectors."""

from __future__ import annotations

from typing import Self

from ...autograd.mode import no_grad
from ...device import Device
from ...dtypes import DType
from ...errors import ExpectationError
from ...ops.creation import empty
from ...tensor import Tensor
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .module import Module

__all__ = ["Embedding", "EmbeddingBag"]


class Embedding(Module):
    """A table of vectors, looked up by number.

    Parameters
    ----------
    num_embeddings, embedding_dim : the number of vectors, and their size
    padding_idx : the number of a vector that is 0 at first and gets no gradient
    max_norm, norm_type : vectors that are looked up are first scaled down, in place, to at most this norm
    scale_grad_by_freq : divide the gradient of each vector by how often it was looked up
    sparse : accepted for PyTorch's sake; the gradient is dense, and `optim.SparseAdam` takes it so
    device, dtype : of the table

    Attributes
    ----------
    weight : Parameter, shape (num_embeddings, embedding_dim), drawn from the standard normal distribution

    >>> import pluggrad
    >>> pluggrad.nn.Embedding(10, 3)(pluggrad.tensor([[1, 2, 4, 5]])).shape
    pluggrad.Size([1, 4, 3])
    """

    def __init__(
        self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None, max_norm: float | None = None,
        norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False, _weight: Tensor | None = None,
        _freeze: bool = False, device: Device | str | None = None, dtype: DType | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise ExpectationError(
                    f"padding_idx must be within num_embeddings, got {padding_idx} of {num_embeddings}"
                )
            padding_idx %= num_embeddings
        self.padding_idx, self.max_norm, self.norm_type = padding_idx, max_norm, norm_type
        self.scale_grad_by_freq, self.sparse = scale_grad_by_freq, sparse
        if _weight is None:
            table = empty(num_embeddings, embedding_dim, device=device, dtype=dtype)
            self.weight = Parameter(table, requires_grad=not _freeze)
            self.reset_parameters()
        else:
            if tuple(_weight.shape) != (num_embeddings, embedding_dim):
                raise ExpectationError("Shape of weight does not match num_embeddings and embedding_dim")
            self.weight = Parameter(_weight, requires_grad=not _freeze)

    def reset_parameters(self) -> None:
        """Draw the table anew."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx].fill_(0)

    def forward(self, input: Tensor) -> Tensor:
        return F.embedding(
            input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse
        )

    def extra_repr(self) -> str:
        parts = [f"{self.num_embeddings}", f"{self.embedding_dim}"]
        for name, default in (
            ("padding_idx", None), ("max_norm", None), ("norm_type", 2), ("scale_grad_by_freq", False),
        ):  # fmt: skip
            value = getattr(self, name)
            if value is not default and value != default:
                parts.append(f"{name}={value}")
        return ", ".join(parts + (["sparse=True"] if self.sparse else []))

    @classmethod
    def from_pretrained(
        cls, embeddings: Tensor, freeze: bool = True, padding_idx: int | None = None, max_norm: float | None = None,
        norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False,
    ) -> Self:  # fmt: skip
        """A layer over a given table, not trained unless ``freeze`` is False.

        >>> import pluggrad
        >>> layer = pluggrad.nn.Embedding.from_pretrained(pluggrad.tensor([[1.0, 2.3, 3.0]]))
        >>> layer(pluggrad.tensor([0]))
        tensor([[1.0000, 2.3000, 3.0000]])
        """
        if embeddings._array.ndim != 2:
            raise ExpectationError(
                f"Embeddings parameter is expected to be 2-dimensional, got shape {tuple(embeddings.shape)}"
            )
        rows, columns = embeddings.shape
        return cls(
            rows,
            columns,
            padding_idx,
            max_norm,
            norm_type,
            scale_grad_by_freq,
            sparse,
            _weight=embeddings,
            _freeze=freeze,
        )


class EmbeddingBag(Module):
    """A table of vectors, looked up by number and reduced over bags: see :func:`pluggrad.nn.functional.embedding_bag`.

    Parameters
    ----------
    num_embeddings, embedding_dim : the number of vectors, and their size
    max_norm, norm_type : vectors that are looked up are first scaled down, in place, to at most this norm
    scale_grad_by_freq : divide the gradient of each vector by how often it was looked up; not for the maximum
    mode : 'sum', 'mean' or 'max'
    sparse : accepted for PyTorch's sake; the gradient is dense, and `optim.SparseAdam` takes it so
    include_last_offset : offsets have one element more, the end of the last bag
    padding_idx : the number of a vector that is 0 at first and left out of the bags
    device, dtype : of the table

    Attributes
    ----------
    weight : Parameter, shape (num_embeddings, embedding_dim), drawn from the standard normal distribution

    >>> import pluggrad
    >>> bags = pluggrad.nn.EmbeddingBag(10, 3, mode="sum")
    >>> bags(pluggrad.tensor([1, 2, 4, 5, 4]), pluggrad.tensor([0, 3])).shape
    pluggrad.Size([2, 3])
    """

    def __init__(
        self, num_embeddings: int, embedding_dim: int, max_norm: float | None = None, norm_type: float = 2.0,
        scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False, _weight: Tensor | None = None,
        include_last_offset: bool = False, padding_idx: int | None = None, device: Device | str | None = None,
        dtype: DType | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.max_norm, self.norm_type, self.scale_grad_by_freq = max_norm, norm_type, scale_grad_by_freq
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise ExpectationError(
                    f"padding_idx must be within num_embeddings, got {padding_idx} of {num_embeddings}"
                )
            padding_idx %= num_embeddings
        self.padding_idx, self.mode, self.sparse = padding_idx, mode, sparse
        self.include_last_offset = include_last_offset
        if _weight is None:
            self.weight = Parameter(empty(num_embeddings, embedding_dim, device=device, dtype=dtype))
            self.reset_parameters()
        else:
            if tuple(_weight.shape) != (num_embeddings, embedding_dim):
                raise ExpectationError("Shape of weight does not match num_embeddings and embedding_dim")
            self.weight = Parameter(_weight)

    def reset_parameters(self) -> None:
        """Draw the table anew."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx].fill_(0)

    def forward(self, input: Tensor, offsets: Tensor | None = None, per_sample_weights: Tensor | None = None) -> Tensor:
        return F.embedding_bag(
            input, self.weight, offsets, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.mode,
            self.sparse, per_sample_weights, self.include_last_offset, self.padding_idx,
        )  # fmt: skip

    def extra_repr(self) -> str:
        parts = [f"{self.num_embeddings}", f"{self.embedding_dim}"]
        for name, default in (("max_norm", None), ("norm_type", 2), ("scale_grad_by_freq", False)):
            if getattr(self, name) != default:
                parts.append(f"{name}={getattr(self, name)}")
        parts.append(f"mode={self.mode!r}")
        return ", ".join(parts if self.padding_idx is None else [*parts, f"padding_idx={self.padding_idx}"])

    @classmethod
    def from_pretrained(
        cls, embeddings: Tensor, freeze: bool = True, max_norm: float | None = None, norm_type: float = 2.0,
        scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False, include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> Self:  # fmt: skip
        """A layer over a given table, not trained unless ``freeze`` is False."""
        if embeddings._array.ndim != 2:
            raise ExpectationError(
                f"Embeddings parameter is expected to be 2-dimensional, got shape {tuple(embeddings.shape)}"
            )
        rows, columns = embeddings.shape
        layer = cls(
            rows, columns, max_norm, norm_type, scale_grad_by_freq, mode, sparse, embeddings, include_last_offset,
            padding_idx,
        )  # fmt: skip
        layer.weight.requires_grad = not freeze
        return layer
