"""Pruning: parameters of which a mask sets a part to zero.

A pruned parameter is ``NAME_orig``, the mask the buffer ``NAME_mask``, and a hook computes ``NAME`` of them before each
forward. Pruning again composes; :func:`remove` makes it permanent.
"""

from __future__ import annotations

import numbers
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from ...ops.creation import ones_like, zeros_like
from ...random import rand, rand_like
from ...tensor import Tensor
from ..modules.module import Module
from .convert_parameters import parameters_to_vector

__all__ = [
    "BasePruningMethod", "CustomFromMask", "Identity", "L1Unstructured", "LnStructured", "PruningContainer",
    "RandomStructured", "RandomUnstructured", "custom_from_mask", "global_unstructured", "identity", "is_pruned",
    "l1_unstructured", "ln_structured", "random_structured", "random_unstructured", "remove",
]  # fmt: skip

M = TypeVar("M", bound=Module)
Amount = int | float


class BasePruningMethod(ABC):
    """A way to choose what is pruned. A subclass says its ``PRUNING_TYPE`` and defines :meth:`compute_mask`.

    Attributes
    ----------
    PRUNING_TYPE : "unstructured", single elements; "structured", slices along ``dim``; "global", any
    """

    PRUNING_TYPE: str
    _tensor_name: str

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self._tensor_name, self.apply_mask(module))

    @abstractmethod
    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask for importance scores ``t``: 0 for what is pruned, and where ``default_mask`` is 0."""

    def apply_mask(self, module: Module) -> Tensor:
        """The parameter as the module's mask leaves it."""
        orig, mask = (getattr(module, self._tensor_name + suffix) for suffix in ("_orig", "_mask"))
        return mask.to(orig.dtype) * orig

    @classmethod
    def apply(
        cls, module: Module, name: str, *args: Any, importance_scores: Tensor | None = None, **kwargs: Any
    ) -> BasePruningMethod:
        """Prune a parameter, after what pruned it before.

        Parameters
        ----------
        args, kwargs : of this class
        importance_scores : of the parameter's shape, what is chosen by; None: the parameter

        Returns
        -------
        BasePruningMethod : this one, or the container of all that prune the parameter
        """
        method = cls(*args, **kwargs)
        method._tensor_name = name
        parameter = getattr(module, name)
        scores = parameter if importance_scores is None else importance_scores
        if scores.shape != parameter.shape:
            raise AssertionError(
                f"importance_scores should have the same shape as parameter {name} of {module}, "
                f"got {scores.shape} vs {parameter.shape}"
            )
        earlier = _hook_of(module, name)
        if earlier is None:
            mask = method.compute_mask(scores.detach(), ones_like(parameter))
            module.register_parameter(name + "_orig", parameter)
            del module._parameters[name]
        else:
            key, hook = earlier
            container = hook if isinstance(hook, PruningContainer) else PruningContainer(hook)
            container.add_pruning_method(method)
            mask = container.compute_mask(scores.detach(), getattr(module, name + "_mask").clone())
            del module._forward_pre_hooks[key]
            method = container
        module.register_buffer(name + "_mask", mask)
        setattr(module, name, method.apply_mask(module))
        module.register_forward_pre_hook(method)
        return method

    def prune(
        self, t: Tensor, default_mask: Tensor | None = None, importance_scores: Tensor | None = None
    ) -> Tensor:  # fmt: skip
        """A tensor, no module's, with what this method chooses set to zero."""
        scores = t if importance_scores is None else importance_scores
        if scores.shape != t.shape:
            raise AssertionError(
                f"importance_scores should have the same shape as tensor t, got {scores.shape} vs {t.shape}"
            )
        return t * self.compute_mask(scores.detach(), ones_like(t) if default_mask is None else default_mask)

    def remove(self, module: Module) -> None:
        """Make the pruned parameter a plain one again, with the zeros it has; the hook stays."""
        name = self._tensor_name
        value = self.apply_mask(module)
        delattr(module, name)
        orig: Any = module._parameters.pop(name + "_orig")
        orig.data = value.detach()
        del module._buffers[name + "_mask"]
        setattr(module, name, orig)


