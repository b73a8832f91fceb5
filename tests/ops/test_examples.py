"""The examples in the docstrings of registered functions: pytest finds those of plain functions alone."""

from __future__ import annotations

import doctest
from collections.abc import Iterator

import pytest

import pluggrad
import pluggrad.special
from pluggrad.function import functions

pytestmark = pytest.mark.cpu  # examples print tensors of the device cpu

_PARSER = doctest.DocTestParser()


def _examples() -> Iterator[doctest.DocTest]:
    for name, function in sorted(functions().items()):
        if function.doc and ">>>" in function.doc:
            yield _PARSER.get_doctest(function.doc, {}, name, None, None)


@pytest.mark.parametrize("example", list(_examples()), ids=lambda example: example.name)
def test_example(example: doctest.DocTest) -> None:
    printed: list[str] = []
    with pluggrad.printoptions(profile="default"):
        results = doctest.DocTestRunner(verbose=False).run(example, out=printed.append)
    assert results.attempted >= 1 and results.failed == 0, "".join(printed)


def test_a_wrong_example_fails() -> None:
    wrong = _PARSER.get_doctest(">>> 1 + 1\n3\n", {}, "wrong", None, None)
    assert doctest.DocTestRunner(verbose=False).run(wrong, out=lambda _: None).failed == 1
