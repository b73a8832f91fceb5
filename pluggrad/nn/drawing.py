"""Functions that draw random numbers."""

from __future__ import annotations

from ..autograd.inplace import assign
from ..dtypes import bool_, float32
from ..ops.neural.dropout import _dropout
from ..random.draws import uniform
from ..tensor import Tensor, make

__all__ = ["dropout"]


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
