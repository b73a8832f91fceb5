"""What a plugin may implement.

A plugin is a module (or any object) whose functions carry ``pluggy.HookimplMarker("pluggrad")``. It
needs pluggy and its own library, not pluggrad. A package makes it known by an entry point in the
group ``pluggrad``::

    [project.entry-points.pluggrad]
    numpy = "pluggrad_numpy.plugin"
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Required, TypedDict

import pluggy

from .protocol import Backend

PROJECT = "pluggrad"
hookspec = pluggy.HookspecMarker(PROJECT)


class BackendInfo(TypedDict, total=False):
    """What a plugin tells of a backend before its library is imported: a plain dict with these keys."""

    #: The backend's name, "numpy".
    name: Required[str]
    #: The device type its devices carry, "cpu": ``"cpu"``, or ``"cpu:0"``, ``"cpu:1"`` if it has several.
    device_type: Required[str]
    #: Imports the library and returns the backend. Called once, when one of its devices is first used.
    load: Required[Callable[[], Backend]]
    #: Full names of the array classes it takes in, "numpy.ndarray", so that ``asarray`` finds it unimported.
    array_types: Sequence[str]
    #: Says, without importing more than it must, why the backend cannot be used here; None if it can.
    probe: Callable[[], str | None]
    #: Whether its devices have memory and queues of work of their own: the backend has an ``accelerator``.
    accelerator: bool


@hookspec
def pluggrad_backends() -> Sequence[BackendInfo]:
    """List the backends that the plugin offers.

    Called once, when plugins are first looked for; never on the way of an operation. Must not import
    the array library: ``load`` does. A name or a device type taken twice is an error that names both
    plugins, raised when that device is used. A description that lacks a key, has one that is unknown or
    is of another type leaves the plugin out, with the reason in ``pluggrad.backends.status()``.
    """


@hookspec
def pluggrad_kernels(backend: str, get_num_threads: Callable[[], int]) -> Mapping[str, Callable[[Any], Any]]:
    """Replace kernels of another plugin's backend.

    Called once for each backend, with its name, when it is loaded, and again when a plugin comes or goes
    later; never on the way of an operation. Returns, by function name, a wrapper: it is given the kernel
    that was there and returns the one to use instead, which may hand some inputs (small ones, say) on to
    the old one. Several plugins wrap in the order in which they were registered. Must not be slow when
    ``backend`` is not the one that it has kernels for: return an empty dict. A name that is no function's is told by
    a warning, and its wrapper waits: a function of that name may be registered later.

    A kernel with threads of its own calls ``get_num_threads()``, which costs next to nothing, each time to
    learn how many it may use. A plugin without such kernels leaves that argument out.
    """


class FunctionInfo(TypedDict, total=False):
    """A function that a plugin adds: a plain dict with these keys, the arguments of ``pluggrad.register_function``."""

    #: Under which it is registered and called: ``pluggrad.ops.NAME``.
    name: Required[str]
    #: ``forward(xp, *arrays, **parameters)`` on raw arrays, in terms of the array API standard.
    forward: Required[Callable[..., Any]]
    #: A derivative rule ``(xp, g, ...)`` for each array, None for none.
    vjp: Callable[..., Any] | Sequence[Callable[..., Any] | None]
    #: A forward-mode rule ``(xp, t, ...)`` for each array that has a ``vjp``.
    jvp: Callable[..., Any] | Sequence[Callable[..., Any] | None]
    #: How ``vmap`` does a batch at once: "elementwise", "leading", "forward", or ``(xp, batched, *arrays, ...)``.
    batching: Callable[..., Any] | str
    #: Faster forwards without ``xp``, by backend's name.
    kernels: Mapping[str, Callable[..., Any]]
    broadcasts: bool
    result: str
    kinds: Sequence[str]
    outputs: Sequence[str]
    constant: Sequence[str]
    promoted: Sequence[str]


@hookspec
def pluggrad_functions() -> Sequence[FunctionInfo]:
    """List functions that the plugin adds: a forward, derivative rules, kernels.

    Called once, when a function is first looked for among ``pluggrad.ops`` and is not one of pluggrad's own, and
    again when a plugin comes or goes later; must return the same dicts then. A description that is wrong, or a name
    that is taken, is left out with a warning that names the plugin, and is listed in ``pluggrad.backends.status()``.
    """


@hookspec
def pluggrad_transfers() -> Mapping[tuple[str, str], Callable[[Any, Any], Any]]:
    """Ways from one device type to another that are better than DLPack or the host.

    Called once, at the first transfer, and again when a plugin comes or goes later. Returns, by (source
    device type, target device type), a function of the array and the target's native device that returns
    a new array there. A pair that two plugins bring is an error that names both.

    A function that takes ``non_blocking``, too, is told when its caller need not wait until the copy is done: work on
    the target that follows must come after it, and the source is not changed before.
    """
