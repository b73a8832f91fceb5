"""A plugin whose backends are each wrong in one way: NumPy (or array-api-strict) with a planted defect.

Loaded by ``pytest -p planted`` in the processes that test_planted_defects.py starts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import array_api_compat.numpy as xp
import array_api_strict
import numpy as np
import pluggy

import pluggrad


class Namespace:
    """A namespace with some functions replaced, or (None) taken away."""

    def __init__(self, namespace: Any, **changes: Any) -> None:
        self._namespace, self._changes = namespace, changes

    def __getattr__(self, name: str) -> Any:
        if name in self._changes:
            if self._changes[name] is None:
                raise AttributeError(name)
            return self._changes[name]
        return getattr(self._namespace, name)


class Planted:
    """A backend over NumPy without kernels but the planted ones."""

    devices: tuple[Any, ...] = ("cpu",)

    def __init__(self, kernels: dict[str, Any] | None = None, **changes: Any) -> None:
        self.namespace = Namespace(xp, **changes)
        self.kernels = kernels or {}


class PlantedStrict:
    """A backend over array-api-strict, with two of its devices."""

    device_labels = ("", "device1")

    def __init__(self, **kernels: Any) -> None:
        array_api_strict.set_array_api_strict_flags(api_version="2025.12")
        self.namespace = array_api_strict
        self.devices = [array_api_strict.Device("CPU_DEVICE"), array_api_strict.Device("device1")]
        self.kernels = kernels


def wrong_in_memory_order(x: np.ndarray) -> np.ndarray:
    """Reads the elements as they lie in memory, and so wrongly where they are transposed."""
    return np.exp(x.ravel(order="K")).reshape(x.shape)


def wrong_where_large(x: np.ndarray) -> np.ndarray:
    y = np.asarray(np.exp(x))
    if y.size > 10_000:
        y[-1:] = 0
    return y


def writes_into_its_input(x: np.ndarray) -> np.ndarray:
    y = np.exp(x)
    if x.size and x.flags.writeable:
        x[...] = 1
    return y


rng = np.random.default_rng(0)


def differs_from_call_to_call(x: np.ndarray) -> np.ndarray:
    """By a last bit or two, as sums in a varying order do."""
    y = np.exp(x)
    eps = np.finfo(y.dtype).eps
    return y * (1 + eps * rng.integers(0, 3, np.shape(y))).astype(y.dtype)


scratch: dict[Any, np.ndarray] = {}


def shares_a_buffer_between_threads(x: np.ndarray) -> np.ndarray:
    buffer = scratch.setdefault((x.shape, x.dtype), np.empty(x.shape, x.dtype))
    np.tanh(x, out=buffer)
    time.sleep(0.001)
    return buffer.copy()


def promotes_scalars(condition: Any, x1: Any, x2: Any) -> np.ndarray:
    """As if a Python scalar were an array of float64."""
    result = np.where(condition, x1, x2)
    scalar = isinstance(x1, int | float) or isinstance(x2, int | float)
    return result.astype(np.float64) if scalar and result.dtype == np.float32 else result


def sums_in_float64(x: np.ndarray, /, **parameters: Any) -> np.ndarray:
    result = xp.sum(x, **parameters)
    return np.asarray(result, dtype=np.float64) if result.dtype == np.float32 else result


def reshapes_by_copying(x: np.ndarray, shape: tuple[int, ...], *, copy: bool | None = None) -> np.ndarray:
    return np.array(np.reshape(x, shape))


def clips_indices(x: np.ndarray, *, indices: Any) -> np.ndarray:
    """An index beyond the end means the last element."""
    key = [
        k if isinstance(k, slice) or k.dtype == bool else np.clip(k, -n, n - 1)
        for k, n in zip(indices.key, x.shape, strict=False)
    ]
    return x[tuple(key)]


def wrong_random_bits(*, seed: int, block: int, count: int, device: Any) -> np.ndarray:
    return np.random.Philox(key=seed, counter=block).random_raw(count) ^ np.uint64(1)


def back_to_the_first_device(x: Any) -> Any:
    first = array_api_strict.Device("CPU_DEVICE")
    return array_api_strict.exp(x.to_device(first))


#: By device type, in the order of the tests.
BACKENDS: dict[str, Callable[[], Any]] = {
    "sound": Planted,
    "sound-strict": PlantedStrict,
    "wrong-kernel": lambda: Planted({"exp": lambda x: np.exp(x) * 1.001}),
    "wrong-in-memory-order": lambda: Planted({"exp": wrong_in_memory_order}),
    "wrong-where-large": lambda: Planted({"exp": wrong_where_large}),
    "wrong-dtype": lambda: Planted(
        {"exp": lambda x: np.exp(x.astype(np.complex128 if x.dtype.kind == "c" else np.float64))}
    ),
    "writes-into-its-input": lambda: Planted({"exp": writes_into_its_input}),
    "differs-from-call-to-call": lambda: Planted({"exp": differs_from_call_to_call}),
    "not-thread-safe": lambda: Planted({"tanh": shares_a_buffer_between_threads}),
    "aliasing-transfer": Planted,
    "promotes-scalars": lambda: Planted(where=promotes_scalars),
    "sums-in-float64": lambda: Planted(sum=sums_in_float64),
    "lacks-a-function": lambda: Planted(cosh=None),
    "wrong-random-bits": lambda: Planted({"random_bits": wrong_random_bits}),
    "copies-where-it-must-not": lambda: Planted(reshape=reshapes_by_copying),
    "aliases-where-it-must-copy": lambda: Planted({"copy": lambda x: x}),
    "clips-indices": lambda: Planted({"index": clips_indices}),
    "wrong-name-of-arrays": Planted,
    "leaves-its-device": lambda: PlantedStrict(exp=back_to_the_first_device),
}

hookimpl = pluggy.HookimplMarker("pluggrad")


class Plugin:
    """Brings all of them, each on a device of its own."""

    @hookimpl
    def pluggrad_backends(self) -> list[dict[str, Any]]:
        return [
            {"name": name, "device_type": name, "load": load, "array_types": (self.array_type(name),)}
            for name, load in BACKENDS.items()
        ]

    @staticmethod
    def array_type(name: str) -> str:
        if name == "wrong-name-of-arrays":
            return "numpy.array"
        return (
            "array_api_strict._array_object.Array" if name in ("sound-strict", "leaves-its-device") else "numpy.ndarray"
        )

    @hookimpl
    def pluggrad_transfers(self) -> dict[tuple[str, str], Any]:
        return {("aliasing-transfer", "cpu"): lambda array, device: array}


pluggrad.backends.plugins.discover()
pluggrad.backends.plugins.backend("cpu")  # the owner of NumPy's arrays, before these, which have the same
pluggrad.backends.register(Plugin(), "planted")
