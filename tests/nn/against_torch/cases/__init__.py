"""The tables, a file per family. Each has a list ``CASES``, and perhaps a list ``REFUSALS``."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from ..case import Case, Refusal

_TABLES = [import_module(f".{found.name}", __name__) for found in iter_modules(__path__)]

CASES: list[Case] = [case for table in _TABLES for case in table.CASES]
REFUSALS: list[Refusal] = [refusal for table in _TABLES for refusal in getattr(table, "REFUSALS", ())]
