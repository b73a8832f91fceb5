"""Printing of tensors, text for text as PyTorch does it (``torch/_tensor_str.py``), and its options.

Neutral: all that is asked of the backend is slices and ``tolist`` of the part that is shown.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from .. import dtypes

if TYPE_CHECKING:
    from .tensor import Tensor

__all__ = ["format_tensor", "get_printoptions", "printoptions", "set_printoptions"]


@dataclasses.dataclass(slots=True)
class PrintOptions:
    """How tensors are printed: see :func:`set_printoptions`."""

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


_PROFILES: dict[str, dict[str, Any]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}
_options = PrintOptions()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: Literal["default", "short", "full"] | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Choose how tensors are printed, for the whole process. What is None stays as it is, ``sci_mode`` excepted.

    Parameters
    ----------
    precision : digits after the decimal point (4)
    threshold : number of elements above which only the edges are shown (1000)
    edgeitems : elements shown at the beginning and the end of each axis then (3)
    linewidth : characters per line (80)
    profile : "default", "short" or "full" sets all of these; the others override it
    sci_mode : True: always scientific notation; False: never; None: chosen by the values

    Raises
    ------
    ValueError : an unknown profile

    >>> import pluggrad
    >>> pluggrad.set_printoptions(precision=2)
    >>> pluggrad.tensor([1.12345])
    tensor([1.12])
    >>> pluggrad.set_printoptions(profile="default")
    >>> pluggrad.tensor([1.12345])
    tensor([1.1235])
    """
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    values: dict[str, Any] = {}
    if profile is not None:
        if profile not in _PROFILES:
            known = ", ".join(map(repr, _PROFILES))
            raise ValueError(f"set_printoptions: unknown profile {profile!r}; known are {known}")
        values.update(_PROFILES[profile])
    values.update({name: value for name, value in given.items() if value is not None})
    for name, value in values.items():
        setattr(_options, name, value)
    # PyTorch resets it with every call, so that a call without it goes back to automatic choice.
    _options.sci_mode = sci_mode


def get_printoptions() -> dict[str, Any]:
    """The options in force, as :func:`set_printoptions` takes them.

    >>> get_printoptions()["precision"]
    4
    """
    return dataclasses.asdict(_options)


@contextlib.contextmanager
def printoptions(**options: Any) -> Iterator[None]:
    """Print with other options inside a ``with`` statement; the arguments are those of :func:`set_printoptions`.

    >>> import pluggrad
    >>> with pluggrad.printoptions(precision=1):
    ...     print(pluggrad.tensor([0.25]))
    tensor([0.2])
    """
    before = get_printoptions()
    set_printoptions(**options)
    try:
        yield
    finally:
        set_printoptions(**before)


class _Formatter:
    """One notation for all real numbers of a tensor: fixed, scientific, or integers with a point behind."""

    def __init__(self, values: list[Any], floating: bool) -> None:
        self.floating = floating
        self.integers = True
        self.scientific = False
        self.width = 1
        if not floating:
            self.width = max([1, *(len(str(v)) for v in values)])
            return
        numbers = [v for v in values if v and math.isfinite(v)]
        if not numbers:
            return
        self.integers = all(v.is_integer() for v in numbers)
        largest, smallest = max(map(abs, numbers)), min(map(abs, numbers))
        self.scientific = (
            (largest / smallest > 1000.0 or largest > 1.0e8 or smallest < 1.0e-4)
            if _options.sci_mode is None
            else _options.sci_mode
        )
        self.width = max(len(self._text(v)) for v in numbers)

    def _text(self, value: Any) -> str:
        if not self.floating:
            return str(value)
        if self.scientific:
            return f"{value:.{_options.precision}e}"
        if self.integers:
            return f"{value:.0f}." if math.isfinite(value) else f"{value:.0f}"
        return f"{value:.{_options.precision}f}"

    def __call__(self, value: Any) -> str:
        return self._text(value).rjust(self.width)


class _ComplexFormatter:
    """The real and the imaginary part, each in a notation of its own."""

    def __init__(self, values: list[complex]) -> None:
        self.real = _Formatter([v.real for v in values], floating=True)
        self.imag = _Formatter([v.imag for v in values], floating=True)
        self.width = self.real.width + self.imag.width + 1  # and the j

    def __call__(self, value: complex) -> str:
        imag = (self.imag(value.imag) + "j").lstrip()
        return self.real(value.real) + (imag if imag[0] in "+-" else f"+{imag}")


