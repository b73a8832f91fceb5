"""Modules as functions of their parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import ArgumentError
from ..tensor import Tensor


def _owners(module: Any) -> dict[str, list[tuple[dict[str, Any], str]]]:
    """Where each parameter and buffer stands, by its full name."""
    places: dict[str, list[tuple[dict[str, Any], str]]] = {}
    for prefix, part in module.named_modules():
        for table in (part._parameters, part._buffers):
            for name, value in table.items():
                if value is not None:
                    places.setdefault(f"{prefix}.{name}" if prefix else name, []).append((table, name))
    return places


def functional_call(
    module: Any, parameter_and_buffer_dicts: Any, args: Any = None, kwargs: dict[str, Any] | None = None, *,
    tie_weights: bool = True, strict: bool = False,
) -> Any:  # fmt: skip
    """Call a module with other tensors in the place of its parameters and buffers.

    Parameters
    ----------
    module : nn.Module
    parameter_and_buffer_dicts : dict of tensors by full name, or a sequence of such; its own serve for the rest
    args : the arguments, a tuple; or the only one
    kwargs : arguments by name
    tie_weights : a parameter that the module has under several names is replaced under all
    strict : every parameter and buffer must be given, and none beside

    Returns
    -------
    what the module returns

    Raises
    ------
    ValueError : two dictionaries have a name in common
    RuntimeError : with ``strict``, names that are missing or not the module's

    >>> import pluggrad
    >>> layer = pluggrad.nn.Linear(2, 1, bias=False)
    >>> pluggrad.func.functional_call(layer, {"weight": pluggrad.ones(1, 2)}, pluggrad.tensor([[2.0, 3.0]]))
    tensor([[5.]])
    """
    if isinstance(parameter_and_buffer_dicts, dict):
        given = dict(parameter_and_buffer_dicts)
    elif isinstance(parameter_and_buffer_dicts, Sequence):
        given = {}
        for some in parameter_and_buffer_dicts:
            if set(given) & set(some):
                raise ValueError(f"functional_call: {sorted(set(given) & set(some))} appeared in multiple dictionaries")
            given |= some
    else:
        raise ArgumentError(
            "functional_call: expected a dict of tensors or a sequence of such, "
            f"got {type(parameter_and_buffer_dicts).__name__}"
        )
    places = _owners(module)
    unknown = sorted(set(given) - set(places))
    if tie_weights:
        by_tensor: dict[int, list[str]] = {}
        for name, where in places.items():
            table, key = where[0]
            by_tensor.setdefault(id(table[key]), []).append(name)
        for names in by_tensor.values():
            values = {id(given[n]): given[n] for n in names if n in given}
            if len(values) > 1:
                raise ValueError(f"functional_call: {names} are tied, but different values are given for them")
            for value in values.values():
                given |= dict.fromkeys(names, value)
    missing = sorted(set(places) - set(given))
    if strict and (unknown or missing):
        raise RuntimeError(f"functional_call: Unexpected key(s): {unknown}; Missing key(s): {missing}")
    replaced: list[tuple[dict[str, Any], str, Any]] = []
    try:
        for name, value in given.items():
            for table, key in places.get(name, ()):
                replaced.append((table, key, table[key]))
                table[key] = value
        arguments = () if args is None else args if isinstance(args, tuple) else (args,)
        return module(*arguments, **(kwargs or {}))
    finally:
        for table, key, value in reversed(replaced):
            table[key] = value


def stack_module_state(models: Sequence[Any]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The parameters and the buffers of several modules of one class, each stacked along a new first axis.

    For an ensemble: ``vmap`` over the first axis of both, with :func:`functional_call` inside.

    Returns
    -------
    (parameters, buffers) : dictionaries of tensors by full name; the parameters are leaves

    >>> import pluggrad
    >>> params, buffers = pluggrad.func.stack_module_state([pluggrad.nn.Linear(2, 3) for _ in range(5)])
    >>> params["weight"].shape
    pluggrad.Size([5, 3, 2])
    """
    if not models:
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if any(m.training != models[0].training for m in models):
        raise RuntimeError("stack_module_state: Expected all models to have the same training/eval mode.")
    if any(type(m) is not type(models[0]) for m in models):
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")
    from ..ops.joining import stack

    def stacked(name: str) -> dict[str, Tensor]:
        all_of = [dict(getattr(m, name)()) for m in models]
        out = {}
        for key in all_of[0]:
            value = stack([some[key].detach() for some in all_of])
            out[key] = value.requires_grad_(all_of[0][key].requires_grad)
        return out

    return stacked("named_parameters"), stacked("named_buffers")
