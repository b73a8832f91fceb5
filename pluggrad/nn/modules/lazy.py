"""Modules that find sizes of their parameters by the first input."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from ...autograd.hooks import RemovableHandle
from ...autograd.mode import no_grad
from ..parameter import is_lazy
from .module import Module

__all__: list[str] = []

# At run time the mixin stands before the class that it extends, and is no Module by itself, as in PyTorch.
if TYPE_CHECKING:
    _Base = Module
else:
    _Base = object


class LazyModuleMixin(_Base):
    """Put before a Module in the bases of a class: its parameters get their shapes when it is first called.

    Such a class assigns :class:`pluggrad.nn.UninitializedParameter` in ``__init__``, and defines
    ``initialize_parameters``, which is called with the arguments of the first call and materialises them. After that
    the object becomes one of the class ``cls_to_become``. Optimisers are made afterwards, of parameters with values.

    Loading a state dict gives shapes, too. A state dict of a module without shapes can be loaded only into such.

    >>> import pluggrad
    >>> from pluggrad import nn
    >>> net = nn.Sequential(nn.LazyLinear(8), nn.ReLU(), nn.LazyLinear(2))
    >>> net(pluggrad.zeros(3, 4)).shape
    pluggrad.Size([3, 2])
    >>> net[0]
    Linear(in_features=4, out_features=8, bias=True)
    """

    #: The class that an object becomes when its parameters have values; None: it keeps its own.
    cls_to_become: type[Any] | None = None

    _load_hook: RemovableHandle
    _initialize_hook: RemovableHandle

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._load_hook = self.register_load_state_dict_pre_hook(self._lazy_load_hook)
        self._initialize_hook = self.register_forward_pre_hook(self._infer_parameters, with_kwargs=True)

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Materialise the parameters, and draw them, for an input such as this; every subclass defines it.

        Raises
        ------
        NotImplementedError : it does not
        """
        raise NotImplementedError(f"initialize_parameters is not implemented for {type(self).__name__}")

    def has_uninitialized_params(self) -> bool:
        """Whether a parameter or buffer of this module, not of its submodules, has no shape yet."""
        return any(map(is_lazy, itertools.chain(self._parameters.values(), self._buffers.values())))

    def _lazy_load_hook(self, module: Any, state_dict: Any, prefix: str, *_: Any) -> None:
        """Give the parameters the shapes of those that are loaded."""
        for name, own in itertools.chain(self._parameters.items(), self._buffers.items()):
            given = state_dict.get(prefix + name)
            if is_lazy(own) and given is not None and not is_lazy(given):
                with no_grad():
                    own.materialize(tuple(given.shape))  # type: ignore[union-attr]

    def _infer_parameters(self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        module.initialize_parameters(*args, **kwargs)
        if module.has_uninitialized_params():
            raise RuntimeError(f"module {self._get_name()} has not been fully initialized")
        for name in ("_initialize_hook", "_load_hook"):
            getattr(module, name).remove()
            delattr(module, name)
        if module.cls_to_become is not None:
            module.__class__ = module.cls_to_become
