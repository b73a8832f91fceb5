"""Where in a model an error was raised: a note on it that names the module, what it expects, and its place."""

from __future__ import annotations

from typing import Any

from ...errors import ArgumentError, AxisError, BoundsError, DeviceError, DTypeError, ShapeError

#: What comes of arguments that do not fit a module.
MISFITS = (ShapeError, DTypeError, BoundsError, IndexError, AxisError, ArgumentError, DeviceError)


def note(error: Exception, module: Any) -> None:
    """Say on an error that leaves a module which one it was; on its way outward through others, also where in these.

    ``extra_repr`` says what the module expects: ``in Linear(in_features=3, out_features=4, bias=True), '0.fc' of Net``.
    """
    way: list[Any] = error.__dict__.setdefault("_modules", [])
    if way and way[-1] is module:  # called by itself once more
        return
    way.append(module)
    names = [next((n for n, m in outer._modules.items() if m is inner), "?") for inner, outer in zip(way, way[1:])]  # noqa: B905, RUF007
    inner = f"in {way[0]._get_name()}({way[0].extra_repr()})"
    text = f"{inner}, {'.'.join(reversed(names))!r} of {module._get_name()}" if names else inner
    notes = error.__dict__.setdefault("__notes__", [])
    if names:
        notes.pop()
    notes.append(text)
