"""Every call that the standard allows can be made: signatures against array-api-strict's, an independent reading."""

from __future__ import annotations

import inspect
from types import ModuleType

import array_api_strict
import pytest

import pluggrad
from pluggrad.testing.conformance.standard import FFT, FUNCTIONS, LINALG

_FLAGS = array_api_strict.ArrayAPIStrictFlags(api_version="2025.12")
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_NAMESPACES = [("", FUNCTIONS), ("linalg", LINALG), ("fft", FFT)]
_CASES = [(namespace, name) for namespace, names in _NAMESPACES for name in names]


def _function(module: ModuleType, namespace: str, name: str) -> inspect.Signature:
    return inspect.signature(getattr(getattr(module, namespace) if namespace else module, name))


@pytest.mark.parametrize(("namespace", "name"), _CASES, ids=lambda part: part or "main")
def test_signature_takes_what_the_standard_names(namespace: str, name: str) -> None:
    with _FLAGS:
        wanted = _function(array_api_strict, namespace, name).parameters.values()
    mine = _function(pluggrad, namespace, name).parameters
    positional = [p for p in mine.values() if p.kind in _POSITIONAL]
    takes_any = any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in mine.values())
    if not takes_any:
        assert len(positional) >= sum(p.kind in _POSITIONAL for p in wanted)
    for i, parameter in enumerate(wanted):
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            assert takes_any
        elif parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
            if parameter.default is not inspect.Parameter.empty and not takes_any:
                assert positional[i].default == parameter.default
        else:
            assert mine[parameter.name].kind is not inspect.Parameter.POSITIONAL_ONLY
            if type(parameter.default).__name__ == "Undef":  # array-api-strict's own mark; None in the standard
                assert mine[parameter.name].default is None
            elif parameter.default is not inspect.Parameter.empty:
                assert mine[parameter.name].default == parameter.default, parameter.name
    # Nothing that the standard does not know of may be asked for.
    known = {p.name for p in wanted}
    for parameter in mine.values():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and parameter.name not in known:
            assert parameter.default is not inspect.Parameter.empty, parameter.name