def _hook_of(module: Module, name: str) -> tuple[int, BasePruningMethod] | None:
    """What prunes a parameter, and its key among the hooks."""
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, BasePruningMethod) and hook._tensor_name == name:
            return key, hook
    return None


class PruningContainer(BasePruningMethod):
    """Several methods that prune one parameter one after another."""

    def __init__(self, *args: BasePruningMethod) -> None:
        self._pruning_methods: tuple[BasePruningMethod, ...] = ()
        if args:
            self._tensor_name = args[0]._tensor_name
        for method in args:
            self.add_pruning_method(method)

    def add_pruning_method(self, method: BasePruningMethod) -> None:
        """Add one at the end.

        Raises
        ------
        TypeError : it is none
        ValueError : it prunes a parameter of another name
        """
        if not isinstance(method, BasePruningMethod):
            raise TypeError(f"{type(method)} is not a BasePruningMethod subclass")
        if method._tensor_name != self._tensor_name:
            raise ValueError(
                f"Can only add pruning methods acting on the parameter named '{self._tensor_name}' to "
                f"PruningContainer {self}. Found '{method._tensor_name}'"
            )
        self._pruning_methods += (method,)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Iterator[BasePruningMethod]:
        return iter(self._pruning_methods)

    def __getitem__(self, idx: int) -> BasePruningMethod:
        return self._pruning_methods[idx]

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """``default_mask``, in which the last method chooses among what is not yet pruned."""
        method: Any = self._pruning_methods[-1]
        left: Any
        if method.PRUNING_TYPE == "unstructured":
            left = default_mask == 1
        elif method.PRUNING_TYPE == "structured":
            if not hasattr(method, "dim"):
                raise AttributeError(
                    'Pruning methods of PRUNING_TYPE "structured" need to have the attribute `dim` defined.'
                )
            if method.dim < -t.ndim:
                raise IndexError(f"Index is out of bounds for tensor with dimensions {t.ndim}")
            dim = method.dim % t.ndim
            kept = default_mask.sum(dim=[d for d in range(t.ndim) if d != dim]) != 0
            left = (slice(None),) * dim + (kept,)
        elif method.PRUNING_TYPE == "global":
            left = ...
        else:
            raise ValueError(f"Unrecognized PRUNING_TYPE {method.PRUNING_TYPE}")
        mask = default_mask.to(t.dtype, copy=True)
        mask[left] = method.compute_mask(t[left], default_mask=default_mask[left]).to(mask.dtype)
        return mask


class Identity(BasePruningMethod):
    """Prunes nothing, but makes the parameter a pruned one."""

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        return default_mask


class _ByAmount(BasePruningMethod):
    """What is pruned is ``amount``: a number, or a part of all."""

    amount: Amount

    def __init__(self, amount: Amount) -> None:
        if not isinstance(amount, numbers.Real):
            raise TypeError(f"Invalid type for amount: {amount}. Must be int or float.")
        if amount < 0 or (amount > 1 and not isinstance(amount, numbers.Integral)):
            raise ValueError(f"amount={amount} should either be a float in the range [0, 1] or a non-negative integer")
        self.amount = amount

    def _count(self, size: int) -> int:
        """How many of ``size`` are pruned."""
        count = int(self.amount) if isinstance(self.amount, numbers.Integral) else round(self.amount * size)
        if count > size:
            raise ValueError(f"amount={count} should be smaller than the number of parameters to prune={size}")
        return count


class _Unstructured(_ByAmount):
    """Prunes the single elements that have the least scores."""

    PRUNING_TYPE = "unstructured"

    def _scores(self, t: Tensor) -> Tensor:
        raise NotImplementedError

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        count = self._count(t.numel())
        mask = default_mask.reshape(-1).clone()
        if count:
            mask[self._scores(t).reshape(-1).topk(count, largest=False).indices] = 0
        return mask.reshape(default_mask.shape)


