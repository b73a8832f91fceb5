"""Spectral normalisation by a hook: the older form of :func:`.parametrizations.spectral_norm`."""

from __future__ import annotations

from typing import Any, TypeVar

from ...autograd.mode import no_grad
from ...tensor import Tensor
from .. import functional as F
from ..modules.module import Module
from ..parameter import Parameter, UninitializedParameter
from .parametrizations import as_matrix, output_dim, random_unit

__all__ = ["SpectralNorm", "remove_spectral_norm", "spectral_norm"]

M = TypeVar("M", bound=Module)


class SpectralNorm:
    """The hook: before each forward it computes a module's weight anew from ``NAME_orig``.

    Parameters
    ----------
    See :func:`spectral_norm`.

    Raises
    ------
    ValueError : no power iteration
    """

    def __init__(self, name: str = "weight", n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.name, self.n_power_iterations, self.dim, self.eps = name, n_power_iterations, dim, eps

    def compute_weight(self, module: Module, do_power_iteration: bool) -> Tensor:
        """The weight divided by its greatest singular value, of which a step of the power method may come first."""
        weight, u, v = (getattr(module, self.name + suffix) for suffix in ("_orig", "_u", "_v"))
        matrix = as_matrix(weight, self.dim)
        if do_power_iteration:
            with no_grad():
                for _ in range(self.n_power_iterations):
                    v.copy_(F.normalize(matrix.T.mv(u), dim=0, eps=self.eps))
                    u.copy_(F.normalize(matrix.mv(v), dim=0, eps=self.eps))
            # Copies: the next forward overwrites u and v, and this one's gradient is still to come.
            u, v = u.clone(), v.clone()
        return weight / u.dot(matrix.mv(v))

    @staticmethod
    def apply(module: Module, name: str, n_power_iterations: int, dim: int, eps: float) -> SpectralNorm:
        """Replace the parameter by what it is computed from, and register the hook."""
        if any(isinstance(h, SpectralNorm) and h.name == name for h in module._forward_pre_hooks.values()):
            raise RuntimeError(f"Cannot register two spectral_norm hooks on the same parameter {name}")
        hook = SpectralNorm(name, n_power_iterations, dim, eps)
        weight = module._parameters[name]
        if weight is None:
            raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
        if isinstance(weight, UninitializedParameter):
            raise ValueError(
                "The module passed to `SpectralNorm` can't have uninitialized parameters. "
                "Make sure to run the dummy forward before applying spectral normalization"
            )
        matrix = as_matrix(weight.detach(), dim)
        delattr(module, name)
        module.register_parameter(name + "_orig", weight)
        setattr(module, name, weight.detach())  # something must stand there, though no parameter
        module.register_buffer(name + "_u", random_unit(matrix, matrix.shape[0], eps))
        module.register_buffer(name + "_v", random_unit(matrix, matrix.shape[1], eps))
        module.register_forward_pre_hook(hook)
        return hook

    def remove(self, module: Module) -> None:
        """Make the weight as it is now a plain parameter."""
        with no_grad():
            weight = self.compute_weight(module, do_power_iteration=False)
        for suffix in ("", "_u", "_v", "_orig"):
            delattr(module, self.name + suffix)
        module.register_parameter(self.name, Parameter(weight.detach()))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module, do_power_iteration=module.training))


def spectral_norm(
    module: M, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> M:
    """Divide a weight, before each forward, by its greatest singular value: kept for older programs and state dicts.

    New ones use :func:`pluggrad.nn.utils.parametrizations.spectral_norm`. State dicts have ``NAME_orig``, ``NAME_u``
    and ``NAME_v``.

    Parameters
    ----------
    name : of the parameter
    n_power_iterations : steps of the power method for each forward in training mode
    eps : the least that is divided by
    dim : of the outputs; None: 1 for transposed convolutions, else 0

    Returns
    -------
    Module : the same

    Raises
    ------
    RuntimeError : it has been applied to that parameter
    ValueError : no power iteration; a parameter that is None or has no shape yet

    >>> import pluggrad
    >>> layer = pluggrad.nn.utils.spectral_norm(pluggrad.nn.Linear(3, 2))
    >>> list(layer.state_dict())
    ['bias', 'weight_orig', 'weight_u', 'weight_v']
    """
    SpectralNorm.apply(module, name, n_power_iterations, output_dim(module) if dim is None else dim, eps)
    return module


def remove_spectral_norm(module: M, name: str = "weight") -> M:
    """Make a weight that :func:`spectral_norm` computes a plain parameter again; returns the module.

    Raises
    ------
    ValueError : there is none
    """
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, SpectralNorm) and hook.name == name:
            hook.remove(module)
            del module._forward_pre_hooks[key]
            return module
    raise ValueError(f"spectral_norm of '{name}' not found in {module}")
