"""The functions behind the modules, under PyTorch's names and signatures.

They are defined beside their derivatives, in :mod:`pluggrad.ops.neural`; those that draw random numbers are in
:mod:`pluggrad.nn.drawing`.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..ops.activations import sigmoid
from ..ops.neural.activations import elu, gelu, leaky_relu, logsigmoid, relu, silu, softplus
from ..ops.neural.avg_pool import avg_pool1d, avg_pool2d, avg_pool3d
from ..ops.neural.convolution import conv1d, conv2d, conv3d
from ..ops.neural.cross_entropy import cross_entropy, nll_loss
from ..ops.neural.embedding import embedding
from ..ops.neural.linear import linear
from ..ops.neural.losses import binary_cross_entropy, binary_cross_entropy_with_logits, l1_loss, mse_loss
from ..ops.neural.max_pool import max_pool1d, max_pool2d, max_pool3d
from ..ops.neural.normalization import batch_norm, layer_norm
from ..ops.neural.softmax import log_softmax, softmax, softmin
from ..ops.padding import pad as _pad
from ..ops.trigonometric import tanh
from ..tensor import Tensor
from .drawing import dropout

__all__ = ["embedding", "linear", "log_softmax", "softmax", "softmin"]
# Activations.
__all__ += ["elu", "gelu", "leaky_relu", "logsigmoid", "relu", "sigmoid", "silu", "softplus", "tanh"]
# Images.
__all__ += [
    "avg_pool1d", "avg_pool2d", "avg_pool3d", "conv1d", "conv2d", "conv3d", "max_pool1d", "max_pool2d", "max_pool3d",
    "pad",
]  # fmt: skip
# Normalisation and dropout.
__all__ += ["batch_norm", "dropout", "layer_norm"]
# Losses.
__all__ += [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "l1_loss", "mse_loss", "nll_loss",
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
