"""The transformer (Vaswani et al., 2017, arXiv:1706.03762): layers, stacks of them, and the whole."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

from ...autograd.autocast import is_autocast_enabled
from ...autograd.mode import is_grad_enabled
from ...device import Device
from ...dtypes import DType, bool_
from ...errors import ShapeError
from ...ops.creation import full
from ...tensor import Tensor
from .. import functional as F
from .. import init
from ..attending import additive
from .activation import GELU
from .attention import MultiheadAttention
from .container import ModuleList
from .dropout import Dropout
from .linear import Linear
from .module import Module
from .normalization import LayerNorm
from .piecewise import ReLU

__all__ = [
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
]

Activation = str | Callable[[Tensor], Tensor]


def _activation(activation: Activation) -> Callable[[Tensor], Tensor]:
    if not isinstance(activation, str):
        return activation
    if activation not in ("relu", "gelu"):
        raise RuntimeError(f"activation should be relu/gelu, not {activation}")
    return F.relu if activation == "relu" else F.gelu


class _Layer(Module):
    """What both layers share: attention to itself, and the two linear maps."""

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int, dropout: float, activation: Activation,
        layer_norm_eps: float, batch_first: bool, norm_first: bool, bias: bool, attentions: tuple[str, ...],
        **factory: Any,
    ) -> None:  # fmt: skip
        super().__init__()
        for name in attentions:
            setattr(self, name, MultiheadAttention(
                d_model, nhead, dropout=dropout, bias=bias, batch_first=batch_first, **factory
            ))  # fmt: skip
        self.linear1 = Linear(d_model, dim_feedforward, bias=bias, **factory)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias=bias, **factory)
        self.norm_first = norm_first
        blocks = range(1, len(attentions) + 2)
        for i in blocks:
            setattr(self, f"norm{i}", LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **factory))
        for i in blocks:
            setattr(self, f"dropout{i}", Dropout(dropout))
        self.activation = _activation(activation)

    def _add(self, x: Tensor, number: int, block: Callable[[Tensor], Tensor]) -> Tensor:
        """``x`` and what a block makes of it, normalised before or after."""
        norm, dropout = getattr(self, f"norm{number}"), getattr(self, f"dropout{number}")
        out: Tensor = x + dropout(block(norm(x))) if self.norm_first else norm(x + dropout(block(x)))
        return out

    def _feed(self, x: Tensor) -> Tensor:
        out: Tensor = self.linear2(self.dropout(self.activation(self.linear1(x))))
        return out


class TransformerEncoderLayer(_Layer):
    """Attention of a sequence to itself, then two linear maps, each added to its input and normalised.

    Parameters
    ----------
    d_model, nhead, dim_feedforward : sizes, and the number of heads
    dropout : its probability
    activation : 'relu', 'gelu' or a function
    layer_norm_eps : of the norms
    batch_first : whether batched inputs are (B, L, E) and not (L, B, E)
    norm_first : normalise before the blocks and not after
    bias : whether linear maps and norms have biases

    >>> import pluggrad
    >>> layer = pluggrad.nn.TransformerEncoderLayer(d_model=8, nhead=2)
    >>> layer(pluggrad.zeros(10, 3, 8)).shape
    pluggrad.Size([10, 3, 8])
    """

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int = 2048, dropout: float = 0.1,
        activation: Activation = F.relu, layer_norm_eps: float = 1e-5, batch_first: bool = False,
        norm_first: bool = False, bias: bool = True, device: Device | str | None = None, dtype: DType | None = None,
    ) -> None:  # fmt: skip
        super().__init__(
            d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias,
            ("self_attn",), device=device, dtype=dtype,
        )  # fmt: skip

    def _allows_fast_path(self) -> bool:
        """Whether the layer is of the kind that PyTorch has a "fast path" for."""
        attention, activation = self.self_attn, self.activation
        return (
            attention.batch_first and attention.in_proj_bias is not None and attention._qkv_same_embed_dim
            and attention.num_heads % 2 == 0 and self.norm1.eps == self.norm2.eps
            and (activation in (F.relu, F.gelu) or isinstance(activation, (ReLU, GELU)))
        )  # fmt: skip

    def _is_fast_in_pytorch(self, src: Tensor) -> bool:
        """Whether PyTorch would compute this in that way; see :class:`MultiheadAttention`."""
        return (
            src.ndim == 3 and not self.training and self._allows_fast_path() and not is_autocast_enabled()
            and not any(m._forward_hooks or m._forward_pre_hooks for m in self.modules())
            and not (is_grad_enabled() and any(t.requires_grad for t in (src, *self.parameters())))
        )  # fmt: skip

    def forward(
        self, src: Tensor, src_mask: Tensor | None = None, src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:  # fmt: skip
        if not self._is_fast_in_pytorch(src):
            # The attention's own fast path takes no numbers: so PyTorch's does not come to it, either.
            src_mask, src_key_padding_mask = (
                None if mask is None else additive(mask, src) for mask in (src_mask, src_key_padding_mask)
            )

        def attend(x: Tensor) -> Tensor:
            out: Tensor = self.self_attn(
                x, x, x, attn_mask=src_mask, key_padding_mask=src_key_padding_mask, need_weights=False,
                is_causal=is_causal,
            )[0]  # fmt: skip
            return out

        return self._add(self._add(src, 1, attend), 2, self._feed)


class TransformerDecoderLayer(_Layer):
    """Attention of a sequence to itself, then to the encoder's output (``memory``), then two linear maps.

    The arguments are those of :class:`TransformerEncoderLayer`.

    >>> import pluggrad
    >>> layer = pluggrad.nn.TransformerDecoderLayer(d_model=8, nhead=2)
    >>> layer(pluggrad.zeros(20, 3, 8), pluggrad.zeros(10, 3, 8)).shape
    pluggrad.Size([20, 3, 8])
    """

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int = 2048, dropout: float = 0.1,
        activation: Activation = F.relu, layer_norm_eps: float = 1e-5, batch_first: bool = False,
        norm_first: bool = False, bias: bool = True, device: Device | str | None = None, dtype: DType | None = None,
    ) -> None:  # fmt: skip
        super().__init__(
            d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias,
            ("self_attn", "multihead_attn"), device=device, dtype=dtype,
        )  # fmt: skip

    def forward(
        self, tgt: Tensor, memory: Tensor, tgt_mask: Tensor | None = None, memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None, memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False, memory_is_causal: bool = False,
    ) -> Tensor:  # fmt: skip
        def attend(x: Tensor) -> Tensor:
            out: Tensor = self.self_attn(
                x, x, x, attn_mask=tgt_mask, key_padding_mask=tgt_key_padding_mask, need_weights=False,
                is_causal=tgt_is_causal,
            )[0]  # fmt: skip
            return out

        def look(x: Tensor) -> Tensor:
            out: Tensor = self.multihead_attn(
                x, memory, memory, attn_mask=memory_mask, key_padding_mask=memory_key_padding_mask,
                need_weights=False, is_causal=memory_is_causal,
            )[0]  # fmt: skip
            return out

        return self._add(self._add(self._add(tgt, 1, attend), 2, look), 3, self._feed)


class _Stack(Module):
    """A number of copies of a layer, and perhaps a norm at the end."""

    def __init__(self, layer: Module, num_layers: int, norm: Module | None) -> None:
        super().__init__()
        self.layers = ModuleList([copy.deepcopy(layer) for _ in range(num_layers)])
        self.num_layers, self.norm = num_layers, norm

    def _finish(self, x: Tensor) -> Tensor:
        return x if self.norm is None else self.norm(x)


class TransformerEncoder(_Stack):
    """``num_layers`` copies of an encoder layer, and perhaps a norm.

    Parameters
    ----------
    encoder_layer, num_layers, norm : the layer, how many, and a module for the end or None
    enable_nested_tensor : whether padding comes out as 0 where PyTorch leaves it out of the computation, in nested
        tensors: in evaluation without gradients, for layers of its fast path and ``src_key_padding_mask`` alone
    mask_check : whether that is only done where all padding is at the end of each sequence

    >>> import pluggrad
    >>> from pluggrad import nn
    >>> encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2), num_layers=2)
    >>> encoder(pluggrad.zeros(10, 3, 8)).shape
    pluggrad.Size([10, 3, 8])
    """

    def __init__(
        self, encoder_layer: Module, num_layers: int, norm: Module | None = None, enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(encoder_layer, num_layers, norm)
        self.enable_nested_tensor, self.mask_check = enable_nested_tensor, mask_check
        self.use_nested_tensor = (
            enable_nested_tensor and isinstance(encoder_layer, TransformerEncoderLayer)
            and not encoder_layer.norm_first and encoder_layer._allows_fast_path()
        )  # fmt: skip

    def forward(
        self, src: Tensor, mask: Tensor | None = None, src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:  # fmt: skip
        padding = self._left_out(src, mask, src_key_padding_mask)
        for layer in self.layers:
            src = layer(src, src_mask=mask, src_key_padding_mask=src_key_padding_mask, is_causal=bool(is_causal))
        return self._finish(src if padding is None else src.masked_fill(padding.unsqueeze(-1), 0.0))

    def _left_out(self, src: Tensor, mask: Tensor | None, padding: Tensor | None) -> Tensor | None:
        """The places (B, L) of ``src`` that PyTorch would leave out, None for none."""
        first: Any = self.layers[0]
        if not self.use_nested_tensor or mask is not None or padding is None or src.ndim != 3 or first.training:
            return None
        if is_autocast_enabled() or (
            is_grad_enabled() and any(t.requires_grad for t in (src, *first.parameters()))
        ):  # fmt: skip
            return None
        closed = padding if padding.dtype is bool_ else padding != 0
        if self.mask_check and (closed[:, :-1] & ~closed[:, 1:]).any():
            return None
        return closed


class TransformerDecoder(_Stack):
    """``num_layers`` copies of a decoder layer, and perhaps a norm."""

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__(decoder_layer, num_layers, norm)

    def forward(
        self, tgt: Tensor, memory: Tensor, tgt_mask: Tensor | None = None, memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None, memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None, memory_is_causal: bool = False,
    ) -> Tensor:  # fmt: skip
        for layer in self.layers:
            tgt = layer(
                tgt, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask, bool(tgt_is_causal),
                memory_is_causal,
            )  # fmt: skip
        return self._finish(tgt)


class Transformer(Module):
    """An encoder and a decoder.

    Parameters
    ----------
    d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias : of the layers
    num_encoder_layers, num_decoder_layers : how many
    custom_encoder, custom_decoder : modules in their places

    >>> import pluggrad
    >>> model = pluggrad.nn.Transformer(8, 2, 1, 1, dim_feedforward=16)
    >>> model(pluggrad.zeros(10, 3, 8), pluggrad.zeros(5, 3, 8)).shape
    pluggrad.Size([5, 3, 8])
    """

    def __init__(
        self, d_model: int = 512, nhead: int = 8, num_encoder_layers: int = 6, num_decoder_layers: int = 6,
        dim_feedforward: int = 2048, dropout: float = 0.1, activation: Activation = F.relu,
        custom_encoder: Module | None = None, custom_decoder: Module | None = None, layer_norm_eps: float = 1e-5,
        batch_first: bool = False, norm_first: bool = False, bias: bool = True, device: Device | str | None = None,
        dtype: DType | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        layer = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias,
                 device, dtype)  # fmt: skip

        def norm() -> LayerNorm:
            return LayerNorm(d_model, eps=layer_norm_eps, bias=bias, device=device, dtype=dtype)

        self.encoder = custom_encoder or TransformerEncoder(TransformerEncoderLayer(*layer), num_encoder_layers, norm())
        self.decoder = custom_decoder or TransformerDecoder(TransformerDecoderLayer(*layer), num_decoder_layers, norm())
        for parameter in self.parameters():
            if parameter.ndim > 1:
                init.xavier_uniform_(parameter)
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first

    def forward(
        self, src: Tensor, tgt: Tensor, src_mask: Tensor | None = None, tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None, src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None, memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None, tgt_is_causal: bool | None = None, memory_is_causal: bool = False,
    ) -> Tensor:  # fmt: skip
        if src.shape[-1] != self.d_model or tgt.shape[-1] != self.d_model:
            raise ShapeError(
                f"Transformer: the feature number of src and tgt must be equal to d_model={self.d_model}, got shapes "
                f"{tuple(src.shape)} and {tuple(tgt.shape)}"
            )
        memory = self.encoder(src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal)
        out: Tensor = self.decoder(
            tgt, memory, tgt_mask=tgt_mask, memory_mask=memory_mask, tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask, tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )  # fmt: skip
        return out

    @staticmethod
    def generate_square_subsequent_mask(
        sz: int, device: Device | str | None = None, dtype: DType | None = None
    ) -> Tensor:
        """The mask by which each position attends to none after it: 0 on and below the diagonal, -inf above.

        >>> import pluggrad
        >>> pluggrad.nn.Transformer.generate_square_subsequent_mask(2)
        tensor([[0., -inf],
                [0., 0.]])
        """
        return full((sz, sz), -math.inf, device=device, dtype=dtype).triu(1)
