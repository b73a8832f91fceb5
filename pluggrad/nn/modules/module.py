"""Module: the base of all layers and models."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, Self

from ...tensor import Tensor
from ..parameter import Buffer, Parameter
from .conversion import Conversion
from .hooks import (
    HookedCall,
    register_module_buffer_registration_hook,
    register_module_forward_hook,
    register_module_forward_pre_hook,
    register_module_full_backward_hook,
    register_module_full_backward_pre_hook,
    register_module_module_registration_hook,
    register_module_parameter_registration_hook,
    registered,
)
from .state import State
from .traversal import Traversal

#: PyTorch has the hooks of all modules here.
__all__ = [
    "Module", "register_module_buffer_registration_hook", "register_module_forward_hook",
    "register_module_forward_pre_hook", "register_module_full_backward_hook", "register_module_full_backward_pre_hook",
    "register_module_module_registration_hook", "register_module_parameter_registration_hook",
]  # fmt: skip


class Module(HookedCall, Traversal, Conversion, State):
    """A part of a model: parameters, buffers and submodules, and a function ``forward`` of them and of its arguments.

    What is assigned to an attribute becomes, by its type, a parameter (:class:`pluggrad.nn.Parameter`), a submodule,
    a buffer (:class:`pluggrad.nn.Buffer`) or a plain attribute. A subclass calls ``super().__init__()`` first and
    defines ``forward``; calling the module runs it, and the hooks around it.

    Attributes
    ----------
    training : whether it is in training mode; ``train()`` and ``eval()`` switch

    >>> import pluggrad
    >>> from pluggrad import nn
    >>> class Scale(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.factor = nn.Parameter(pluggrad.tensor(2.0))
    ...     def forward(self, x):
    ...         return x * self.factor
    >>> Scale()(pluggrad.ones(2))
    tensor([2., 2.], grad_fn=<MulBackward0>)
    """

    training: bool
    dump_patches: bool = False
    #: For classes with another base besides: pass the arguments on to that.
    call_super_init: bool = False
    _parameters: OrderedDict[str, Parameter | None]
    _buffers: OrderedDict[str, Tensor | None]
    _modules: OrderedDict[str, Module | None]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if (args or kwargs) and not self.call_super_init:
            given = next(iter(kwargs)) if kwargs else f"{len(args) + 1} positional arguments"
            raise TypeError(f"{type(self).__name__}.__init__() got unexpected arguments: {given}")
        # Past __setattr__, which looks into these.
        object.__setattr__(self, "training", True)
        for name in ("_parameters", "_buffers", "_modules"):
            object.__setattr__(self, name, OrderedDict())
        object.__setattr__(self, "_non_persistent_buffers_set", set())
        self._init_hooks()
        self._init_state_hooks()
        if self.call_super_init:
            super().__init__(*args, **kwargs)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; every subclass defines it.

        Raises
        ------
        NotImplementedError : it does not
        """
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    # -- registering -----------------------------------------------------------------------------------

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter; None: a name without one.

        Raises
        ------
        TypeError, ValueError : no Parameter, or one that is computed
        KeyError : a name that is taken, empty or has a dot
        """
        self._check_name("parameter", name, self._parameters)
        if param is not None:
            if not isinstance(param, Parameter):
                raise TypeError(
                    f"cannot assign '{type(param).__name__}' object to parameter '{name}' "
                    "(pluggrad.nn.Parameter or None required)"
                )
            if param.grad_fn is not None:
                raise ValueError(
                    f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be created "
                    f"explicitly. To express '{name}' as a function of another Tensor, compute the value in the "
                    "forward() method."
                )
            param = registered("parameter", self, name, param)
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a buffer: a tensor of the module's state that is not trained.

        Parameters
        ----------
        persistent : whether it is part of ``state_dict``

        Raises
        ------
        TypeError : no tensor
        KeyError : a name that is taken, empty or has a dot

        >>> import pluggrad
        >>> m = pluggrad.nn.Module()
        >>> m.register_buffer("mean", pluggrad.zeros(2))
        >>> m.mean
        tensor([0., 0.])
        """
        self._check_name("buffer", name, self._buffers)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{type(tensor).__name__}' object to buffer '{name}' (Tensor or None required)"
            )
        self._buffers[name] = registered("buffer", self, name, tensor)
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a submodule.

        Raises
        ------
        TypeError : no Module
        KeyError : a name that is taken, empty or has a dot
        """
        if not isinstance(module, Module) and module is not None:
            raise TypeError(f"{type(module).__name__} is not a Module subclass")
        self._check_name("module", name, self._modules)
        self._modules[name] = registered("module", self, name, module)

    def register_module(self, name: str, module: Module | None) -> None:
        """Another name of :meth:`add_module`."""
        self.add_module(name, module)

    def _check_name(self, kind: str, name: str, taken_by: dict[str, Any]) -> None:
        if "_parameters" not in self.__dict__:
            raise AttributeError(f"cannot assign {kind} before Module.__init__() call")
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {type(name).__name__}")
        if "." in name:
            raise KeyError(f'{kind} name can\'t contain ".", got: {name}')
        if not name:
            raise KeyError(f'{kind} name can\'t be empty string ""')
        if hasattr(self, name) and name not in taken_by:
            raise KeyError(f"attribute '{name}' already exists")

    # -- attributes ------------------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        """Called for what is no plain attribute: parameters, buffers and submodules."""
        own = self.__dict__
        try:
            return own["_parameters"][name]
        except KeyError:
            pass
        for kind in ("_buffers", "_modules"):
            members = own.get(kind)
            if members is not None and name in members:
                return members[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __setattr__(self, name: str, value: Any) -> None:
        own = self.__dict__
        if isinstance(value, Parameter):
            if "_parameters" not in own:
                raise AttributeError("cannot assign parameters before Module.__init__() call")
            self._forget(name, "_buffers", "_modules")
            self.register_parameter(name, value)
        elif isinstance(value, Module):
            if "_modules" not in own:
                raise AttributeError("cannot assign module before Module.__init__() call")
            self._forget(name, "_parameters", "_buffers")
            self._modules[name] = registered("module", self, name, value)
        elif name in own.get("_parameters", ()):
            if value is not None:
                raise TypeError(
                    f"cannot assign '{type(value).__name__}' as parameter '{name}' "
                    "(pluggrad.nn.Parameter or None expected)"
                )
            self._parameters[name] = None
        elif name in own.get("_modules", ()):
            if value is not None:
                raise TypeError(
                    f"cannot assign '{type(value).__name__}' as child module '{name}' "
                    "(pluggrad.nn.Module or None expected)"
                )
            self._modules[name] = None
        elif name in own.get("_buffers", ()) or isinstance(value, Buffer):
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(
                    f"cannot assign '{type(value).__name__}' as buffer '{name}' (pluggrad.Tensor or None expected)"
                )
            if isinstance(value, Buffer):
                self._forget(name)
                self.register_buffer(name, value, getattr(value, "persistent", True))
            else:
                self._buffers[name] = value
        else:
            object.__setattr__(self, name, value)

    def _forget(self, name: str, *kinds: str) -> None:
        """Take a name away from what it was before."""
        self.__dict__.pop(name, None)
        for kind in kinds:
            self.__dict__[kind].pop(name, None)
        if "_buffers" in kinds:
            self._non_persistent_buffers_set.discard(name)

    def __delattr__(self, name: str) -> None:
        for members in (self._parameters, self._buffers, self._modules):
            if name in members:
                del members[name]
                self._non_persistent_buffers_set.discard(name)
                return
        object.__delattr__(self, name)

    def __dir__(self) -> Iterable[str]:
        members = (*self._parameters, *self._buffers, *self._modules)
        names = {*dir(type(self)), *self.__dict__, *members}
        return sorted(n for n in names if not n[:1].isdigit())

    # -- by dotted name ----------------------------------------------------------------------------------

    def get_submodule(self, target: str) -> Module:
        """The submodule of a dotted name; "" is this module.

        Raises
        ------
        AttributeError : there is none

        >>> import pluggrad
        >>> pluggrad.nn.Sequential(pluggrad.nn.Identity()).get_submodule("0")
        Identity()
        """
        module: Any = self
        for name in target.split(".") if target else ():
            if not hasattr(module, name):
                raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
            module = getattr(module, name)
            if not isinstance(module, Module):
                raise AttributeError(f"`{name}` is not an nn.Module")
        return module

    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Put a module in the place of a dotted name; ``strict``: only where there is one already.

        Raises
        ------
        ValueError : an empty name, or what is no Module
        AttributeError : no such place
        """
        if not target:
            raise ValueError("Cannot set the submodule without a target name!")
        if not isinstance(module, Module):
            raise ValueError(f"`module` is not an nn.Module, found {type(module)}")
        path, _, name = target.rpartition(".")
        parent = self.get_submodule(path)
        if strict and not hasattr(parent, name):
            raise AttributeError(f"{type(parent).__name__} has no attribute `{name}`")
        if hasattr(parent, name) and not isinstance(getattr(parent, name), Module):
            raise AttributeError(f"`{name}` is not an nn.Module")
        setattr(parent, name, module)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter of a dotted name.

        Raises
        ------
        AttributeError : there is none
        """
        return self._get_member(target, "_parameters", "an nn.Parameter")

    def get_buffer(self, target: str) -> Tensor:
        """The buffer of a dotted name.

        Raises
        ------
        AttributeError : there is none
        """
        return self._get_member(target, "_buffers", "a buffer")

    def _get_member(self, target: str, kind: str, what: str) -> Any:
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if not hasattr(module, name):
            raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
        if name not in getattr(module, kind):
            raise AttributeError(f"`{name}` is not {what}")
        return getattr(module, kind)[name]

    # -- what PyTorch does besides -------------------------------------------------------------------------

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: calls run as they do without, as with PyTorch's ``backend="eager"``. Takes PyTorch's arguments."""

    def share_memory(self) -> Self:
        """Refused: parameters lie in the memory of this process.

        Raises
        ------
        NotImplementedError : always; a program that went on would train copies
        """
        raise NotImplementedError(
            "share_memory: parameters lie in the memory of this process and cannot be shared with others; send "
            "state_dict() to them instead (the workers of a DataLoader share their batches by themselves)"
        )

    # -- printing ----------------------------------------------------------------------------------------

    def _get_name(self) -> str:
        return type(self).__name__

    def extra_repr(self) -> str:
        """What printing shows of the module itself; a subclass defines it.

        >>> import pluggrad
        >>> pluggrad.nn.Linear(2, 3).extra_repr()
        'in_features=2, out_features=3, bias=True'
        """
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        extra_lines = extra.split("\n") if extra else []
        child_lines = [f"({name}): {indent(repr(module), 2)}" for name, module in self._modules.items()]
        lines = extra_lines + child_lines
        inside = ""
        if lines:
            simple = len(extra_lines) == 1 and not child_lines
            inside = extra_lines[0] if simple else "\n  " + "\n  ".join(lines) + "\n"
        return f"{self._get_name()}({inside})"


def indent(text: str, spaces: int) -> str:
    """``text`` with all lines but the first moved to the right."""
    first, *rest = text.split("\n")
    return "\n".join([first, *(" " * spaces + line for line in rest)])
