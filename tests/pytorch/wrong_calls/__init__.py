"""Calls that are wrong as calls usually are, for ``tests/pytorch/test_wrong_calls.py``.

Each is evaluated for both libraries with the names ``lib``, ``nn``, ``optim``, ``data`` and ``amp``.
"""

from . import functions, modules, training

TABLES = (functions, modules, training)
CALLS = [call for table in TABLES for call in table.CALLS.strip().splitlines()]
DIFFERENT = {call: why for table in TABLES for call, why in table.DIFFERENT.items()}
