"""The device under test, its backend, and what both have."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from ...backends import LoadedBackend, plugins
from ...device import Device
from ...dtypes import STANDARD, DType, complex64, float32
from ...function import Function
from ...ops.creation import zeros
from ...special.host import is_on_host
from ..samples import samples_of
from .reference import COPYING


class Target:
    """One device whose backend is checked.

    Attributes
    ----------
    name : as given on the command line
    error : why its backend does not load; None if it does
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.error: Exception | None = None
        try:
            self._loaded = plugins.backend(name)
            self._device = self._loaded.array_type(Device(name), float32).device
        except Exception as error:  # whatever a plugin raises: test_it_loads reports it
            self.error = error

    def __repr__(self) -> str:
        return f"Target({self.name!r})"

    @property
    def loaded(self) -> LoadedBackend:
        """The backend."""
        if self.error is not None:
            raise self.error
        return self._loaded

    @property
    def device(self) -> Device:
        """The device under test."""
        return self._device

    @property
    def dtypes(self) -> tuple[DType, ...]:
        """The data types that the backend has."""
        return () if self.error is not None else self.loaded.dtypes

    def here(self) -> AbstractContextManager[None]:
        """A context in which the device is the thread's current one, for operators on raw arrays."""
        return self.loaded.array_type(self.device, float32).here()

    def synchronize(self) -> None:
        """Wait for all work queued on the device, and raise what went wrong with it."""
        self.loaded.kernels.synchronize(self.loaded.array_type(self.device, float32).native_device)

    def has_view(self, function: Function) -> bool:
        """Whether the backend makes a view that not every backend can make."""
        (sample, *_) = samples_of(function.name)
        dtype = float32 if float32.kind in function.kinds else complex64
        x = zeros(sample.arrays[0].shape, dtype=dtype, device=self._device)
        try:
            function.call(x, **sample.parameters)
        except ValueError:
            return False
        return True


def is_computable(function: Function) -> bool:
    """Whether there is something to compare a function with: not where SciPy is needed and missing."""
    return not is_on_host(function) or importlib.util.find_spec("scipy") is not None


def lacks(what: str) -> None:
    """End a test for something that a backend need not have; the report lists it."""
    pytest.skip(what)


def excuse(error: Exception, dtype: DType, function: Function) -> None:
    """End a test of what a backend need not have, such as a dtype beyond the standard's; else raise again."""
    if dtype not in STANDARD:
        lacks(f"{dtype.name} in {function.name}")
    if function.name in COPYING:
        lacks(f"the view {function.name}: it is a copy")
    raise error


def only(applies: Callable[[Any], bool]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Mark a test as one of those functions alone, or of those dtypes."""

    def mark(test: Callable[..., None]) -> Callable[..., None]:
        test.applies = applies  # type: ignore[attr-defined]
        return test

    return mark
