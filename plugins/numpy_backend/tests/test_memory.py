"""Freed memory is kept, unless its user has told the C library otherwise."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from pluggrad_numpy import memory

_FAULTS = """
import resource, numpy, pluggrad
from pluggrad_numpy import memory
print(memory.keep_freed_memory())
x = pluggrad.ones(2_000_000)  # 8 MB
for _ in range(3):
    y = x + x, x * x, x - x
del y
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    y = x + x, x * x, x - x
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(**environment):
    given = {name: value for name, value in os.environ.items() if name not in memory._ASKED}
    done = subprocess.run(
        [sys.executable, "-c", _FAULTS], env=given | environment, capture_output=True, text=True, check=True
    )
    told, count = done.stdout.split()
    return told == "True", int(count)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc alone is told")
def test_arrays_come_from_memory_that_was_freed():
    told, count = faults()
    if told:  # not with musl
        assert count < 100  # pages; 30 arrays have 59,000


@pytest.mark.skipif(sys.platform != "linux", reason="glibc alone is told")
def test_a_user_who_says_otherwise_is_obeyed():
    told, _ = faults(MALLOC_TRIM_THRESHOLD_="65536")
    assert not told
