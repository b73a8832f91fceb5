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


_METHODS = (
    "__abs__ __add__ __and__ __array_namespace__ __bool__ __complex__ __dlpack__ __dlpack_device__ __eq__ __float__ "
    "__floordiv__ __ge__ __getitem__ __gt__ __index__ __int__ __invert__ __le__ __lshift__ __lt__ __matmul__ __mod__ "
    "__mul__ __ne__ __neg__ __or__ __pos__ __pow__ __rshift__ __setitem__ __sub__ __truediv__ __xor__ "
    "__radd__ __rsub__ __rmul__ __rtruediv__ __rfloordiv__ __rpow__ __rmod__ __rmatmul__ __rand__ __ror__ __rxor__ "
    "__rlshift__ __rrshift__ __iadd__ __isub__ __imul__ __itruediv__ __ifloordiv__ __ipow__ __imod__ __imatmul__ "
    "__iand__ __ior__ __ixor__ __ilshift__ __irshift__"
).split()


def _function(module: ModuleType, namespace: str, name: str) -> inspect.Signature:
    return inspect.signature(getattr(getattr(module, namespace) if namespace else module, name))


@pytest.mark.parametrize(("namespace", "name"), _CASES, ids=lambda part: part or "main")
def test_signature_takes_what_the_standard_names(namespace: str, name: str) -> None:
    with _FLAGS:
        wanted = _function(array_api_strict, namespace, name)
    check(_function(pluggrad, namespace, name), wanted)


@pytest.mark.parametrize("name", _METHODS)
def test_methods_of_the_array_object(name: str) -> None:
    wanted = inspect.signature(getattr(array_api_strict.ones(1), name))
    check(inspect.signature(getattr(pluggrad.ones(1), name)), wanted)


def test_to_device() -> None:
    """array-api-strict takes the stream by position, too, which the standard does not."""

    def to_device(device: object, /, *, stream: object = None) -> None:
        """As in the standard."""

    check(inspect.signature(pluggrad.ones(1).to_device), inspect.signature(to_device))


@pytest.mark.parametrize("name", ["capabilities", "default_device", "default_dtypes", "devices", "dtypes"])
def test_the_inspection_api(name: str) -> None:
    with _FLAGS:
        wanted = inspect.signature(getattr(array_api_strict.__array_namespace_info__(), name))
    check(inspect.signature(getattr(pluggrad.__array_namespace_info__(), name)), wanted)


def check(signature: inspect.Signature, by_the_standard: inspect.Signature) -> None:
    """Every call that one signature allows, the other does, with the same defaults."""
    wanted, mine = by_the_standard.parameters.values(), signature.parameters
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
