"""The same work in libraries that do the same: HIPS/autograd, MyGrad, tinygrad, JAX with and without jit, PyTorch.

    pip install autograd mygrad tinygrad jax torch==2.13.0
    python benchmarks/peers.py [--seconds 2]

Each workload is written as a user of the library would write it; what a library lacks is left out. All in one process,
in turn.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import sys
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from compare import time_in_turn

Step = Callable[[], Any]

#: The layers of the network, and its batch.
SIZES, BATCH = (32, 64, 64, 8), 32


def _data() -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    weights = []
    for n, m in pairwise(SIZES):
        weights += [rng.normal(size=(n, m)).astype(np.float32) * 0.2, np.zeros(m, np.float32)]
    return (
        weights,
        rng.normal(size=(BATCH, SIZES[0])).astype(np.float32),
        rng.normal(size=(BATCH, SIZES[-1])).astype(np.float32),
    )


# -- a chain of twenty operations on four numbers, and its gradient ----------------------------------------------


def _chain(x: Any, y: Any, tanh: Callable[[Any], Any]) -> Any:
    h = x
    for _ in range(5):
        h = tanh(h * y + x) - y
    return h


def _network(weights: Any, x: Any, t: Any, tanh: Callable[[Any], Any]) -> Any:
    h = x
    for i in range(0, len(weights), 2):
        h = h @ weights[i] + weights[i + 1]
        if i < len(weights) - 2:
            h = tanh(h)
    return ((h - t) ** 2).mean()


def pluggrad_steps() -> dict[str, Step]:
    """pluggrad."""
    import pluggrad

    return _like_torch(pluggrad)


def torch_steps() -> dict[str, Step]:
    """PyTorch."""
    import torch

    torch.set_num_threads(2)
    return _like_torch(torch)


def _like_torch(lib: Any) -> dict[str, Step]:
    a, b = (lib.tensor(v, requires_grad=True) for v in ([0.1, 0.2, 0.3, 0.4], [0.9, 0.8, 0.7, 0.6]))
    weights, x, t = _data()
    params = [lib.tensor(w, requires_grad=True) for w in weights]
    x, t = lib.tensor(x), lib.tensor(t)

    def chain() -> None:
        _chain(a, b, lib.tanh).sum().backward()
        a.grad = b.grad = None

    def network() -> None:
        _network(params, x, t, lib.tanh).backward()
        with lib.no_grad():
            for p in params:
                p -= 0.01 * p.grad
                p.grad = None

    return {"chain": chain, "network": network}


def autograd_steps() -> dict[str, Step]:
    """HIPS/autograd."""
    import autograd
    import autograd.numpy as anp

    a, b = np.asarray([0.1, 0.2, 0.3, 0.4], np.float32), np.asarray([0.9, 0.8, 0.7, 0.6], np.float32)
    gradient = autograd.grad(lambda ab: anp.sum(_chain(ab[0], ab[1], anp.tanh)))
    weights, x, t = _data()
    of_network = autograd.grad(lambda ws: anp.mean((_forward(ws, x, anp) - t) ** 2))

    def network() -> None:
        for w, g in zip(weights, of_network(weights), strict=True):
            w -= np.float32(0.01) * g

    return {"chain": lambda: gradient((a, b)), "network": network}


def _forward(weights: Any, x: Any, lib: Any) -> Any:
    h = x
    for i in range(0, len(weights), 2):
        h = lib.dot(h, weights[i]) + weights[i + 1]
        if i < len(weights) - 2:
            h = lib.tanh(h)
    return h


def mygrad_steps() -> dict[str, Step]:
    """MyGrad."""
    import mygrad

    a, b = (mygrad.tensor(np.asarray(v, np.float32)) for v in ([0.1, 0.2, 0.3, 0.4], [0.9, 0.8, 0.7, 0.6]))
    weights, x, t = _data()
    params = [mygrad.tensor(w) for w in weights]

    def network() -> None:
        _network(params, mygrad.tensor(x, constant=True), t, mygrad.tanh).backward()
        for p in params:
            p.data -= np.float32(0.01) * p.grad

    return {"chain": lambda: _chain(a, b, mygrad.tanh).sum().backward(), "network": network}


def jax_steps(jit: bool = False) -> dict[str, Step]:
    """JAX, each operation by itself."""
    import jax
    import jax.numpy as jnp

    a, b = (jnp.asarray(v, jnp.float32) for v in ([0.1, 0.2, 0.3, 0.4], [0.9, 0.8, 0.7, 0.6]))
    gradient = jax.grad(lambda a, b: _chain(a, b, jnp.tanh).sum(), argnums=(0, 1))
    weights, x, t = _data()
    state = [[jnp.asarray(w) for w in weights]]
    of_network = jax.grad(lambda ws: _network(ws, x, t, jnp.tanh))

    def update(ws: Any) -> Any:
        return [w - 0.01 * g for w, g in zip(ws, of_network(ws), strict=True)]

    if jit:
        gradient, update = jax.jit(gradient), jax.jit(update)

    def network() -> None:
        state[0] = update(state[0])
        state[0][0].block_until_ready()

    return {"chain": lambda: gradient(a, b)[0].block_until_ready(), "network": network}


def jax_jit_steps() -> dict[str, Step]:
    """JAX, compiled."""
    return jax_steps(jit=True)


def tinygrad_steps() -> dict[str, Step]:
    """tinygrad."""
    from tinygrad import Tensor

    a, b = (Tensor(v) for v in ([0.1, 0.2, 0.3, 0.4], [0.9, 0.8, 0.7, 0.6]))

    def chain() -> None:
        _chain(a, b, Tensor.tanh).sum().backward()
        Tensor.realize(a.grad, b.grad)
        a.grad = b.grad = None

    return {"chain": chain}


LIBRARIES: dict[str, tuple[str, Callable[[], dict[str, Step]]]] = {
    "pluggrad": ("pluggrad", pluggrad_steps),
    "PyTorch": ("torch", torch_steps),
    "HIPS/autograd": ("autograd", autograd_steps),
    "MyGrad": ("mygrad", mygrad_steps),
    "tinygrad": ("tinygrad", tinygrad_steps),
    "JAX": ("jax", jax_steps),
    "JAX with jit": ("jax", jax_jit_steps),
}
TITLES = {
    "chain": "20-operation chain on 4 elements, forward and backward",
    "network": f"network {'-'.join(map(str, SIZES))}, batch {BATCH}, a step of gradient descent",
}


def measure(seconds: float) -> dict[str, dict[str, float]]:
    """Median seconds by workload and library, of those libraries that are installed."""
    steps: dict[str, dict[str, Step]] = {name: {} for name in TITLES}
    for library, (module, make) in LIBRARIES.items():
        try:
            importlib.import_module(module)
            made = make()
        except (ImportError, RuntimeError) as error:  # tinygrad without a compiler: no usable devices
            print(f"{library} is LEFT OUT ({error}): pip install {module}", file=sys.stderr)
            continue
        for name, step in made.items():
            steps[name][library] = step
    out = {}
    for name, found in steps.items():
        times = time_in_turn(list(found.values()), seconds * len(found))
        out[name] = dict(zip(found, map(statistics.median, times), strict=True))
    return out


def main() -> int:
    """Print a table for each workload."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each library and workload")
    for name, medians in measure(parser.parse_args().seconds).items():
        print(TITLES[name])
        for library, median in sorted(medians.items(), key=lambda item: item[1]):
            print(f"  {library:16s} {median * 1e6:10.1f} µs   {median / medians['pluggrad']:6.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