class RandomUnstructured(_Unstructured):
    """Prunes ``amount`` elements that are drawn."""

    def _scores(self, t: Tensor) -> Tensor:
        return rand_like(t)


class L1Unstructured(_Unstructured):
    """Prunes the ``amount`` elements that are least in absolute value."""

    def _scores(self, t: Tensor) -> Tensor:
        return t.abs()


class _Structured(_ByAmount):
    """Prunes the slices along ``dim`` that have the least scores."""

    PRUNING_TYPE = "structured"

    def __init__(self, amount: Amount, dim: int = -1) -> None:
        super().__init__(amount)
        self.dim = dim

    def _scores(self, t: Tensor, dim: int) -> Tensor:
        raise NotImplementedError

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        if t.ndim <= 1:
            raise ValueError(
                "Structured pruning can only be applied to multidimensional tensors. "
                f"Found tensor of shape {t.shape} with {t.ndim} dims"
            )
        if not -t.ndim <= self.dim < t.ndim:
            raise IndexError(f"Invalid index {self.dim} for tensor of size {t.shape}")
        dim = self.dim % t.ndim
        size = t.shape[dim]
        count = self._count(size)
        if not count:
            return default_mask
        kept = self._scores(t, dim).topk(size - count).indices
        mask = zeros_like(t)
        mask[(slice(None),) * dim + (kept,)] = 1
        return mask * default_mask.to(mask.dtype)


class RandomStructured(_Structured):
    """Prunes ``amount`` slices along ``dim`` that are drawn."""

    def _scores(self, t: Tensor, dim: int) -> Tensor:
        return rand(t.shape[dim], device=t.device)


class LnStructured(_Structured):
    """Prunes the ``amount`` slices along ``dim`` that have the least norm of order ``n``."""

    def __init__(self, amount: Amount, n: Any, dim: int = -1) -> None:
        super().__init__(amount, dim)
        self.n = n

    def _scores(self, t: Tensor, dim: int) -> Tensor:
        return t.norm(p=self.n, dim=[d for d in range(t.ndim) if d != dim])


class CustomFromMask(BasePruningMethod):
    """Prunes what a given mask says."""

    PRUNING_TYPE = "global"

    def __init__(self, mask: Tensor) -> None:
        self.mask = mask

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        if default_mask.shape != self.mask.shape:
            raise AssertionError(
                f"default_mask shape {default_mask.shape} must match self.mask shape {self.mask.shape}"
            )
        return default_mask * self.mask.to(default_mask.dtype)


def identity(module: M, name: str) -> M:
    """Make a parameter a pruned one of which nothing is pruned; returns the module."""
    Identity.apply(module, name)
    return module


def random_unstructured(module: M, name: str, amount: Amount) -> M:
    """Prune elements of a parameter that are drawn; returns the module.

    Parameters
    ----------
    amount : a part from 0 to 1, or a number of elements
    """
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(module: M, name: str, amount: Amount, importance_scores: Tensor | None = None) -> M:
    """Prune the elements of a parameter that are least in absolute value; returns the module.

    Parameters
    ----------
    amount : a part from 0 to 1, or a number of elements
    importance_scores : what is compared instead of the parameter's elements

    Raises
    ------
    TypeError, ValueError : an amount that is no number, or more than there is
    AssertionError : scores of another shape

    >>> import pluggrad
    >>> from pluggrad.nn.utils import prune
    >>> layer = prune.l1_unstructured(pluggrad.nn.Linear(4, 2), "weight", amount=0.5)
    >>> int((layer.weight == 0).sum()), sorted(layer.state_dict())
    (4, ['bias', 'weight_mask', 'weight_orig'])
    """
    L1Unstructured.apply(module, name, amount, importance_scores=importance_scores)
    return module


