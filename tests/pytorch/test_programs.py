"""Programs written for PyTorch print the same with pluggrad, unchanged."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.cpu  # what is compared with PyTorch is NumPy's

pytest.importorskip("torch")
PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.py"))


def printed(*command: str) -> list[str]:
    done = subprocess.run([sys.executable, "-W", "ignore", *command], capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.stem)
def test_prints_the_same(program: Path) -> None:
    assert printed("-m", "pluggrad.torch", str(program)) == printed(str(program))
