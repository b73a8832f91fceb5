"""Functions of sequences."""

from collections.abc import Callable, Sequence
from typing import Any

from .spec import add, add_larger, boolean, call, integer, real

# The states that a path may end in are any: what is summed is then another set of paths.
add(
    "ctc_loss",
    call(real(4, 2, 3, low=-3.0, high=-0.5), integer(2, 5, high=3), integer(2, low=3, high=5), boolean(2, 5)),
    call(real(3, 1, 2, low=-3.0, high=-0.5), integer(1, 2, high=2), integer(1, low=2, high=4), boolean(1, 2)),
)

# -- recurrent layers: 3 features, states of 2; sequences of one length or not, forwards and backwards ---------------

_Form = tuple[tuple[int, ...], bool, bool]
_FORMS: list[_Form] = [
    # sizes, reverse, biased
    ((2, 2), False, True),
    ((3, 2, 1), True, False),
]
_LARGE: list[_Form] = [((37, 20, 3), False, True), ((0, 0), True, True)]


def _add_layer(name: str, gates: int, states: tuple[int, ...], kept: tuple[int, ...], **options: Any) -> None:
    """Samples of a layer and of its gradients. ``states``, ``kept`` : the sizes of their parts."""
    _add_forms(add, _FORMS, name, gates, states, kept, **options)
    _add_forms(add_larger, _LARGE, name, gates, states, kept, **options)


def _add_forms(
    add: Callable[..., None], forms: Sequence[_Form], name: str, gates: int, states: tuple[int, ...],
    kept: tuple[int, ...], **options: Any,
) -> None:  # fmt: skip
    for sizes, reverse, biased in forms:
        rows, parameters = sum(sizes), {"sizes": sizes, "reverse": reverse, "biased": biased, **options}
        start = [real(sizes[0], n) for n in states]
        arrays = [real(rows, 3), *start, real(2 * gates, 3), real(2 * gates, states[0])]
        arrays += [real(2 * gates)] * 2 if biased else []
        arrays += [real(states[0], 2)] if options.get("projected") else []
        add(f"{name}_layer", call(*arrays, **parameters))
        out, saved = real(rows, states[0]), [real(rows, n, low=-0.9, high=0.9) for n in kept]
        for through in (False, True) if kept else (None,):
            if through is not None:
                parameters["through"] = through
            cotangents = [out, *start, *(saved if through else [])]
            # All gradients, and those of every second array alone.
            for wanted in ((True,) * len(arrays), tuple(i % 2 == reverse for i in range(len(arrays)))):
                add(f"{name}_layer_gradients", call(*cotangents, out, *saved, *arrays, **parameters, wanted=wanted))


_add_layer("rnn", 1, (2,), (), nonlinearity="tanh")
_add_layer("rnn", 1, (2,), (), nonlinearity="relu")
_add_layer("gru", 3, (2,), (8,))
_add_layer("lstm", 4, (2, 2), (8, 2), projected=False)
_add_layer("lstm", 4, (1, 2), (8, 2), projected=True)