def random_structured(module: M, name: str, amount: Amount, dim: int) -> M:
    """Prune slices of a parameter along a dimension that are drawn; returns the module.

    Parameters
    ----------
    amount : a part from 0 to 1, or a number of slices
    """
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(
    module: M, name: str, amount: Amount, n: Any, dim: int, importance_scores: Tensor | None = None
) -> M:  # fmt: skip
    """Prune the slices of a parameter along a dimension that have the least norm; returns the module.

    Parameters
    ----------
    amount : a part from 0 to 1, or a number of slices
    n : the order of the norm, as in :func:`pluggrad.norm`
    importance_scores : whose norms are taken instead of the parameter's
    """
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def global_unstructured(
    parameters: Iterable[tuple[Module, str]], pruning_method: Any,
    importance_scores: Mapping[tuple[Module, str], Tensor] | None = None, **kwargs: Any,
) -> None:  # fmt: skip
    """Prune elements of several parameters, chosen among all of them.

    Parameters
    ----------
    parameters : modules and names
    pruning_method : a class whose ``PRUNING_TYPE`` is "unstructured"
    importance_scores : for some of them, what is compared instead
    kwargs : of the class, such as ``amount``

    Raises
    ------
    TypeError : arguments of other types, or a method of another one

    >>> import pluggrad
    >>> from pluggrad.nn.utils import prune
    >>> net = pluggrad.nn.Sequential(pluggrad.nn.Linear(10, 4), pluggrad.nn.Linear(4, 1))
    >>> prune.global_unstructured([(net[0], "weight"), (net[1], "weight")], prune.L1Unstructured, amount=10)
    >>> int((net[0].weight == 0).sum() + (net[1].weight == 0).sum())
    10
    """
    if not isinstance(parameters, Iterable):
        raise TypeError("global_unstructured(): parameters is not an Iterable")
    if not isinstance(importance_scores, dict | None):
        raise TypeError("global_unstructured(): importance_scores must be of type dict")
    given: Sequence[tuple[Module, str]] = list(parameters)
    scores = importance_scores or {}
    values = [getattr(module, name) for module, name in given]
    masks = [getattr(m, n + "_mask", ones_like(value)) for (m, n), value in zip(given, values, strict=True)]
    method = pruning_method(**kwargs)
    if method.PRUNING_TYPE != "unstructured":
        raise TypeError(
            'Only "unstructured" PRUNING_TYPE supported for the `pruning_method`. '
            f"Found method {pruning_method} of type {method.PRUNING_TYPE}"
        )
    method._tensor_name = "all of them"
    by = [scores.get(key, value) for key, value in zip(given, values, strict=True)]
    mask = PruningContainer(method).compute_mask(
        parameters_to_vector(by).detach(), parameters_to_vector(masks)
    )  # fmt: skip
    start = 0
    for (module, name), value in zip(given, values, strict=True):
        custom_from_mask(module, name, mask[start : start + value.numel()].reshape(value.shape))
        start += value.numel()


def custom_from_mask(module: M, name: str, mask: Tensor) -> M:
    """Prune a parameter where a mask of its shape is 0; returns the module."""
    CustomFromMask.apply(module, name, mask)
    return module


def remove(module: M, name: str) -> M:
    """Make pruning permanent: a plain parameter again, with zeros; returns the module.

    Raises
    ------
    ValueError : it is not pruned
    """
    found = _hook_of(module, name)
    if found is None:
        raise ValueError(f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed")
    key, hook = found
    hook.remove(module)
    del module._forward_pre_hooks[key]
    return module


def is_pruned(module: Module) -> bool:
    """Whether a parameter of a module, or of one below it, is pruned.

    >>> import pluggrad
    >>> from pluggrad.nn.utils import prune
    >>> prune.is_pruned(pluggrad.nn.Linear(2, 2))
    False
    """
    return any(isinstance(h, BasePruningMethod) for m in module.modules() for h in m._forward_pre_hooks.values())
