"""The official array API test suite, with few examples; tests/official/run.py runs it with many."""

from __future__ import annotations

import importlib.util

import pytest

from . import run

pytestmark = pytest.mark.official


def test_official_suite_on_the_default_device(capsys: pytest.CaptureFixture[str]) -> None:
    directory = run.suite_dir()
    if directory is None:
        pytest.skip(
            "the official array API suite is not on this machine: set ARRAY_API_TESTS_DIR, see tests/official/run.py"
        )
    if importlib.util.find_spec("pytest_jsonreport") is None:
        pytest.skip("the official array API suite needs pytest-json-report")
    import pluggrad

    workers = 2 if importlib.util.find_spec("xdist") else 0
    result = run.run(directory, str(pluggrad.get_default_device()), max_examples=5, seed=0, workers=workers)
    with capsys.disabled():
        print(
            f"\nofficial array API suite: {result.passed} passed, {result.failed} failed, "
            f"{result.xfailed} expected to fail"
        )
    assert result.failures == [], result.output[-5000:]
    assert result.failed == 0 and result.xfailed == 0 and result.passed > 1200
