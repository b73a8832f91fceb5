"""Every module and function of ``nn`` beside PyTorch's; the tables are in ``tests/nn/against_torch/cases/``."""

from __future__ import annotations

import inspect
import warnings
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import pluggrad

from .against_torch import not_covered
from .against_torch.case import Case, Refusal
from .against_torch.cases import CASES, REFUSALS
from .against_torch.compare import FLOAT64, Run, build, close, host, is_tensor

torch = pytest.importorskip("torch")
scipy_stats = pytest.importorskip("scipy.stats")

MODULES = [case for case in CASES if case.build is not None]
FUNCTIONS = [case for case in CASES if case.build is None]
#: One case for each module, that with the most parameters.
FIRST = list({case.name: case for case in reversed(MODULES)}.values())

# PyTorch says of some arguments that it takes a slower path for them.
pytestmark = [
    pytest.mark.filterwarnings("ignore:LSTM with projections is not supported:UserWarning"),
    pytest.mark.filterwarnings("ignore:enable_nested_tensor is True:UserWarning"),
]


def _cases(cases: list[Case]) -> Any:
    return pytest.mark.parametrize("case", cases, ids=[str(case) for case in cases])


def _dtypes(cases: list[Case]) -> Any:
    pairs = [(case, dtype) for case in cases for dtype in case.dtypes]
    return pytest.mark.parametrize(("case", "dtype"), pairs, ids=[f"{case}-{dtype}" for case, dtype in pairs])


# -- what they compute -----------------------------------------------------------------------------------


def _compare(case: Case, dtype: str, training: bool) -> None:
    tolerance = FLOAT64 if dtype == "float64" else case.float32
    yours = Run(torch, case, dtype, training)
    state = None if yours.module is None else build(torch, case.build or "").state_dict()
    if state is not None:
        yours = Run(torch, case, dtype, training, state)
    mine = Run(pluggrad, case, dtype, training, state)
    assert len(mine.outputs) == len(yours.outputs)
    if case.random and training:
        for x, y in zip(mine.outputs, yours.outputs, strict=True):
            if is_tensor(y):
                assert tuple(x.shape) == tuple(y.shape)
                assert x.dtype.name == str(y.dtype).removeprefix("torch.")
        return
    for i, (x, y) in enumerate(zip(mine.outputs, yours.outputs, strict=True)):
        close(x, y, tolerance, f"output {i}")
        if is_tensor(y):
            assert x.requires_grad == y.requires_grad, f"output {i}"
    mine.backward()
    yours.backward()
    for (name, g), (_, h) in zip(mine.gradients(), yours.gradients(), strict=True):
        assert (g is None) == (h is None), f"gradient of {name}: {g} and {h}"
        if h is not None:
            close(g, h, tolerance * 10, f"gradient of {name}")
    if mine.module is not None and yours.module is not None:
        for (name, b), c in zip(mine.module.named_buffers(), yours.module.buffers(), strict=True):
            close(b, c, tolerance, f"buffer {name}")


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@_dtypes(MODULES)
def test_module(case: Case, dtype: str, training: bool) -> None:
    """Outputs, gradients of inputs and parameters, and buffers, from the same weights."""
    torch.manual_seed(0)
    _compare(case, dtype, training)


@_dtypes(FUNCTIONS)
def test_function(case: Case, dtype: str) -> None:
    """Outputs and gradients."""
    _compare(case, dtype, training=True)


@pytest.mark.parametrize("refusal", REFUSALS, ids=[str(r.case) for r in REFUSALS])
def test_refused(refusal: Refusal) -> None:
    """What PyTorch refuses we refuse, with its class of exception and a message that says what was expected."""

    def run(lib: Any) -> None:
        Run(lib, refusal.case, "float32", training=True)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(Exception) as theirs:  # noqa: PT011
            run(torch)
        with pytest.raises(theirs.type, match=refusal.match):
            run(pluggrad)


# -- how they look, and their state ------------------------------------------------------------------------


@_cases(MODULES)
def test_printing(case: Case) -> None:
    assert repr(build(pluggrad, case.build or "")) == repr(build(torch, case.build or ""))


@_cases(MODULES)
def test_state_dict_both_ways(case: Case) -> None:
    mine, yours = build(pluggrad, case.build or ""), build(torch, case.build or "")
    state, other = mine.state_dict(), yours.state_dict()
    assert [(k, tuple(v.shape), v.dtype.name) for k, v in state.items()] == [
        (k, tuple(v.shape), str(v.dtype).removeprefix("torch.")) for k, v in other.items()
    ]
    assert dict(state._metadata) == dict(other._metadata)
    yours.load_state_dict({k: torch.from_numpy(np.array(host(v))) for k, v in state.items()})
    for k, v in yours.state_dict().items():
        assert (host(v) == host(state[k])).all(), k
    with torch.no_grad():
        for p in yours.parameters():
            p.add_(1.0)
    assert repr(mine.load_state_dict(yours.state_dict())) == "<All keys matched successfully>"
    for k, v in mine.state_dict().items():
        assert (host(v) == host(yours.state_dict()[k])).all(), k


