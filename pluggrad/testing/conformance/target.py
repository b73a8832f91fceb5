"""The device under test, its backend, and what both have."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ...backends import LoadedBackend, plugins
from ...device import Device
from ...dtypes import STANDARD, DType, float32
from ...function import Function


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


def lacks(what: str) -> None:
    """End a test for something that a backend need not have; the report lists it."""
    pytest.skip(what)


def excuse(error: Exception, dtype: DType, where: str) -> None:
    """End a test that failed for want of a data type beyond the standard's; raise the error again for one of those."""
    if dtype in STANDARD:
        raise error
    lacks(f"{dtype.name} in {where}")


def only(applies: Callable[[Function], bool]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Mark a test as one of those functions alone."""

    def mark(test: Callable[..., None]) -> Callable[..., None]:
        test.applies = applies  # type: ignore[attr-defined]
        return test

    return mark
