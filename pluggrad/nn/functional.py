"""The functions behind the modules, under PyTorch's names and signatures.

They are defined beside their derivatives, in :mod:`pluggrad.ops.neural`; those that draw random numbers are in
:mod:`pluggrad.nn.drawing`.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..ops.activations import sigmoid
from ..ops.neural.activations import (
    celu,
    celu_,
    elu,
    elu_,
    gelu,
    glu,
    leaky_relu,
    leaky_relu_,
    logsigmoid,
    mish,
    relu,
    relu_,
    selu,
    selu_,
    silu,
    softplus,
    softsign,
    tanhshrink,
)
from ..ops.neural.adaptive_avg_pool import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
from ..ops.neural.avg_pool import avg_pool1d, avg_pool2d, avg_pool3d
from ..ops.neural.class_margins import multi_margin_loss, multilabel_margin_loss, one_hot
from ..ops.neural.convolution import conv1d, conv2d, conv3d
from ..ops.neural.cross_entropy import cross_entropy, nll_loss
from ..ops.neural.ctc import ctc_loss
from ..ops.neural.embedding import embedding
from ..ops.neural.embedding_bag import embedding_bag
from ..ops.neural.embedding_losses import (
    cosine_embedding_loss,
    cosine_similarity,
    gaussian_nll_loss,
    hinge_embedding_loss,
    huber_loss,
    kl_div,
    margin_ranking_loss,
    multilabel_soft_margin_loss,
    normalize,
    pairwise_distance,
    poisson_nll_loss,
    smooth_l1_loss,
    soft_margin_loss,
    triplet_margin_loss,
    triplet_margin_with_distance_loss,
)
from ..ops.neural.folding import fold, unfold
from ..ops.neural.grid_sampling import affine_grid, grid_sample
from ..ops.neural.group_normalization import group_norm, instance_norm, local_response_norm, rms_norm
from ..ops.neural.interpolation import interpolate, upsample, upsample_bilinear, upsample_nearest
from ..ops.neural.linear import bilinear, linear
from ..ops.neural.linear_cross_entropy import linear_cross_entropy
from ..ops.neural.losses import binary_cross_entropy, binary_cross_entropy_with_logits, l1_loss, mse_loss
from ..ops.neural.lp_pool import lp_pool1d, lp_pool2d, lp_pool3d
from ..ops.neural.max_pool import (
    max_pool1d,
    max_pool1d_with_indices,
    max_pool2d,
    max_pool2d_with_indices,
    max_pool3d,
    max_pool3d_with_indices,
)
from ..ops.neural.normalization import batch_norm, layer_norm
from ..ops.neural.pairs import pdist
from ..ops.neural.piecewise import (
    hardshrink,
    hardsigmoid,
    hardswish,
    hardtanh,
    hardtanh_,
    prelu,
    relu6,
    softshrink,
    threshold,
    threshold_,
)
from ..ops.neural.shuffling import channel_shuffle, pixel_shuffle, pixel_unshuffle
from ..ops.neural.softmax import log_softmax, softmax, softmin
from ..ops.neural.transposed_convolution import conv_transpose1d, conv_transpose2d, conv_transpose3d
from ..ops.neural.window_max import (
    adaptive_max_pool1d,
    adaptive_max_pool1d_with_indices,
    adaptive_max_pool2d,
    adaptive_max_pool2d_with_indices,
    adaptive_max_pool3d,
    adaptive_max_pool3d_with_indices,
    max_unpool1d,
    max_unpool2d,
    max_unpool3d,
)
from ..ops.padding import pad as _pad
from ..ops.trigonometric import tanh
from ..tensor import Tensor
from .attending import multi_head_attention_forward, scaled_dot_product_attention
from .drawing import (
    alpha_dropout,
    dropout,
    dropout1d,
    dropout2d,
    dropout3d,
    feature_alpha_dropout,
    fractional_max_pool2d,
    fractional_max_pool2d_with_indices,
    fractional_max_pool3d,
    fractional_max_pool3d_with_indices,
    gumbel_softmax,
    rrelu,
    rrelu_,
)

__all__ = ["bilinear", "embedding", "embedding_bag", "linear", "log_softmax", "softmax", "softmin"]
# Activations.
__all__ += [
    "celu", "celu_", "elu", "elu_", "gelu", "glu", "gumbel_softmax", "hardshrink", "hardsigmoid", "hardswish",
    "hardtanh", "hardtanh_", "leaky_relu", "leaky_relu_", "logsigmoid", "mish", "prelu", "relu", "relu6", "relu_",
    "rrelu", "rrelu_", "selu", "selu_", "sigmoid", "silu", "softplus", "softshrink", "softsign", "tanh", "tanhshrink",
    "threshold", "threshold_",
]  # fmt: skip
# Images.
__all__ += [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool1d_with_indices",
    "adaptive_max_pool2d",
    "adaptive_max_pool2d_with_indices",
    "adaptive_max_pool3d",
    "adaptive_max_pool3d_with_indices",
    "affine_grid",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "channel_shuffle",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "fold",
    "fractional_max_pool2d",
    "fractional_max_pool2d_with_indices",
    "fractional_max_pool3d",
    "fractional_max_pool3d_with_indices",
    "grid_sample",
    "interpolate",
    "lp_pool1d",
    "lp_pool2d",
    "lp_pool3d",
    "max_pool1d",
    "max_pool1d_with_indices",
    "max_pool2d",
    "max_pool2d_with_indices",
    "max_pool3d",
    "max_pool3d_with_indices",
    "max_unpool1d",
    "max_unpool2d",
    "max_unpool3d",
    "pad",
    "pixel_shuffle",
    "pixel_unshuffle",
    "unfold",
    "upsample",
    "upsample_bilinear",
    "upsample_nearest",
]  # fmt: skip
# Normalisation and dropout.
__all__ += [
    "alpha_dropout", "batch_norm", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout",
    "group_norm", "instance_norm", "layer_norm", "local_response_norm", "rms_norm",
]  # fmt: skip
# Attention.
__all__ += ["multi_head_attention_forward", "scaled_dot_product_attention"]
# Losses.
__all__ += [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cosine_embedding_loss",
    "cosine_similarity",
    "cross_entropy",
    "ctc_loss",
    "gaussian_nll_loss",
    "hinge_embedding_loss",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "linear_cross_entropy",
    "margin_ranking_loss",
    "mse_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "nll_loss",
    "normalize",
    "one_hot",
    "pairwise_distance",
    "pdist",
    "poisson_nll_loss",
    "smooth_l1_loss",
    "soft_margin_loss",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]  # fmt: skip


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """Pad the last axes; see :func:`pluggrad.pad`.

    Parameters
    ----------
    input : Tensor
    pad : sizes before and after of the last axis, then of the one before it, and so on; with mode 'constant' negative
        ones crop
    mode : 'constant', 'reflect', 'replicate' or 'circular'
    value : what 'constant' pads with, default 0

    >>> import pluggrad
    >>> pluggrad.nn.functional.pad(pluggrad.tensor([[1.0, 2.0]]), (1, 2))
    tensor([[0., 1., 2., 0., 0.]])
    """
    return _pad(input, tuple(pad), mode, value)