@_cases(FIRST)
def test_initial_values(case: Case) -> None:
    """Of one distribution, by the test of Kolmogorov and Smirnov over several modules; constants are equal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns of parameters without elements
        first = build(torch, case.build or "")
        count = max([-(-400 // max(p.numel(), 1)) for p in first.parameters()], default=0)
        torch.manual_seed(1)
        pluggrad.manual_seed(1)
        drawn: dict[Any, dict[str, list[np.ndarray]]] = {pluggrad: {}, torch: {}}
        for lib, by_name in drawn.items():
            for _ in range(min(count, 100)):
                for name, value in build(lib, case.build or "").named_parameters():
                    by_name.setdefault(name, []).append(host(value).reshape(-1))
    assert drawn[pluggrad].keys() == drawn[torch].keys()
    for name, arrays in drawn[torch].items():
        x, y = np.concatenate(drawn[pluggrad][name]), np.concatenate(arrays)
        if not y.size or y.min() == y.max():
            assert (x == y).all(), name
        else:
            assert scipy_stats.ks_2samp(x, y).pvalue > 1e-4, name


def _arguments(callable_: Any) -> list[Any] | None:
    """Names, kinds and defaults of the arguments; None where they cannot be read or tell nothing."""
    try:
        parameters = inspect.signature(callable_).parameters.values()
    except ValueError:
        return None  # written in C++
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters):
        return None  # decided when it is called
    defaults = (p.default.__name__ if inspect.isfunction(p.default) else p.default for p in parameters)
    return [(p.name, p.kind, default) for p, default in zip(parameters, defaults, strict=True)]


@pytest.mark.parametrize("name", [c.name for c in FIRST if _arguments(getattr(torch.nn, c.name)) is not None])
def test_arguments_of_a_module(name: str) -> None:
    assert _arguments(getattr(pluggrad.nn, name)) == _arguments(getattr(torch.nn, name))


@pytest.mark.parametrize(
    "name", sorted({c.name for c in FUNCTIONS if _arguments(getattr(torch.nn.functional, c.name)) is not None})
)
def test_arguments_of_a_function(name: str) -> None:
    """Those that stand behind PyTorch's, with defaults, are ours."""
    yours = _arguments(getattr(torch.nn.functional, name)) or []
    mine = _arguments(getattr(pluggrad.nn.functional, name)) or []
    if name in ("sigmoid", "tanh"):
        return  # the standard's functions, whose argument has no name to be called by
    if name in ("softmax", "softmin", "log_softmax"):  # _stacklevel is nobody's business, but may be given
        assert {a[0] for a in yours} <= {a[0] for a in mine}
    else:
        assert [(a[0], a[2]) for a in mine[: len(yours)]] == [(a[0], a[2]) for a in yours]
    assert all(a[2] is not inspect.Parameter.empty for a in mine[len(yours) :])


# -- what is covered ---------------------------------------------------------------------------------------


def _public(module: ModuleType, wanted: Any) -> set[str]:
    return {n for n in dir(module) if not n.startswith("_") and wanted(getattr(module, n))}


def test_every_module_is_covered_or_has_a_reason() -> None:
    names = _public(torch.nn, lambda x: inspect.isclass(x))
    assert names - {case.name for case in MODULES} == set(not_covered.MODULES)


def test_every_function_is_covered_or_has_a_reason() -> None:
    skipped = (ModuleType, type, str)
    names = _public(torch.nn.functional, lambda x: callable(x) and not isinstance(x, skipped))
    names -= {n for n in names if getattr(getattr(torch.nn.functional, n), "__module__", "") == "typing"}
    assert names - not_covered.HELPERS - {case.name for case in FUNCTIONS} == set(not_covered.FUNCTIONS)


def test_all_that_we_have_is_covered() -> None:
    mine = {n for n in pluggrad.nn.modules.__all__ if inspect.isclass(getattr(pluggrad.nn, n))}
    assert mine - {case.name for case in MODULES} <= set(not_covered.MODULES)
    assert set(pluggrad.nn.functional.__all__) - {case.name for case in FUNCTIONS} <= set(not_covered.FUNCTIONS)
