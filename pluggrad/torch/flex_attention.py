"""``torch.nn.attention.flex_attention``: attention whose scores a function changes and whose mask a function gives.

PyTorch compiles the functions into its kernel. Here they are called once, on tensors of all indices that broadcast to
(batch, heads, queries, keys), and the scores are computed whole. (Dong et al., 2024, arXiv:2412.05496.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pluggrad

from ..errors import ShapeError
from ..tensor import Tensor

__all__ = ["BlockMask", "and_masks", "create_block_mask", "create_mask", "flex_attention", "noop_mask", "or_masks"]

Mask = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


def _indices(sizes: tuple[int, ...], device: Any) -> tuple[Tensor, ...]:
    """The index along each of four axes, of shapes that broadcast to all of them."""
    return tuple(
        pluggrad.arange(n, device=device).reshape(*(n if i == axis else 1 for i in range(4)))
        for axis, n in enumerate(sizes)
    )


def create_mask(
    mod_fn: Mask, B: int | None, H: int | None, Q_LEN: int, KV_LEN: int, device: Any = None
) -> Tensor:  # fmt: skip
    """The mask that a function gives, True where a query may attend to a key.

    Parameters
    ----------
    mod_fn : function of the indices of batch, head, query and key
    B, H : number of batches and of heads; None: 1
    Q_LEN, KV_LEN : number of queries and of keys

    Returns
    -------
    Tensor, shape (B, H, Q_LEN, KV_LEN), bool

    >>> from pluggrad.torch.nn.attention.flex_attention import create_mask
    >>> create_mask(lambda b, h, q, k: q >= k, 1, 1, 2, 2)[0, 0]
    tensor([[ True, False],
            [ True,  True]])
    """
    sizes = (B or 1, H or 1, Q_LEN, KV_LEN)
    return mod_fn(*_indices(sizes, device)).expand(*sizes)


@dataclass(frozen=True)
class BlockMask:
    """A mask, which PyTorch keeps in blocks and pluggrad whole.

    Attributes
    ----------
    mask : Tensor, shape (batch or 1, heads or 1, queries, keys), bool
    mask_mod : the function that gave it
    """

    mask: Tensor
    mask_mod: Mask

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the mask."""
        return tuple(self.mask.shape)

    def to_dense(self) -> Tensor:
        """The mask."""
        return self.mask


def create_block_mask(
    mask_mod: Mask, B: int | None, H: int | None, Q_LEN: int, KV_LEN: int, device: Any = None, **options: Any
) -> BlockMask:
    """:func:`create_mask` for :func:`flex_attention`; PyTorch's ``options``, such as ``BLOCK_SIZE``, change nothing."""
    return BlockMask(create_mask(mask_mod, B, H, Q_LEN, KV_LEN, device), mask_mod)


def noop_mask(batch: Tensor, head: Tensor, token_q: Tensor, token_kv: Tensor) -> Tensor:
    """Every query may attend to every key."""
    return (batch >= 0) & (head >= 0) & (token_q >= 0) & (token_kv >= 0)


def and_masks(*mask_mods: Mask) -> Mask:
    """The function of a mask that is True where all are."""
    return lambda b, h, q, kv: _combined(pluggrad.logical_and, mask_mods, b, h, q, kv)


def or_masks(*mask_mods: Mask) -> Mask:
    """The function of a mask that is True where any is."""
    return lambda b, h, q, kv: _combined(pluggrad.logical_or, mask_mods, b, h, q, kv)


def _combined(combine: Callable[..., Tensor], mask_mods: tuple[Mask, ...], *indices: Tensor) -> Tensor:
    first, *rest = (mod(*indices) for mod in mask_mods)
    for one in rest:
        first = combine(first, one)
    return first


def flex_attention(
    query: Tensor, key: Tensor, value: Tensor, score_mod: Callable[..., Tensor] | None = None,
    block_mask: BlockMask | None = None, scale: float | None = None, enable_gqa: bool = False,
    return_lse: bool = False, kernel_options: Any = None,
) -> Any:  # fmt: skip
    """Attention, ``softmax(score_mod(query @ key.mT * scale)) @ value``, where the mask is True.

    Parameters
    ----------
    query : Tensor, shape (B, H, L, E)
    key, value : Tensors, shapes (B, H, S, E) and (B, H, S, V)
    score_mod : function of the scores and of the indices of batch, head, query and key, or None
    block_mask : from :func:`create_block_mask`, or None
    scale : default 1 / √E
    enable_gqa : ``query`` has a multiple of the heads of ``key`` and ``value``, which are repeated
    return_lse : give the logarithm of the sum of the exponentials of the scores, too
    kernel_options : accepted for PyTorch's sake

    Returns
    -------
    Tensor, shape (B, H, L, V); a query that may attend to no key gets 0. With ``return_lse`` a pair, the second of
    shape (B, H, L)

    Raises
    ------
    ShapeError : other than four axes, or shapes that do not fit

    >>> import pluggrad.torch as torch
    >>> from pluggrad.torch.nn.attention.flex_attention import flex_attention
    >>> x, v = torch.zeros(1, 1, 2, 4), torch.tensor([[[[1.0], [3.0]]]])
    >>> flex_attention(x, x, v, lambda score, b, h, q, k: torch.where(q >= k, score, -float("inf"))).flatten()
    tensor([1., 2.])
    """
    if not query.ndim == key.ndim == value.ndim == 4:
        raise ShapeError(
            f"flex_attention: expected query, key and value of four axes, got shapes {tuple(query.shape)}, "
            f"{tuple(key.shape)} and {tuple(value.shape)}"
        )
    if enable_gqa:
        key, value = (t.repeat_interleave(query.shape[1] // key.shape[1], 1) for t in (key, value))
    scores = pluggrad.matmul(query, key.mT) * (query.shape[-1] ** -0.5 if scale is None else scale)
    if score_mod is not None:
        scores = score_mod(scores, *_indices(tuple(scores.shape), query.device)).expand(scores.shape)
    if block_mask is not None:
        scores = pluggrad.where(block_mask.mask, scores, -float("inf"))
    total = pluggrad.logsumexp(scores, -1)
    closed = pluggrad.isinf(total.detach()) & (total.detach() < 0)
    weights = pluggrad.exp(scores - pluggrad.where(closed, 0.0, total)[..., None])
    out = pluggrad.matmul(weights, value).to(query.dtype)
    return (out, total) if return_lse else out
