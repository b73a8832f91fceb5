"""Tests of the CuPy plugin. What they share lies beside them, outside of any package: it is put on the path."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """No doctests are looked for in what tests share."""
    shared = collection_path.suffix == ".py" and not collection_path.name.startswith(("test_", "conftest"))
    return True if shared and collection_path.is_relative_to(HERE) else None
