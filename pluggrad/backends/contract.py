"""What a plugin gives is checked here: an error names the plugin, the attribute, what was expected and what came."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, cast

from .. import dtypes
from ..errors import PluginError
from . import kernel_names
from .hookspecs import BackendInfo
from .protocol import Accelerator, Backend

# -- what hooks return -------------------------------------------------------------------------------

#: What a description may hold: the key, what its value must be, whether it is required.
_KEYS: tuple[tuple[str, str, Callable[[Any], bool], bool], ...] = (
    ("name", "a str", lambda v: isinstance(v, str) and bool(v), True),
    ("device_type", "a str without a colon", lambda v: isinstance(v, str) and bool(v) and ":" not in v, True),
    ("load", "a callable", callable, True),
    ("probe", "a callable", callable, False),
    ("accelerator", "a bool", lambda v: isinstance(v, bool), False),
    (
        "array_types",
        "a sequence of full names of classes",
        lambda v: isinstance(v, Sequence) and not isinstance(v, str) and all(isinstance(n, str) for n in v),
        False,
    ),
)


def checked_infos(plugin: str, results: list[Any]) -> list[BackendInfo]:
    """The descriptions of a plugin's backends, if they are as BackendInfo says.

    Raises
    ------
    PluginError : they are not.
    """
    infos = []
    for listed in results:
        if not isinstance(listed, Sequence) or isinstance(listed, str):
            raise PluginError(f"plugin {plugin!r}: pluggrad_backends must return a list of dicts, got {listed!r}")
        for info in listed:
            if not isinstance(info, dict):
                raise PluginError(
                    f"plugin {plugin!r}: pluggrad_backends must list dicts (see BackendInfo), got {info!r}"
                )
            for key, expected, fits, required in _KEYS:
                if key not in info:
                    if required:
                        raise PluginError(
                            f"plugin {plugin!r}: a backend's description lacks {key!r}, {expected}; "
                            f"it has {sorted(info)}"
                        )
                elif not fits(info[key]):
                    raise PluginError(f"plugin {plugin!r}: {key!r} must be {expected}, got {info[key]!r}")
            unknown = sorted(set(info) - {key for key, *_ in _KEYS})
            if unknown:
                raise PluginError(
                    f"plugin {plugin!r}: unknown keys {unknown} in a backend's description; "
                    f"known are {[key for key, *_ in _KEYS]}"
                )
            infos.append(cast(BackendInfo, info))
    return infos


def transfer_problem(pair: Any, way: Any) -> str | None:
    """What is wrong with one entry of what pluggrad_transfers returned."""
    if not (isinstance(pair, tuple) and len(pair) == 2 and all(isinstance(d, str) for d in pair)):
        return f"pluggrad_transfers must have pairs of device types as keys, such as ('cpu', 'cuda'), got {pair!r}"
    return None if callable(way) else f"pluggrad_transfers must give a callable for {pair}, got {way!r}"


# -- a loaded backend ----------------------------------------------------------------------------------
#
# Each function says what is wrong with a value, as the end of a sentence; None: nothing is.


def _wrong_devices(value: Any) -> str | None:
    if isinstance(value, str):
        return f"{value!r}; did you mean [{value!r}]?"
    if not isinstance(value, Iterable):
        return repr(value)
    return None if list(value) else "an empty one; name at least one"


def _wrong_kernels(value: Any) -> str | None:
    if not isinstance(value, Mapping):
        return repr(value)
    return next((f"{k!r}: {v!r}" for k, v in value.items() if not isinstance(k, str) or not callable(v)), None)


def _wrong_texts(value: Any) -> str | None:
    texts = not isinstance(value, str) and isinstance(value, Collection) and all(isinstance(v, str) for v in value)
    return None if texts else repr(value)


def _wrong_narrow_dtypes(value: Any) -> str | None:
    if not isinstance(value, Mapping):
        return repr(value)
    known = {d.name for d in dtypes.ALL}
    for name, narrow in value.items():
        if not isinstance(narrow, tuple) or len(narrow) != 3 or not {name, narrow[1]} <= known:
            return f"{name!r}: {narrow!r}; the names are of {sorted(known)}"
        if _wrong_texts(narrow[2]) is not None:
            return f"{name!r}: {narrow!r}"
    return None


def _wrong_hints(value: Any) -> str | None:
    return None if isinstance(value, Mapping) and all(isinstance(v, str) for v in value.values()) else repr(value)


def _wrong_accelerator(value: Any) -> str | None:
    missing = [n for n in vars(Accelerator) if not n.startswith("_") and not callable(getattr(value, n, None))]
    return f"{value!r}, which lacks {missing}" if missing and value is not None else None


def _wrong_callable(value: Any) -> str | None:
    return None if callable(value) else repr(value)


_KERNELS = "a dict of callables by names of functions"
#: What a backend may have: the attribute, what it must be, what is wrong with a value, whether it is required.
_ATTRIBUTES: tuple[tuple[str, str, Callable[[Any], str | None], bool], ...] = (
    ("namespace", "an array API namespace", lambda v: "None" if v is None else None, True),
    ("devices", "a sequence of devices", _wrong_devices, True),
    ("kernels", _KERNELS, _wrong_kernels, False),
    ("foreign_kernels", _KERNELS, _wrong_kernels, False),
    ("device_labels", "a sequence of str", _wrong_texts, False),
    (
        "narrow_dtypes",
        "a dict of (the library's dtype, name of a wider one, names of functions) by a dtype's name",
        _wrong_narrow_dtypes,
        False,
    ),
    ("dtype_hints", "a dict of str by a dtype's name", _wrong_hints, False),
    ("accelerator", "an object with the methods of pluggrad.backends.protocol.Accelerator", _wrong_accelerator, False),
    ("wrap_kernel", "a callable", _wrong_callable, False),
    ("use_errors", "a callable", _wrong_callable, False),
    ("set_num_threads", "a callable", _wrong_callable, False),
)


def check_backend(plugin: str, info: BackendInfo, backend: Any) -> None:
    """Check what a plugin's ``load`` returned: that its attributes are of the right kind.

    Raises
    ------
    PluginError : one is not, or it is missing, or it cannot be read
    """
    name = info["name"]
    for attribute, expected, wrong, required in _ATTRIBUTES:
        try:
            value = getattr(backend, attribute)
        except AttributeError:
            if required or (attribute == "accelerator" and info.get("accelerator")):
                raise PluginError(
                    f"plugin {plugin!r}: backend {name!r} has no attribute {attribute!r}; expected {expected} "
                    f"(see pluggrad.backends.Backend), got {backend!r}"
                ) from None
            continue
        except Exception as error:
            raise PluginError(
                f"plugin {plugin!r}: exception in `{attribute}` of backend {name!r}: {type(error).__name__}: {error}"
            ) from error
        problem = wrong(value)
        if problem is not None:
            raise PluginError(f"plugin {plugin!r}: `{attribute}` of backend {name!r} must be {expected}, got {problem}")
    labels, count = getattr(backend, "device_labels", None), len(list(backend.devices))
    if labels and len(labels) != count:
        raise PluginError(
            f"plugin {plugin!r}: `device_labels` of backend {name!r} must name each device once: "
            f"there are {count} devices and {len(labels)} labels, {labels!r}"
        )


def check_names(plugin: str, info: BackendInfo, backend: Backend, described: Callable[[], Iterable[str]]) -> None:
    """Check that each kernel, and each name in ``narrow_dtypes``, is that of a function.

    described : see :func:`.kernel_names.unknown`

    Raises
    ------
    PluginError : nothing would look a kernel up by its name
    """
    narrow = getattr(backend, "narrow_dtypes", {})
    named = {
        "kernels": getattr(backend, "kernels", {}),
        "narrow_dtypes": [function for *_, functions in narrow.values() for function in functions],
    }
    for attribute, names in named.items():
        for name in kernel_names.unknown(names, described):
            advice = (
                "pluggrad composes it, or asks the namespace for it: put it there"
                if hasattr(backend.namespace, name)
                else f"{kernel_names.advice(name)}. A kernel of a function that may be missing goes into "
                "`foreign_kernels`"
            )
            raise PluginError(
                f"plugin {plugin!r}: `{attribute}` of backend {info['name']!r} names {name!r}, by which no kernel is "
                f"looked up: it is no function of pluggrad's on tensors, no helper of pluggrad/backends/defaults.py, "
                f"and of no installed plugin; {advice}"
            )
