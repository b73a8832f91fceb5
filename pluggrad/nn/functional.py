"""The functions behind the modules, under PyTorch's names and signatures.

They are defined beside their derivatives, in :mod:`pluggrad.ops.neural`; here are those that also draw random numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..autograd.inplace import assign
from ..dtypes import bool_, float32
from ..ops.activations import sigmoid
from ..ops.neural.activations import elu, gelu, leaky_relu, logsigmoid, relu, silu, softplus
from ..ops.neural.avg_pool import avg_pool1d, avg_pool2d, avg_pool3d
from ..ops.neural.convolution import conv1d, conv2d, conv3d
from ..ops.neural.cross_entropy import cross_entropy, nll_loss
from ..ops.neural.dropout import _dropout
from ..ops.neural.embedding import embedding
from ..ops.neural.linear import linear
from ..ops.neural.losses import binary_cross_entropy, binary_cross_entropy_with_logits, l1_loss, mse_loss
from ..ops.neural.max_pool import max_pool1d, max_pool2d, max_pool3d
from ..ops.neural.normalization import batch_norm, layer_norm
from ..ops.neural.softmax import log_softmax, softmax, softmin
from ..ops.padding import pad as _pad
from ..ops.trigonometric import tanh
from ..random.draws import uniform
from ..tensor import Tensor, make

__all__ = [
    "avg_pool1d", "avg_pool2d", "avg_pool3d", "batch_norm", "binary_cross_entropy", "binary_cross_entropy_with_logits",
    "conv1d", "conv2d", "conv3d", "cross_entropy", "dropout", "elu", "embedding", "gelu", "l1_loss", "layer_norm",
    "leaky_relu", "linear", "log_softmax", "logsigmoid", "max_pool1d", "max_pool2d", "max_pool3d", "mse_loss",
    "nll_loss", "pad", "relu", "sigmoid", "silu", "softmax", "softmin", "softplus", "tanh",
]  # fmt: skip


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set each element to 0 with probability ``p`` and scale the others by ``1 / (1 - p)``.

    Parameters
    ----------
    input : Tensor, floating
    p : probability in [0, 1]
    training : False: give ``input`` as it is
    inplace : write the result into ``input``

    Returns
    -------
    Tensor, same shape

    Raises
    ------
    ValueError : ``p`` outside of [0, 1]

    >>> import pluggrad
    >>> pluggrad.nn.functional.dropout(pluggrad.ones(3), p=1.0)
    tensor([0., 0., 0.])
    """
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0.0:
        return input
    drawn = uniform(tuple(input._array.shape), input._type.with_dtype(float32))
    mask = make(drawn >= p, input._type.with_dtype(bool_))
    out = _dropout(input, mask, scale=0.0 if p == 1.0 else 1.0 / (1.0 - p))
    return assign(input, out) if inplace else out


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
