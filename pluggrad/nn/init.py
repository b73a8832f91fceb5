"""Initial values of parameters, written in place and off the record.

The bounds are those of Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
networks", 2010 (xavier) and He et al., "Delving deep into rectifiers", 2015 (kaiming).
"""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable
from typing import Any

from ..autograd.mode import no_grad
from ..ops import creation
from ..ops.creation import zeros
from ..ops.decompositions import qr
from ..random import Generator, randperm
from ..tensor import Tensor

__all__ = [
    "calculate_gain",
    "constant_",
    "dirac_",
    "eye_",
    "kaiming_normal_",
    "kaiming_uniform_",
    "normal_",
    "ones_",
    "orthogonal_",
    "sparse_",
    "trunc_normal_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]
#: PyTorch's deprecated names.
__all__ += [
    "constant", "dirac", "eye", "kaiming_normal", "kaiming_uniform", "normal", "orthogonal", "sparse", "uniform",
    "xavier_normal", "xavier_uniform",
]  # fmt: skip

_LINEAR = (
    "linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "sigmoid",
)  # fmt: skip


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which the weights before a nonlinearity are scaled.

    Parameters
    ----------
    nonlinearity : 'linear', 'conv2d' and the like, 'sigmoid', 'tanh', 'relu', 'leaky_relu' or 'selu'
    param : the negative slope of 'leaky_relu', default 0.01

    Raises
    ------
    ValueError : another nonlinearity

    >>> calculate_gain("tanh")
    1.6666666666666667
    """
    if nonlinearity in _LINEAR:
        return 1
    if nonlinearity == "tanh":
        return 5.0 / 3
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "leaky_relu":
        if param is not None and (isinstance(param, bool) or not isinstance(param, int | float)):
            raise ValueError(f"negative_slope {param} not a valid number")
        slope = 0.01 if param is None else param
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity == "selu":
        return 3.0 / 4
    raise ValueError(f"Unsupported nonlinearity {nonlinearity}")


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with numbers drawn evenly from [a, b); returns the tensor."""
    with no_grad():
        return tensor.uniform_(a, b, generator=generator)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with normally distributed numbers; returns the tensor."""
    with no_grad():
        return tensor.normal_(mean, std, generator=generator)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with one value; returns the tensor.

    >>> import pluggrad
    >>> pluggrad.nn.init.constant_(pluggrad.empty(2), 0.5)
    tensor([0.5000, 0.5000])
    """
    with no_grad():
        return tensor.fill_(val)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with 1; returns the tensor."""
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with 0; returns the tensor."""
    return constant_(tensor, 0.0)


def fans(tensor: Tensor) -> tuple[int, int]:
    """How many inputs each output of a weight has, and how many outputs each input.

    Raises
    ------
    ValueError : fewer than 2 axes
    """
    shape = tensor._array.shape
    if len(shape) < 2:
        raise ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def fan_of(tensor: Tensor, mode: str) -> int:
    """The number of inputs, for ``mode`` 'fan_in', or of outputs, for 'fan_out'.

    Raises
    ------
    ValueError : another mode, fewer than 2 axes
    """
    if mode.lower() not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    return fans(tensor)[mode.lower() == "fan_out"]


# Layers that people write for PyTorch call them by these names.
_calculate_fan_in_and_fan_out, _calculate_correct_fan = fans, fan_of


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill evenly from [-a, a), a = gain·√(6 / (inputs + outputs)); returns the tensor."""
    bound = gain * math.sqrt(6.0 / sum(fans(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill normally with standard deviation gain·√(2 / (inputs + outputs)); returns the tensor."""
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / sum(fans(tensor))), generator)


