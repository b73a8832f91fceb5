"""What the tests of optimisers share: option grids, parameters, a loss."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np


def _grid(name: str, fixed: dict[str, Any], **varied: tuple[Any, ...]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (name, {**fixed, **dict(zip(varied, values, strict=True))}) for values in itertools.product(*varied.values())
    ]


_BOTH = (False, True)
#: Optimisers whose step is elementwise: name and options.
ELEMENTWISE = [
    *_grid("SGD", {"lr": 0.01}, momentum=(0, 0.9), weight_decay=(0, 0.1), maximize=_BOTH),
    *_grid("SGD", {"lr": 0.01, "momentum": 0.8}, dampening=(0.3, 0.9), weight_decay=(0, 0.1)),
    *_grid("SGD", {"lr": 0.01, "momentum": 0.8, "nesterov": True}, weight_decay=(0, 0.1), maximize=_BOTH),
    *_grid("Adam", {"lr": 0.05}, amsgrad=_BOTH, weight_decay=(0, 0.1), maximize=_BOTH),
    *_grid(
        "Adam", {"lr": 0.02, "betas": (0.8, 0.95), "eps": 1e-4}, decoupled_weight_decay=_BOTH, weight_decay=(0, 0.1)
    ),
    *_grid("AdamW", {"lr": 0.05}, amsgrad=_BOTH, weight_decay=(0, 0.3), maximize=_BOTH),
    *_grid("NAdam", {"lr": 0.02}, decoupled_weight_decay=_BOTH, weight_decay=(0, 0.1), maximize=_BOTH),
    ("NAdam", {"lr": 0.02, "momentum_decay": 0.1, "betas": (0.7, 0.9)}),
    *_grid("RAdam", {"lr": 0.02}, decoupled_weight_decay=_BOTH, weight_decay=(0, 0.1), maximize=_BOTH),
    *_grid("Adamax", {"lr": 0.02}, weight_decay=(0, 0.1), maximize=_BOTH),
    *_grid("Adagrad", {"lr": 0.1}, lr_decay=(0, 0.05), weight_decay=(0, 0.1), maximize=_BOTH),
    ("Adagrad", {"lr": 0.1, "initial_accumulator_value": 0.5, "eps": 1e-3}),
    *_grid("Adadelta", {"lr": 0.9}, rho=(0.9, 0.5), weight_decay=(0, 0.1), maximize=_BOTH),
    *_grid("RMSprop", {"lr": 0.01}, momentum=(0, 0.9), centered=_BOTH, weight_decay=(0, 0.1), maximize=_BOTH),
    *_grid("Rprop", {}, lr=(0.01, 0.3), maximize=_BOTH),
    ("Rprop", {"etas": (0.3, 1.5), "step_sizes": (1e-3, 0.2)}),
    *_grid("ASGD", {"lr": 0.01}, t0=(1e6, 20), weight_decay=(0, 0.1), maximize=_BOTH),
    ("ASGD", {"lr": 0.02, "lambd": 0.1, "alpha": 0.5, "t0": 0}),
]
WHOLE = [
    *_grid("Adafactor", {}, lr=(0.01, 1.0), weight_decay=(0, 0.1), maximize=_BOTH),
    ("Adafactor", {"eps": (1e-3, 1e-2), "d": 2.0, "beta2_decay": -0.5}),
]
#: One case of each.
ONE_OF_EACH = list({name: (name, options) for name, options in reversed(ELEMENTWISE + WHOLE)}.values())

SHAPES = [(3,), (130, 100), ()]  # the second is larger than a block of the NumPy kernels


def identify(case: tuple[str, dict[str, Any]]) -> str:
    name, options = case
    return "-".join([name, *(f"{k}={v}" for k, v in options.items())])


def parameters(lib: Any, dtype: Any, shapes: Any = SHAPES) -> list[Any]:
    rng = np.random.default_rng(0)
    return [lib.tensor(rng.standard_normal(s), dtype=dtype, requires_grad=True) for s in shapes]


def loss_of(params: list[Any]) -> Any:
    total = 0.0
    for i, p in enumerate(params):
        total = total + ((p - 0.3) ** 2).sum() * (1.0 + i) + (p**3).sum() * 0.01
    return total


def optimizer_of(lib: Any, case: tuple[str, dict[str, Any]], params: Any) -> Any:
    name, options = case
    return getattr(lib.optim, name)(params, **options)


def converted(state: Any, one: type, make: Any) -> Any:
    """A state dict with the tensors of one library as those of another."""
    if isinstance(state, one):
        return make(state)
    if isinstance(state, dict):
        return {k: converted(v, one, make) for k, v in state.items()}
    if isinstance(state, list | tuple):
        return type(state)(converted(v, one, make) for v in state)
    return state
