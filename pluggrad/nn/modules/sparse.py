"""Embedding: a table of vectors."""

from __future__ import annotations

from typing import Self

from ...autograd.mode import no_grad
from ...device import Device
from ...dtypes import DType
from ...errors import ShapeError
from ...ops.creation import empty
from ...tensor import Tensor
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .module import Module

__all__ = ["Embedding"]


class Embedding(Module):
    """A table of vectors, looked up by number.

    Parameters
    ----------
    num_embeddings, embedding_dim : the number of vectors, and their size
    padding_idx : the number of a vector that is 0 at first and gets no gradient
    max_norm, norm_type : vectors that are looked up are first scaled down, in place, to at most this norm
    scale_grad_by_freq : divide the gradient of each vector by how often it was looked up
    sparse : accepted for PyTorch's sake; the gradient is dense
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
                raise ValueError(f"padding_idx must be within num_embeddings, got {padding_idx} of {num_embeddings}")
            padding_idx %= num_embeddings
        self.padding_idx, self.max_norm, self.norm_type = padding_idx, max_norm, norm_type
        self.scale_grad_by_freq, self.sparse = scale_grad_by_freq, sparse
        if _weight is None:
            table = empty(num_embeddings, embedding_dim, device=device, dtype=dtype)
            self.weight = Parameter(table, requires_grad=not _freeze)
            self.reset_parameters()
        else:
            if tuple(_weight.shape) != (num_embeddings, embedding_dim):
                raise ShapeError("Shape of weight does not match num_embeddings and embedding_dim")
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
            raise ShapeError(
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