def _kaiming_deviation(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    return calculate_gain(nonlinearity, a) / math.sqrt(fan_of(tensor, mode))


def _is_empty(tensor: Tensor) -> bool:
    if 0 not in tensor._array.shape:
        return False
    warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
    return True


def kaiming_uniform_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Fill evenly from [-b, b), b = gain·√(3 / fan); returns the tensor.

    Parameters
    ----------
    a : the negative slope, for 'leaky_relu'
    mode : 'fan_in' (keeps the variance forward) or 'fan_out' (backward)
    nonlinearity : see :func:`calculate_gain`
    """
    if _is_empty(tensor):
        return tensor
    bound = math.sqrt(3.0) * _kaiming_deviation(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Fill normally with standard deviation gain / √fan; arguments as of :func:`kaiming_uniform_`."""
    if _is_empty(tensor):
        return tensor
    return normal_(tensor, 0.0, _kaiming_deviation(tensor, a, mode, nonlinearity), generator)


def trunc_normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Fill with normally distributed numbers of which those outside of [a, b] are drawn again; returns the tensor.

    By inversion of the normal distribution between the bounds.
    """
    low, high = (math.erf((bound - mean) / (std * math.sqrt(2.0))) for bound in (a, b))
    with no_grad():
        drawn = tensor.detach().uniform_(low, high, generator=generator).erfinv() * (std * math.sqrt(2.0)) + mean
        return tensor.copy_(drawn.clamp(min=a, max=b))


def eye_(tensor: Tensor) -> Tensor:
    """Fill a matrix with the identity; returns the tensor.

    Raises
    ------
    ValueError : no matrix
    """
    if tensor._array.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    with no_grad():
        return tensor.copy_(creation.eye(*tensor._array.shape, dtype=tensor.dtype, device=tensor.device))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Fill the weight of a convolution so that it passes its channels on, as many as there are; returns the tensor.

    Raises
    ------
    ValueError : another number of axes than 3, 4 or 5; groups that do not divide the output channels
    """
    shape = tensor._array.shape
    if len(shape) not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    if shape[0] % groups:
        raise ValueError("dim 0 must be divisible by groups")
    middle = tuple(n // 2 for n in shape[2:])
    each = shape[0] // groups
    with no_grad():
        tensor.zero_()
        for group in range(groups):
            for i in range(min(each, shape[1])):
                tensor[(group * each + i, i, *middle)] = 1
    return tensor


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """Fill with a matrix whose rows, or columns, are orthogonal, times ``gain``; returns the tensor.

    Axes behind the first are taken for one (Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics
    of learning in deep linear neural networks", 2013).

    Raises
    ------
    ValueError : fewer than 2 axes
    """
    shape = tensor._array.shape
    if len(shape) < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if not tensor.size:
        return tensor
    rows, columns = shape[0], math.prod(shape[1:])
    with no_grad():
        flat = zeros(rows, columns, dtype=tensor.dtype, device=tensor.device).normal_(0, 1, generator=generator)
        q, r = qr(flat.mT if rows < columns else flat)
        # The signs of the diagonal of r make the distribution even over all such matrices.
        q = q * r.diagonal().sign()
        return tensor.copy_((q.mT if rows < columns else q).reshape(*shape) * gain)


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None) -> Tensor:
    """Fill a matrix normally, but a fraction ``sparsity`` of each column with 0; returns the tensor.

    Raises
    ------
    ValueError : no matrix
    """
    if tensor._array.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    rows, columns = tensor._array.shape
    count = math.ceil(sparsity * rows)
    with no_grad():
        tensor.normal_(0, std, generator=generator)
        for column in range(columns):
            tensor[randperm(rows, generator=generator)[:count], column] = 0
    return tensor


# -- without the underscore ------------------------------------------------------------------------------------


def _deprecated(new: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """PyTorch's name of before it had the underscore, which programs still use; it warns, as PyTorch does."""
    name = new.__name__.removesuffix("_")

    @functools.wraps(new)
    def call(*args: Any, **kwargs: Any) -> Tensor:
        warnings.warn(f"`nn.init.{name}` is now deprecated in favor of `nn.init.{name}_`.", FutureWarning, stacklevel=2)
        return new(*args, **kwargs)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"Deprecated name of :func:`{name}_`, with a warning."
    return call


constant = _deprecated(constant_)
dirac = _deprecated(dirac_)
eye = _deprecated(eye_)
kaiming_normal = _deprecated(kaiming_normal_)
kaiming_uniform = _deprecated(kaiming_uniform_)
normal = _deprecated(normal_)
orthogonal = _deprecated(orthogonal_)
sparse = _deprecated(sparse_)
uniform = _deprecated(uniform_)
xavier_normal = _deprecated(xavier_normal_)
xavier_uniform = _deprecated(xavier_uniform_)
