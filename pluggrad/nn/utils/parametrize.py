"""Parameters that are computed from others: each time ``module.weight`` is read, modules compute it.

The module gets a class of its own, a subclass that has a property in place of the parameter, and a submodule
``parametrizations`` that keeps, for each name, what is trained and the modules that compute.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, TypeVar

from ...autograd.mode import no_grad
from ...tensor import Tensor
from ..modules.container import ModuleDict, ModuleList
from ..modules.module import Module
from ..parameter import Parameter

__all__ = [
    "ParametrizationList", "cached", "is_parametrized", "register_parametrization", "remove_parametrizations",
    "transfer_parametrizations_and_params", "type_before_parametrizations",
]  # fmt: skip

M = TypeVar("M", bound=Module)

#: What was computed inside ``cached()``, by the module's id and the name; None outside of it.
_computed: ContextVar[dict[tuple[int, str], Tensor] | None] = ContextVar("computed", default=None)


@contextmanager
def cached() -> Iterator[None]:
    """Inside this context each parametrized tensor is computed once, when it is first read, and then kept.

    For weights that are used several times in a forward pass, such as those of recurrent networks.

    >>> import pluggrad
    >>> from pluggrad import nn
    >>> from pluggrad.nn.utils import parametrizations, parametrize
    >>> layer = parametrizations.weight_norm(nn.Linear(2, 2))
    >>> with parametrize.cached():
    ...     layer.weight is layer.weight
    True
    """
    token = _computed.set({}) if _computed.get() is None else None
    try:
        yield
    finally:
        if token is not None:
            _computed.reset(token)


class ParametrizationList(ModuleList):
    """The modules that compute one tensor, and what they compute it from.

    ``register_parametrization`` makes it; it stands at ``module.parametrizations[name]``.

    Parameters
    ----------
    modules : applied in this order
    original : the tensor as it was. It goes through each module's ``right_inverse``, from the last to the first, if
        there is one. If a tensor results, it is ``original``; if a sequence, they are ``original0``, ``original1`` ...
    unsafe : do not check that dtype and shape stay the same

    Raises
    ------
    ValueError : no modules; a ``right_inverse`` or ``forward`` that returns what it may not
    """

    original: Tensor
    unsafe: bool

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        if len(modules) == 0:
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        shape, dtype = original.shape, original.dtype
        new: Any = original
        with no_grad():
            for module in reversed(list(self)):
                if hasattr(module, "right_inverse"):
                    with suppress(NotImplementedError):  # its way of saying that there is none
                        new = module.right_inverse(new)
        if not isinstance(new, Tensor | Sequence):
            raise ValueError(
                "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). "
                f"Got {type(new).__name__}"
            )
        self.is_tensor = isinstance(new, Tensor)
        self.ntensors = 1 if self.is_tensor else len(new)
        if self.is_tensor:
            for what in ("dtype", "device"):
                if getattr(original, what) != getattr(new, what):
                    raise ValueError(
                        f"When `right_inverse` outputs one tensor, it may not change the {what}.\n"
                        f"original.{what}: {getattr(original, what)}\n"
                        f"right_inverse(original).{what}: {getattr(new, what)}"
                    )
            original.set_(new)
            _register(self, "original", original)
        else:
            for i, tensor in enumerate(new):
                if not isinstance(tensor, Tensor):
                    raise ValueError(
                        "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). "
                        f"Got element {i} of the sequence with type {type(tensor).__name__}."
                    )
                if isinstance(original, Parameter):
                    tensor = Parameter(tensor, original.requires_grad)
                _register(self, f"original{i}", tensor.requires_grad_(original.requires_grad))
        if not unsafe:
            result = self()
            if not isinstance(result, Tensor):
                raise ValueError(f"A parametrization must return a tensor. Got {type(result).__name__}.")
            for what, before in (("dtype", dtype), ("shape", shape)):
                if getattr(result, what) != before:
                    raise ValueError(
                        f"Registering a parametrization may not change the {what} of the tensor, unless `unsafe` flag "
                        f"is enabled.\nunparametrized {what}: {before}\n"
                        f"parametrized {what}: {getattr(result, what)}"
                    )

    def right_inverse(self, value: Any) -> None:
        """Set what the tensor is computed from so that it becomes ``value``: what ``module.weight = value`` does.

        Raises
        ------
        RuntimeError : a module that has no ``right_inverse``
        ValueError : one that returns other dtypes, or another number of tensors, than at first
        """
        with no_grad():
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise RuntimeError(f"parametrization {type(module).__name__} does not implement right_inverse.")
                value = module.right_inverse(value)
        if self.is_tensor:
            if not isinstance(value, Tensor):
                raise ValueError(f"`right_inverse` should return a tensor. Got {type(value).__name__}")
            if value.dtype != self.original.dtype:
                raise ValueError(
                    f"The tensor returned by `right_inverse` has dtype {value.dtype} "
                    f"while `original` has dtype {self.original.dtype}"
                )
            self.original.set_(value)
            return
        if not isinstance(value, Sequence):
            raise ValueError(f"'right_inverse' must return a sequence of tensors. Got {type(value).__name__}.")
        if len(value) != self.ntensors:
            raise ValueError(
                f"'right_inverse' must return a sequence of tensors of length {self.ntensors}. "
                f"Got a sequence of length {len(value)}."
            )
        for i, (tensor, original) in enumerate(zip(value, self._originals(), strict=True)):
            if not isinstance(tensor, Tensor):
                raise ValueError(
                    f"'right_inverse' must return a sequence of tensors. Got element {i} of type "
                    f"{type(tensor).__name__}."
                )
            if original.dtype != tensor.dtype:
                raise ValueError(
                    f"Tensor {i} returned by `right_inverse` has dtype {tensor.dtype} "
                    f"while `original{i}` has dtype {original.dtype}"
                )
            original.set_(tensor)

    def _originals(self) -> list[Tensor]:
        if self.is_tensor:
            return [self.original]
        return [getattr(self, f"original{i}") for i in range(self.ntensors)]

    def forward(self) -> Tensor:
        first, *rest = self
        x: Tensor = first(*self._originals())
        for module in rest:
            x = module(x)
        return x


def _register(module: Module, name: str, tensor: Tensor) -> None:
    if isinstance(tensor, Parameter):
        module.register_parameter(name, tensor)
    else:
        module.register_buffer(name, tensor)


def _copy_deeply(self: Any, memo: dict[int, Any]) -> Any:
    """``__deepcopy__`` of modules with a class of their own: the default goes by pickling, which they refuse."""
    replica = memo[id(self)] = object.__new__(type(self))
    replica.__dict__.update(copy.deepcopy(self.__dict__, memo))
    return replica


def _refuse_pickling(self: Module) -> Any:
    raise RuntimeError(
        "Serialization of parametrized modules is only supported through state_dict(): their class exists in this "
        "process alone"
    )


def _give_own_class(module: Module) -> None:
    cls = type(module)
    members: dict[str, Any] = {"__getstate__": _refuse_pickling}
    if not hasattr(cls, "__deepcopy__"):
        members["__deepcopy__"] = _copy_deeply
    module.__class__ = type(f"Parametrized{cls.__name__}", (cls,), members)


def _computed_property(name: str) -> property:
    def get(self: Any) -> Tensor:
        parametrization = self.parametrizations[name]
        known = _computed.get()
        if known is None:
            return parametrization()
        key = (id(self), name)
        if key not in known:
            known[key] = parametrization()
        return known[key]

    def set_(self: Any, value: Tensor) -> None:
        self.parametrizations[name].right_inverse(value)
        known = _computed.get()
        if known is not None:
            known.pop((id(self), name), None)

    return property(get, set_)


def register_parametrization(module: M, tensor_name: str, parametrization: Module, *, unsafe: bool = False) -> M:
    """Compute a parameter or buffer of a module by another module, from what the parameter was.

    From then on ``module.weight`` is ``parametrization(module.parametrizations.weight.original)``, and what is trained
    is ``original``. Registering again composes. If the parametrization has a method ``right_inverse``, it gives the
    first ``original``, or several (``original0`` ...), and ``module.weight = value`` works.

    Parameters
    ----------
    tensor_name : of the parameter or buffer
    parametrization : module whose ``forward`` takes the originals
    unsafe : do not check that dtype and shape stay the same

    Returns
    -------
    Module : the same

    Raises
    ------
    ValueError : no tensor of that name; a parametrization that changes dtype or shape

    >>> import pluggrad
    >>> from pluggrad import nn
    >>> from pluggrad.nn.utils.parametrize import register_parametrization
    >>> class Symmetric(nn.Module):
    ...     def forward(self, x):
    ...         return x.triu() + x.triu(1).T
    >>> layer = register_parametrization(nn.Linear(3, 3), "weight", Symmetric())
    >>> (layer.weight == layer.weight.T).all().item(), list(layer.state_dict())
    (True, ['bias', 'parametrizations.weight.original'])
    """
    owner: Any = module
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        if not unsafe:
            _check_composition(getattr(module, tensor_name), parametrization, tensor_name)
        chain = owner.parametrizations[tensor_name]
        chain.append(parametrization)
        chain.unsafe |= unsafe
    elif tensor_name in module._buffers or tensor_name in module._parameters:
        chain = ParametrizationList([parametrization], getattr(module, tensor_name), unsafe=unsafe)
        delattr(module, tensor_name)
        if not is_parametrized(module):
            _give_own_class(module)
            owner.parametrizations = ModuleDict()
        setattr(type(module), tensor_name, _computed_property(tensor_name))
        owner.parametrizations[tensor_name] = chain
    else:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element with name "
            f"'{tensor_name}'"
        )
    return module


def _check_composition(value: Tensor, parametrization: Any, name: str) -> None:
    """That one more parametrization of a tensor keeps its dtype and shape, and so its ``right_inverse``."""
    result = parametrization(value)
    if not isinstance(result, Tensor):
        raise ValueError(f"A parametrization must return a tensor. Got {type(result).__name__}.")
    for what in ("dtype", "shape"):
        if getattr(result, what) != getattr(value, what):
            raise ValueError(
                f"Registering a parametrization may not change the {what} of the tensor, unless the `unsafe` flag is "
                f"enabled.\nmodule.{name}.{what}: {getattr(value, what)}\n"
                f"parametrization(module.{name}).{what}: {getattr(result, what)}"
            )
    if not hasattr(parametrization, "right_inverse"):
        return
    try:
        inverse = parametrization.right_inverse(result)
    except NotImplementedError:  # its way of saying that there is none
        return
    if not isinstance(inverse, Tensor):
        raise ValueError(f"parametrization.right_inverse must return a tensor. Got: {type(inverse).__name__}")
    for what in ("dtype", "shape"):
        if getattr(inverse, what) != getattr(value, what):
            raise ValueError(
                f"The tensor returned by parametrization.right_inverse must have the same {what} as module.{name}, "
                f"unless the `unsafe` flag is enabled.\nmodule.{name}.{what}: {getattr(value, what)}\n"
                f"returned {what}: {getattr(inverse, what)}"
            )


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether a module has a parametrization: of the tensor of that name, or any."""
    parametrizations = getattr(module, "parametrizations", None)
    if not isinstance(parametrizations, ModuleDict):
        return False
    return len(parametrizations) > 0 if tensor_name is None else tensor_name in parametrizations


