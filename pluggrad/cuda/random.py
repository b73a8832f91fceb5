"""Random numbers on GPUs are those of the CPU: one stream serves all devices, so these are pluggrad's own functions.

What PyTorch keeps for each GPU is here one generator (:data:`pluggrad.default_generator`), and a seed gives the same
numbers wherever they are drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .. import random
from ..device import Device
from ..tensor import Tensor
from .devices import device_count


def manual_seed(seed: int) -> None:
    """Seed the generator; without a GPU, too.

    >>> import pluggrad
    >>> pluggrad.cuda.manual_seed(0)
    >>> pluggrad.rand(2)
    tensor([0.0347, 0.0115])
    """
    random.manual_seed(seed)


def manual_seed_all(seed: int) -> None:
    """As :func:`manual_seed`: there is one generator for all devices."""
    random.manual_seed(seed)


def seed() -> None:
    """Seed the generator with a number that nobody can foresee."""
    random.seed()


def seed_all() -> None:
    """As :func:`seed`."""
    random.seed()


def initial_seed() -> int:
    """The generator's seed."""
    return random.initial_seed()


def get_rng_state(device: Device | str | int = "cuda") -> Tensor:
    """The generator's state: a uint8 tensor on the CPU, the same for every device."""
    return random.get_rng_state()


def set_rng_state(new_state: Tensor, device: Device | str | int = "cuda") -> None:
    """Put the generator back into a state.

    Raises
    ------
    TypeError, ArgumentError : no state that :func:`get_rng_state` gave
    """
    random.set_rng_state(new_state)


def get_rng_state_all() -> list[Tensor]:
    """The state, once for each GPU; once where there is none."""
    return [random.get_rng_state() for _ in range(max(device_count(), 1))]


def set_rng_state_all(new_states: Iterable[Tensor]) -> None:
    """Put the generator back into the first of the states."""
    states: Sequence[Tensor] = list(new_states)
    if states:
        random.set_rng_state(states[0])
