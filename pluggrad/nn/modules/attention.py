"""Attention with several heads."""

from __future__ import annotations

from typing import Any

from ...autograd.autocast import is_autocast_enabled
from ...autograd.mode import is_grad_enabled
from ...device import Device
from ...dtypes import DType, bool_
from ...errors import ExpectationError
from ...ops.creation import empty
from ...tensor import Tensor
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .linear import NonDynamicallyQuantizableLinear
from .module import Module

__all__ = ["MultiheadAttention"]


class MultiheadAttention(Module):
    """Attention with several heads (Vaswani et al., 2017, arXiv:1706.03762).

    Parameters
    ----------
    embed_dim, num_heads : the size of queries and outputs, a multiple of the number of heads
    dropout : probability of dropout on the weights, in training
    bias : whether the projections have biases
    add_bias_kv : whether a trained key and value is added to every sequence
    add_zero_attn : whether a key and value of zeros is added
    kdim, vdim : the sizes of keys and values, default ``embed_dim``
    batch_first : whether batched inputs are (B, L, E) and not (L, B, E)

    >>> import pluggrad
    >>> attention = pluggrad.nn.MultiheadAttention(8, 2, batch_first=True)
    >>> x = pluggrad.zeros(3, 5, 8)
    >>> out, weights = attention(x, x, x)
    >>> out.shape, weights.shape
    (pluggrad.Size([3, 5, 8]), pluggrad.Size([3, 5, 5]))
    """

    in_proj_bias: Parameter | None
    out_proj: Any
    bias_k: Parameter | None
    bias_v: Parameter | None

    def __init__(
        self, embed_dim: int, num_heads: int, dropout: float = 0.0, bias: bool = True, add_bias_kv: bool = False,
        add_zero_attn: bool = False, kdim: int | None = None, vdim: int | None = None, batch_first: bool = False,
        device: Device | str | None = None, dtype: DType | None = None,
    ) -> None:  # fmt: skip
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and num_heads={num_heads} "
                "instead"
            )
        if embed_dim % num_heads:
            raise ExpectationError(f"embed_dim must be divisible by num_heads, got {embed_dim} and {num_heads}")
        super().__init__()
        self.embed_dim, self.num_heads, self.head_dim = embed_dim, num_heads, embed_dim // num_heads
        self.kdim, self.vdim = (embed_dim if n is None else n for n in (kdim, vdim))
        self._qkv_same_embed_dim = self.kdim == embed_dim == self.vdim
        self.dropout, self.batch_first, self.add_zero_attn = dropout, batch_first, add_zero_attn

        def table(*shape: int) -> Parameter:
            return Parameter(empty(*shape, device=device, dtype=dtype))

        if self._qkv_same_embed_dim:
            self.in_proj_weight = table(3 * embed_dim, embed_dim)
            for name in ("q_proj_weight", "k_proj_weight", "v_proj_weight"):
                self.register_parameter(name, None)
        else:
            self.q_proj_weight = table(embed_dim, embed_dim)
            self.k_proj_weight = table(embed_dim, self.kdim)
            self.v_proj_weight = table(embed_dim, self.vdim)
            self.register_parameter("in_proj_weight", None)
        self.register_parameter("in_proj_bias", table(3 * embed_dim) if bias else None)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias=bias, device=device, dtype=dtype)
        for name in ("bias_k", "bias_v"):
            self.register_parameter(name, table(1, 1, embed_dim) if add_bias_kv else None)
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        for name in ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight"):
            if (weight := getattr(self, name)) is not None:
                init.xavier_uniform_(weight)
        if self.in_proj_bias is not None:
            init.constant_(self.in_proj_bias, 0.0)
            init.constant_(self.out_proj.bias, 0.0)
        for bias in (self.bias_k, self.bias_v):
            if bias is not None:
                init.xavier_normal_(bias)

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, key_padding_mask: Tensor | None = None,
        need_weights: bool = True, attn_mask: Tensor | None = None, average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:  # fmt: skip
        if query.ndim not in (2, 3):
            raise ExpectationError(f"MultiheadAttention: query should be 2-D or 3-D, got shape {tuple(query.shape)}")
        fast = self._is_fast_in_pytorch(query, key, value, key_padding_mask, attn_mask)
        swap = self.batch_first and query.ndim == 3
        if swap:
            if query is key and key is value:
                query = key = value = query.transpose(0, 1)
            else:
                query, key, value = (x.transpose(0, 1) for x in (query, key, value))
        out, weights = F.multi_head_attention_forward(
            query, key, value, self.embed_dim, self.num_heads, self.in_proj_weight, self.in_proj_bias, self.bias_k,
            self.bias_v, self.add_zero_attn, self.dropout, self.out_proj.weight, self.out_proj.bias, self.training,
            key_padding_mask, need_weights or fast, attn_mask, not self._qkv_same_embed_dim, self.q_proj_weight,
            self.k_proj_weight, self.v_proj_weight, average_attn_weights=average_attn_weights, is_causal=is_causal,
        )  # fmt: skip
        return (out.transpose(0, 1) if swap else out), weights if need_weights else None

    def _is_fast_in_pytorch(self, query: Tensor, key: Tensor, value: Tensor, *masks: Tensor | None) -> bool:
        """Whether PyTorch would compute this in its "fast path", where a query whose keys are all closed gives NaN.

        Here there is one path; what it gives for such queries is made to be the same.
        """
        return (
            query.ndim == 3 and query is key and key is value and self.batch_first and not self.training
            and all(mask is None or mask.dtype is bool_ for mask in masks)
            and self.num_heads % 2 == 0 and self.bias_k is None and not self.add_zero_attn
            and self._qkv_same_embed_dim and self.in_proj_bias is not None and not is_autocast_enabled()
            and not (is_grad_enabled() and any(t.requires_grad for t in (query, *self.parameters())))
        )  # fmt: skip
