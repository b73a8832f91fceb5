"""Weight normalisation by a hook: the older form of :func:`.parametrizations.weight_norm`."""

from __future__ import annotations

import warnings
from typing import Any, TypeVar

from ..modules.module import Module
from ..parameter import Parameter, UninitializedParameter
from .parametrizations import norm_except_dim, scaled_to_norm

__all__ = ["WeightNorm", "remove_weight_norm", "weight_norm"]

M = TypeVar("M", bound=Module)


class WeightNorm:
    """The hook: before each forward it computes a module's weight anew from ``NAME_g`` and ``NAME_v``.

    Parameters
    ----------
    name : of the parameter
    dim : see :func:`weight_norm`
    """

    def __init__(self, name: str, dim: int | None) -> None:
        self.name, self.dim = name, -1 if dim is None else dim

    def compute_weight(self, module: Module) -> Any:
        """The weight of the norms and the direction that the module has now."""
        return scaled_to_norm(getattr(module, self.name + "_v"), getattr(module, self.name + "_g"), self.dim)

    @staticmethod
    def apply(module: Module, name: str, dim: int | None) -> WeightNorm:
        """Replace the parameter by norms and direction, and register the hook."""
        warnings.warn(
            "`pluggrad.nn.utils.weight_norm` is deprecated in favor of "
            "`pluggrad.nn.utils.parametrizations.weight_norm`.",
            FutureWarning,
            stacklevel=3,
        )
        if any(isinstance(h, WeightNorm) and h.name == name for h in module._forward_pre_hooks.values()):
            raise RuntimeError(f"Cannot register two weight_norm hooks on the same parameter {name}")
        hook = WeightNorm(name, dim)
        weight = getattr(module, name)
        if isinstance(weight, UninitializedParameter):
            raise ValueError(
                "The module passed to `WeightNorm` can't have uninitialized parameters. "
                "Make sure to run the dummy forward before applying weight normalization"
            )
        del module._parameters[name]
        module.register_parameter(name + "_g", Parameter(norm_except_dim(weight.detach(), hook.dim)))
        module.register_parameter(name + "_v", Parameter(weight.detach()))
        setattr(module, name, hook.compute_weight(module))
        module.register_forward_pre_hook(hook)
        return hook

    def remove(self, module: Module) -> None:
        """Make the weight as it is now a plain parameter."""
        weight = self.compute_weight(module)
        delattr(module, self.name)
        del module._parameters[self.name + "_g"], module._parameters[self.name + "_v"]
        setattr(module, self.name, Parameter(weight.detach()))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Train a weight's norms ``NAME_g`` and direction ``NAME_v`` apart; deprecated in PyTorch, and so here.

    Use :func:`pluggrad.nn.utils.parametrizations.weight_norm`, which loads state dicts of this one too.

    Parameters
    ----------
    name : of the parameter
    dim : one norm for each index of this dimension; None: one for the whole tensor

    Returns
    -------
    Module : the same

    Raises
    ------
    RuntimeError : it has been applied to that parameter
    ValueError : a parameter of a lazy module that has no shape yet

    Warns
    -----
    FutureWarning : always
    """
    WeightNorm.apply(module, name, dim)
    return module


def remove_weight_norm(module: M, name: str = "weight") -> M:
    """Make a weight that :func:`weight_norm` computes a plain parameter again; returns the module.

    Raises
    ------
    ValueError : there is none
    """
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, WeightNorm) and hook.name == name:
            hook.remove(module)
            del module._forward_pre_hooks[key]
            return module
    raise ValueError(f"weight_norm of '{name}' not found in {module}")