def remove_parametrizations(module: M, tensor_name: str, leave_parametrized: bool = True) -> M:
    """Make a parametrized tensor a plain parameter or buffer again.

    Parameters
    ----------
    leave_parametrized : it keeps the value that is computed now; otherwise it is ``original``

    Returns
    -------
    Module : the same

    Raises
    ------
    ValueError : it is not parametrized; or is so by several tensors, of which none could be left
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    owner: Any = module
    chain = owner.parametrizations[tensor_name]
    if chain.is_tensor:
        tensor = chain.original
        if leave_parametrized:
            with no_grad():
                tensor.set_(getattr(module, tensor_name))
    elif leave_parametrized:
        value = getattr(module, tensor_name)
        tensor = Parameter(value) if value.requires_grad else value
    else:
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a "
            "sequence of tensors."
        )
    delattr(type(module), tensor_name)
    del owner.parametrizations[tensor_name]
    _register(module, tensor_name, tensor)
    if not is_parametrized(module):
        del owner.parametrizations
        module.__class__ = type(module).__bases__[0]
    return module


def type_before_parametrizations(module: Module) -> type:
    """The class that a module had before its first parametrization."""
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def transfer_parametrizations_and_params(from_module: Module, to_module: M, tensor_name: str | None = None) -> M:
    """Give a module the parametrizations of another, and what they compute from; both then share them.

    Parameters
    ----------
    tensor_name : of this tensor alone; None: of all

    Returns
    -------
    Module : ``to_module``
    """
    if not is_parametrized(from_module):
        return to_module
    chains: Any = from_module.parametrizations
    for name in list(chains) if tensor_name is None else [tensor_name]:
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(getattr(from_module, name)))
        for parametrization in chains[name]:
            register_parametrization(to_module, name, parametrization)
        mine: Any = to_module.parametrizations[name]
        originals = ["original"] if chains[name].is_tensor else [f"original{i}" for i in range(chains[name].ntensors)]
        for original in originals:
            setattr(mine, original, getattr(chains[name], original))
    return to_module
