"""Submodules: ``pluggrad.torch.nn.functional`` is :mod:`pluggrad.nn.functional` by another name, and so are the others.

A finder makes them when they are imported, so that whatever :mod:`pluggrad` gets is here, too. Those whose functions
need PyTorch's calls (linalg, fft, special) or that :mod:`pluggrad` has no use for (backends, version) are files
beside this one and found before.
"""

from __future__ import annotations

import dis
import inspect
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from .calls import ARGUMENTS_IN, torch_function
from .conflicts import conflicts_in

PACKAGE = __package__
#: Where it is told what is covered.
COVERAGE = "docs/coverage.md of the source distribution"
#: Submodules that have another name in pluggrad.
ELSEWHERE = {
    "autograd.profiler": "profiler", "cuda.amp": "torch.cuda_amp", "serialization": "utils.serialization",
    "utils.data._utils": "utils.data", "utils.data._utils.collate": "utils.data.collate",
    "nn.attention": "torch.attention", "nn.attention.flex_attention": "torch.flex_attention",
    "utils._pytree": "torch.pytree", "signal.windows": "torch.windows",
}  # fmt: skip
#: PyTorch's files of modules. pluggrad's are others in part, so each shows what is in any of them.
FILES_OF_MODULES = (
    "activation", "adaptive", "batchnorm", "channelshuffle", "container", "conv", "distance", "dropout", "flatten",
    "fold", "instancenorm", "lazy", "linear", "loss", "module", "normalization", "padding", "pixelshuffle", "pooling",
    "rnn", "sparse", "transformer", "upsampling", "utils",
)  # fmt: skip
#: The submodules whose functions are called as PyTorch's are: with its names of arguments, and ``out=``.
COMPUTING = frozenset(ARGUMENTS_IN)
_IMPORT_FROM = dis.opmap["IMPORT_FROM"]


def missing(module: str, name: str, frame: Any) -> Exception:
    """The exception for a name that is not here; an ImportError for an import statement, which would hide another."""
    path = f"torch{module.removeprefix(PACKAGE)}.{name}"
    message = f"pluggrad has no {path}. What of PyTorch is there: {COVERAGE}"
    if not name.startswith("__") and frame is not None and frame.f_code.co_code[frame.f_lasti] == _IMPORT_FROM:
        return ImportError(message, name=module)
    return AttributeError(message, name=name)


class Mirror(ModuleType):
    """A module that shows another's names, and says where to look if it has no such name."""

    def __init__(self, name: str, source: ModuleType) -> None:
        super().__init__(name, source.__doc__)
        part = name.removeprefix(f"{PACKAGE}.")
        for member, value in {**vars(source), **conflicts_in(part)}.items():
            if not _belongs_to_module(member, value):
                wrapped = part in COMPUTING and inspect.isroutine(value) and not member.startswith("_")
                if wrapped:
                    value = torch_function(member, value, ARGUMENTS_IN[part].get(member), part)
                self.__dict__[member] = value
        self.__dict__["__source__"] = source
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("__"):
            try:
                return import_module(f"{self.__name__}.{name}")
            except ModuleNotFoundError:
                pass
            # What came later, and what the module loads when it is asked for.
            sources = [self.__dict__["__source__"]]
            if f".nn.modules.{self.__name__.rpartition('.')[2]}" in self.__name__:
                sources.append(import_module("pluggrad.nn.modules"))
            for source in sources:
                if hasattr(source, name):
                    return getattr(source, name)
        raise missing(self.__name__, name, sys._getframe(1))


def _belongs_to_module(name: str, value: Any) -> bool:
    """Whether a name tells about the module itself; its submodules are mirrored in turn."""
    return isinstance(value, ModuleType) or (name.startswith("__") and name != "__all__")


class _MirrorLoader(Loader):
    def __init__(self, source: str) -> None:
        self.source = source

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return Mirror(spec.name, import_module(self.source))

    def exec_module(self, module: ModuleType) -> None:
        """It is complete."""


class MirrorFinder(MetaPathFinder):
    """Finds submodules of pluggrad.torch that are no files, under the same name in pluggrad."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of a mirror.

        Raises
        ------
        ModuleNotFoundError : pluggrad has no such module either; it says where to look
        """
        name = fullname.removeprefix(f"{PACKAGE}.")
        if name == fullname:
            return None
        source = f"pluggrad.{ELSEWHERE.get(name, name)}"
        parent, _, file = name.rpartition(".")
        if parent == "nn.modules" and file in FILES_OF_MODULES and not _exists(source):
            source = "pluggrad.nn.modules"
        if not _exists(source):
            raise ModuleNotFoundError(
                f"pluggrad has no module torch.{name}. What of PyTorch is there: {COVERAGE}", name=fullname
            )
        return ModuleSpec(fullname, _MirrorLoader(source), is_package=True)


def _exists(name: str) -> bool:
    try:
        import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            return False
        raise  # it is there, and misses a library
    return True


class _AliasLoader(Loader):
    """Gives a module that is loaded under one name under another; it keeps its own spec."""

    def __init__(self, module: ModuleType) -> None:
        self.module, self.own = module, module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self.module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.own


class TorchFinder(MetaPathFinder):
    """Finds ``torch`` and its submodules in pluggrad.torch: what :func:`pluggrad.torch.install` puts first."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of the module of the same name in pluggrad.torch."""
        if fullname != "torch" and not fullname.startswith("torch."):
            return None
        module = import_module(f"pluggrad.{fullname}")
        return ModuleSpec(fullname, _AliasLoader(module), is_package=True)
