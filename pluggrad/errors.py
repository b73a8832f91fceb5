"""Error classes.

Each subclasses the built-in classes that a user of PyTorch and a user of NumPy would
catch for the same mistake, so existing ``except`` clauses keep working.
"""

from __future__ import annotations

__all__ = [
    "ArgumentError",
    "AxisError",
    "BackendError",
    "BackendUnavailable",
    "BoundsError",
    "CheckpointError",
    "DTypeError",
    "DeviceError",
    "EmptyError",
    "ExpectationError",
    "GradientError",
    "LinAlgError",
    "OutOfMemoryError",
    "PluginError",
    "ShapeError",
]


class ArgumentError(ValueError, RuntimeError):
    """A value that a function does not accept. NumPy raises ``ValueError`` here, PyTorch ``RuntimeError``."""


class ShapeError(ValueError, RuntimeError):
    """Shapes that do not fit. NumPy raises ``ValueError`` here, PyTorch ``RuntimeError``."""


class EmptyError(ShapeError, IndexError):
    """No elements where a function needs one. NumPy raises ``ValueError`` here, PyTorch ``IndexError``."""


class ExpectationError(ArgumentError, ShapeError, AssertionError):
    """An argument or a shape that does not fit, where PyTorch asserts that it does: an ``AssertionError`` there."""


class AxisError(IndexError, ValueError):
    """An axis that the tensor does not have. Same bases as ``numpy.exceptions.AxisError``."""


class BoundsError(IndexError, RuntimeError):
    """An index in an index tensor that the axis does not have. PyTorch raises one or the other, by function."""


class CheckpointError(RuntimeError, ValueError):
    """A file that is truncated or altered, of an unknown kind, or holds what is refused. PyTorch: ``RuntimeError``."""


class DTypeError(TypeError, NotImplementedError):
    """A data type that a function does not accept, or data types that do not mix.

    NumPy raises ``TypeError`` here; PyTorch ``RuntimeError``, or its subclass ``NotImplementedError``.
    """


class DeviceError(RuntimeError, ValueError):
    """An unknown device, or tensors of two devices in one operation."""


class LinAlgError(RuntimeError, ValueError):
    """A matrix that a function of linear algebra cannot work on, such as a singular one.

    NumPy's class of that name is a ``ValueError``, PyTorch's a ``RuntimeError``.
    """


class OutOfMemoryError(RuntimeError):
    """A device whose memory does not suffice; the message says how much was asked for, held and free.

    PyTorch's class of that name is a ``RuntimeError``, too.
    """


class GradientError(RuntimeError):
    """A derivative that cannot be computed as asked."""


class PluginError(RuntimeError):
    """A plugin that breaks the contract of :mod:`pluggrad.backends.hookspecs`."""


class BackendError(RuntimeError):
    """A backend that is known but does not do what its description promises."""


class BackendUnavailable(BackendError, ImportError):
    """A backend whose library or hardware is missing; the message says which and what to do."""
