"""Bounds on gradients, between ``backward`` and the optimiser's step."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable

from ...autograd.mode import no_grad
from ...ops.creation import tensor
from ...ops.joining import stack
from ...tensor import Tensor

__all__ = ["clip_grad_norm", "clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm"]


def _gradients(parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    given = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    return [p.grad for p in given if p.grad is not None]


def get_total_norm(
    tensors: Tensor | Iterable[Tensor], norm_type: float = 2.0, error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:  # fmt: skip
    """The norm of all elements of the tensors, as of one long vector.

    Parameters
    ----------
    norm_type : the p of the norm; may be infinite
    error_if_nonfinite : raise if it is infinite or NaN
    foreach : accepted for PyTorch's sake

    Raises
    ------
    RuntimeError : see ``error_if_nonfinite``

    >>> import pluggrad
    >>> pluggrad.nn.utils.get_total_norm([pluggrad.tensor([3.0]), pluggrad.tensor([4.0])])
    tensor(5.)
    """
    given = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    if not given:
        return tensor(0.0)
    device = given[0].device
    norms = stack([t.norm(float(norm_type)).to(device) for t in given])
    total = norms.norm(float(norm_type))
    if error_if_nonfinite and not math.isfinite(total.item()):
        raise RuntimeError(
            f"The total norm of order {float(norm_type)} for gradients from `parameters` is non-finite, so it cannot "
            "be clipped. To disable this error and scale the gradients by the non-finite norm anyway, set "
            "`error_if_nonfinite=False`"
        )
    return total


@no_grad()
def clip_grads_with_norm_(
    parameters: Tensor | Iterable[Tensor], max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    """Scale the gradients, in place, by ``max_norm / total_norm`` if that is below 1."""
    factor = (float(max_norm) / (total_norm + 1e-6)).clamp(max=1.0)
    for grad in _gradients(parameters):
        grad.mul_(factor.to(grad.device, grad.dtype))


@no_grad()
def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor], max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:  # fmt: skip
    """Scale the gradients of the parameters, in place, so that their common norm is at most ``max_norm``.

    Returns
    -------
    Tensor, 0-D : the norm before

    Raises
    ------
    RuntimeError : the norm is not finite, with ``error_if_nonfinite``

    >>> import pluggrad
    >>> w = pluggrad.tensor([1.0, 1.0], requires_grad=True)
    >>> (w * pluggrad.tensor([3.0, 4.0])).sum().backward()
    >>> pluggrad.nn.utils.clip_grad_norm_([w], 1.0), w.grad
    (tensor(5.), tensor([0.6000, 0.8000]))
    """
    given = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    total = get_total_norm(_gradients(given), norm_type, error_if_nonfinite, foreach)
    clip_grads_with_norm_(given, max_norm, total, foreach)
    return total


@no_grad()
def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None) -> None:
    """Bring each element of the gradients, in place, into ``[-clip_value, clip_value]``."""
    clip_value = float(clip_value)
    for grad in _gradients(parameters):
        grad.clamp_(min=-clip_value, max=clip_value)


def clip_grad_norm(
    parameters: Tensor | Iterable[Tensor], max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:  # fmt: skip
    """The older name of :func:`clip_grad_norm_`, with a FutureWarning."""
    warnings.warn("nn.utils.clip_grad_norm is now nn.utils.clip_grad_norm_", FutureWarning, stacklevel=2)
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)