def _edges(x: Tensor, array: Any, axis: int = 0) -> Any:
    """Nested lists of the elements at the beginning and the end of each axis, all where the axis is short."""
    if axis == array.ndim:
        return x._type.kernels.tolist(array)
    shown = _options.edgeitems
    if array.shape[axis] <= 2 * shown:
        return _edges(x, array, axis + 1)
    before = (slice(None),) * axis
    first = _edges(x, array[(*before, slice(None, shown), ...)], axis + 1)
    last = _edges(x, array[(*before, slice(array.shape[axis] - shown, None), ...)], axis + 1)
    return _join(first, last, axis)


def _join(first: list[Any], last: list[Any], axis: int) -> list[Any]:
    if not axis:
        return first + last
    return [_join(a, b, axis - 1) for a, b in zip(first, last, strict=True)]


def _flat(values: Any, ndim: int) -> list[Any]:
    for _ in range(ndim - 1):
        values = [item for row in values for item in row]
    return values if ndim else [values]


def _nested_text(values: Any, shape: tuple[int, ...], indent: int, formatter: Any) -> str:
    """The text of nested lists; an axis shorter than in ``shape``, that of the tensor, has its edges only."""
    if not shape:
        return formatter(values)
    cut = len(values) < shape[0]
    shown = _options.edgeitems
    if len(shape) > 1:
        rows = [_nested_text(row, shape[1:], indent + 1, formatter) for row in values]
        if cut:
            rows.insert(shown, "...")
        return "[" + ("," + "\n" * (len(shape) - 1) + " " * (indent + 1)).join(rows) + "]"
    items = [formatter(value) for value in values]
    if cut:
        items.insert(shown, " ...")
    per_line = max(1, (_options.linewidth - indent) // (formatter.width + 2))
    lines = [", ".join(items[i : i + per_line]) for i in range(0, len(items), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


def _contents(x: Tensor, indent: int) -> str:
    """The numbers."""
    shape = tuple(x.shape)
    count = math.prod(shape)
    if not count:
        return "[]"
    if count <= _options.threshold or not shape:
        values = x._type.kernels.tolist(x._array)
    elif _options.edgeitems:
        values = _edges(x, x._array)
    else:
        return "[...]"
    flat = _flat(values, len(shape))
    formatter = _ComplexFormatter(flat) if x.dtype.is_complex else _Formatter(flat, x.dtype.is_floating_point)
    return _nested_text(values, shape, indent, formatter)


def _suffixes(x: Tensor) -> list[str]:
    """What is said behind the numbers: only what differs from the default."""
    suffixes = []
    if x.device.type != "cpu":
        suffixes.append(f"device='{x.device}'")
    default = dtypes.get_default_dtype()
    if not x.size:
        if x.ndim != 1:
            suffixes.append(f"size={tuple(x.shape)}")
        usual = x.dtype is default  # nothing shows that an empty tensor holds integers
    else:
        if not _options.edgeitems:
            suffixes.append(f"size={tuple(x.shape)}")
        usual = x.dtype in (default, default.to_complex(), dtypes.int64, dtypes.bool_)
    if not usual:
        suffixes.append(f"dtype={x.dtype!r}")
    if x.grad_fn is not None:
        suffixes.append(f"grad_fn=<{x.grad_fn.name()}>")
    elif x.requires_grad:
        suffixes.append("requires_grad=True")
    return suffixes


def format_tensor(x: Tensor) -> str:
    r"""The text that ``print(x)`` shows.

    >>> import pluggrad
    >>> format_tensor(pluggrad.asarray([[1.0, -2.0], [3.0, 4.0]]))
    'tensor([[ 1., -2.],\n        [ 3.,  4.]])'
    """
    shown = getattr(type(x._type.kernels), "shown", None)
    if shown is not None:  # an array of a transform, which has no values of its own
        return shown(x)
    name = type(x).__name__
    prefix = "tensor(" if name in ("Tensor", "Parameter") else f"{name}("
    indent = len(prefix)
    text = prefix + _contents(x, indent)
    # PyTorch counts the last line one character longer than it is.
    width = len(text) - text.rfind("\n") + 1
    for suffix in _suffixes(x):
        if width + len(suffix) + 2 > _options.linewidth:
            text += f",\n{' ' * indent}{suffix}"
            width = indent + len(suffix)
        else:
            text += f", {suffix}"
            width += len(suffix) + 2
    return text + ")"
