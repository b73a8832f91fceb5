"""Elements as bytes, for files; and NumPy's own generator, which datasets draw from."""

from __future__ import annotations

from typing import Any

import numpy as np


def to_bytes(x: np.ndarray, dtype: str) -> bytes:
    return np.asarray(x, dtype=x.dtype.newbyteorder("<")).tobytes()


def from_bytes(data: bytearray, dtype: str, device: Any) -> np.ndarray:
    return np.frombuffer(data, np.dtype(dtype).newbyteorder("<")).astype(dtype, copy=False)


def seed_library(base_seed: int, worker: int) -> None:
    # As PyTorch does: not of base_seed + worker, or else `random`, which is seeded with that and is the same
    # algorithm, would give the same numbers.
    entropy = [worker, base_seed & 0xFFFFFFFF, base_seed >> 32]
    np.random.seed(np.random.SeedSequence(entropy).generate_state(4))


def library_random_state() -> dict[str, Any]:
    state: Any = np.random.get_state(legacy=False)
    if "has_gauss" not in state:  # np.random.set_bit_generator has put another algorithm behind np.random.rand
        raise NotImplementedError(f"the state of {state['bit_generator']} behind np.random cannot be kept")
    own = state["state"]
    return {
        "key": own["key"].tobytes(), "pos": int(own["pos"]),
        "has_gauss": int(state["has_gauss"]), "gauss": float(state["gauss"]),
    }  # fmt: skip


def set_library_random_state(state: dict[str, Any]) -> None:
    key = np.frombuffer(state["key"], np.uint32)
    np.random.set_state(("MT19937", key, state["pos"], state["has_gauss"], state["gauss"]))


KERNELS = {f.__name__: f for f in (to_bytes, from_bytes, seed_library, library_random_state, set_library_random_state)}
