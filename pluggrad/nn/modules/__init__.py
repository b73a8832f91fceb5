"""The modules, in files named as PyTorch's."""

from typing import TYPE_CHECKING

from . import (
    activation,
    adaptive,
    attention,
    batchnorm,
    bilinear,
    container,
    conv,
    ctc,
    dropout,
    embedding_loss,
    flatten,
    fold,
    lazy,
    lazy_layers,
    linear,
    linear_cross_entropy,
    loss,
    module,
    normalization,
    padding,
    parameter_containers,
    piecewise,
    pooling,
    pooling_sizes,
    rnn,
    rnn_cell,
    shuffling,
    sparse,
    transformer,
    upsampling,
)
from .activation import *  # noqa: F403
from .adaptive import *  # noqa: F403
from .attention import *  # noqa: F403
from .batchnorm import *  # noqa: F403
from .bilinear import *  # noqa: F403
from .container import *  # noqa: F403
from .conv import *  # noqa: F403
from .ctc import *  # noqa: F403
from .dropout import *  # noqa: F403
from .embedding_loss import *  # noqa: F403
from .flatten import *  # noqa: F403
from .fold import *  # noqa: F403
from .lazy import *  # noqa: F403
from .lazy_layers import *  # noqa: F403
from .linear import *  # noqa: F403
from .linear_cross_entropy import *  # noqa: F403
from .loss import *  # noqa: F403
from .module import *  # noqa: F403
from .normalization import *  # noqa: F403
from .padding import *  # noqa: F403
from .parameter_containers import *  # noqa: F403
from .piecewise import *  # noqa: F403
from .pooling import *  # noqa: F403
from .pooling_sizes import *  # noqa: F403
from .rnn import *  # noqa: F403
from .rnn_cell import *  # noqa: F403
from .shuffling import *  # noqa: F403
from .sparse import *  # noqa: F403
from .transformer import *  # noqa: F403
from .upsampling import *  # noqa: F403

_FAMILIES = (
    activation,
    adaptive,
    attention,
    batchnorm,
    bilinear,
    container,
    conv,
    ctc,
    dropout,
    embedding_loss,
    flatten,
    fold,
    lazy,
    lazy_layers,
    linear,
    linear_cross_entropy,
    loss,
    module,
    normalization,
    padding,
    parameter_containers,
    piecewise,
    pooling,
    pooling_sizes,
    rnn,
    rnn_cell,
    shuffling,
    sparse,
    transformer,
    upsampling,
)

if not TYPE_CHECKING:  # what the lines above bring is public for type checkers as it is
    __all__ = [name for family in _FAMILIES for name in family.__all__]
