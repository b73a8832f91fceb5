"""The same work in libraries that do the same: HIPS/autograd, MyGrad, tinygrad, JAX with and without jit, PyTorch.

    pip install autograd mygrad tinygrad jax torch==2.13.0
    python benchmarks/peers.py [--seconds 2]

Each workload is written as a user of the library would write it; what a library lacks is left out.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from timing import Side, Step, in_turn, serve, shown

#: The layers of the networks, and the batch of each.
NETWORKS = {"network": ((32, 64, 64, 8), 32), "large_network": ((784, 512, 512, 10), 64)}
#: Elements of the chain of pointwise functions.
MANY = 1_000_000


def _data(name: str) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    sizes, batch = NETWORKS[name]
    rng = np.random.default_rng(0)
    weights = []
    for n, m in pairwise(sizes):
        weights += [rng.normal(size=(n, m)).astype(np.float32) * n**-0.5, np.zeros(m, np.float32)]
    return (
        weights,
        rng.normal(size=(batch, sizes[0])).astype(np.float32),
        rng.normal(size=(batch, sizes[-1])).astype(np.float32),
    )


def _many() -> np.ndarray:
    return np.random.default_rng(0).normal(size=MANY).astype(np.float32)


# -- the work, in what all of them understand --------------------------------------------------------------------


def _chain(x: Any, y: Any, tanh: Callable[[Any], Any]) -> Any:
    """Twenty operations."""
    h = x
    for _ in range(5):
        h = tanh(h * y + x) - y
    return h


def _pointwise(x: Any, lib: Any) -> Any:
    """Ten operations."""
    h = lib.tanh(x * 2 - 1)
    h = lib.exp(h)
    h = lib.log(h + 1)
    return lib.tanh(h * h) / (1 + h)


def _network(weights: Any, x: Any, t: Any, lib: Any) -> Any:
    h = x
    for i in range(0, len(weights), 2):
        h = lib.matmul(h, weights[i]) + weights[i + 1]
        if i < len(weights) - 2:
            h = lib.tanh(h)
    return ((h - t) ** 2).mean()


# -- in each library ---------------------------------------------------------------------------------------------


def like_torch(lib: Any) -> dict[str, Callable[[], Step]]:
    """What is the same in pluggrad and PyTorch."""

    def chain() -> Step:
        a, b = (lib.tensor(v, requires_grad=True) for v in ([0.1, 0.2, 0.3, 0.4], [0.9, 0.8, 0.7, 0.6]))

        def step() -> None:
            _chain(a, b, lib.tanh).sum().backward()
            a.grad = b.grad = None

        return step

    def pointwise() -> Step:
        x = lib.tensor(_many(), requires_grad=True)

        def step() -> None:
            _pointwise(x, lib).sum().backward()
            x.grad = None

        return step

    def network(name: str) -> Step:
        weights, x, t = _data(name)
        params = [lib.tensor(w, requires_grad=True) for w in weights]
        x, t = lib.tensor(x), lib.tensor(t)

        def step() -> None:
            _network(params, x, t, lib).backward()
            with lib.no_grad():
                for p in params:
                    p -= 0.01 * p.grad
                    p.grad = None

        return step

    def hvp() -> Step:
        weights, x, t = _data("network")
        params = [lib.tensor(w, requires_grad=True) for w in weights]
        x, t, direction = lib.tensor(x), lib.tensor(t), [lib.ones_like(p) for p in params]

        def step() -> None:
            gs = lib.autograd.grad(_network(params, x, t, lib), params, create_graph=True)
            lib.autograd.grad(gs, params, direction)

        return step

    return _all(chain, pointwise, network, hvp)


def _all(
    chain: Callable[[], Step],
    pointwise: Callable[[], Step],
    network: Callable[[str], Step] | None = None,
    hvp: Callable[[], Step] | None = None,
) -> dict[str, Callable[[], Step]]:
    """What a library has of the work, by name."""
    found = {"chain": chain, "pointwise": pointwise}
    if network is not None:
        found |= {"network": lambda: network("network"), "large_network": lambda: network("large_network")}
    return found if hvp is None else found | {"hvp": hvp}


def pluggrad_steps() -> dict[str, Callable[[], Step]]:
    """pluggrad, with compiled kernels where they are installed."""
    import pluggrad

    return like_torch(pluggrad)


def torch_steps() -> dict[str, Callable[[], Step]]:
    """PyTorch."""
    import torch

    torch.set_num_threads(2)
    return like_torch(torch)


def autograd_steps() -> dict[str, Callable[[], Step]]:
    """HIPS/autograd."""
    import autograd
    import autograd.numpy as anp
    from autograd.misc import flatten

    def chain() -> Step:
        a, b = np.asarray([0.1, 0.2, 0.3, 0.4], np.float32), np.asarray([0.9, 0.8, 0.7, 0.6], np.float32)
        gradient = autograd.grad(lambda ab: anp.sum(_chain(ab[0], ab[1], anp.tanh)))
        return lambda: gradient((a, b))

    def pointwise() -> Step:
        x, gradient = _many(), autograd.grad(lambda x: anp.sum(_pointwise(x, anp)))
        return lambda: gradient(x)

    def loss(weights: Any, x: Any, t: Any) -> Any:
        return _network(weights, x, t, anp)

    def network(name: str) -> Step:
        weights, x, t = _data(name)
        gradient = autograd.grad(loss)

        def step() -> None:
            for w, g in zip(weights, gradient(weights, x, t), strict=True):
                w -= np.float32(0.01) * g

        return step

    def hvp() -> Step:
        weights, x, t = _data("network")
        product = autograd.hessian_vector_product(lambda flat: loss(unflatten(flat), x, t))
        flat, unflatten = flatten(weights)
        return lambda: product(flat, np.ones_like(flat))

    return _all(chain, pointwise, network, hvp)


def mygrad_steps() -> dict[str, Callable[[], Step]]:
    """MyGrad."""
    import mygrad

    def chain() -> Step:
        a, b = (mygrad.tensor(np.asarray(v, np.float32)) for v in ([0.1, 0.2, 0.3, 0.4], [0.9, 0.8, 0.7, 0.6]))
        return lambda: _chain(a, b, mygrad.tanh).sum().backward()

    def pointwise() -> Step:
        x = mygrad.tensor(_many())
        return lambda: _pointwise(x, mygrad).sum().backward()

    def network(name: str) -> Step:
        weights, x, t = _data(name)
        params = [mygrad.tensor(w) for w in weights]

        def step() -> None:
            _network(params, mygrad.tensor(x, constant=True), t, mygrad).backward()
            for p in params:
                p.data -= np.float32(0.01) * p.grad

        return step

    return _all(chain, pointwise, network)


def jax_steps(jit: bool = False) -> dict[str, Callable[[], Step]]:
    """JAX, each operation by itself."""
    import jax
    import jax.numpy as jnp

    compiled: Any = jax.jit if jit else lambda f: f

    def waiting(f: Any, *args: Any) -> Step:
        return lambda: jax.block_until_ready(f(*args))

    def chain() -> Step:
        a, b = (jnp.asarray(v, jnp.float32) for v in ([0.1, 0.2, 0.3, 0.4], [0.9, 0.8, 0.7, 0.6]))
        gradient = jax.grad(lambda a, b: _chain(a, b, jnp.tanh).sum(), argnums=(0, 1))
        return waiting(compiled(gradient), a, b)

    def pointwise() -> Step:
        return waiting(compiled(jax.grad(lambda x: _pointwise(x, jnp).sum())), jnp.asarray(_many()))

    def gradient_of(x: Any, t: Any) -> Any:
        return jax.grad(lambda weights: _network(weights, x, t, jnp))

    def network(name: str) -> Step:
        weights, x, t = _data(name)
        state = [[jnp.asarray(w) for w in weights]]
        gradient = gradient_of(x, t)
        update = compiled(lambda ws: [w - 0.01 * g for w, g in zip(ws, gradient(ws), strict=True)])

        def step() -> None:
            state[0] = jax.block_until_ready(update(state[0]))

        return step

    def hvp() -> Step:
        weights, x, t = _data("network")
        gradient = gradient_of(x, t)
        product = compiled(lambda ws, vs: jax.jvp(gradient, (ws,), (vs,))[1])
        given = [jnp.asarray(w) for w in weights]
        return waiting(product, given, [jnp.ones_like(w) for w in given])

    return _all(chain, pointwise, network, hvp)


def jax_jit_steps() -> dict[str, Callable[[], Step]]:
    """JAX, compiled."""
    return jax_steps(jit=True)


def tinygrad_steps() -> dict[str, Callable[[], Step]]:
    """tinygrad."""
    from tinygrad import Tensor

    def step_of(loss: Callable[[], Any], *inputs: Any) -> Step:
        def step() -> None:
            loss().backward()
            Tensor.realize(*[x.grad for x in inputs])
            for x in inputs:
                x.grad = None

        return step

    def chain() -> Step:
        a, b = (Tensor(v) for v in ([0.1, 0.2, 0.3, 0.4], [0.9, 0.8, 0.7, 0.6]))
        return step_of(lambda: _chain(a, b, Tensor.tanh).sum(), a, b)

    def pointwise() -> Step:
        x = Tensor(_many())
        return step_of(lambda: _pointwise(x, Tensor).sum(), x)

    return _all(chain, pointwise)


LIBRARIES: dict[str, tuple[str, Callable[[], dict[str, Callable[[], Step]]]]] = {
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
    "pointwise": "10 pointwise functions on 10^6 elements, forward and backward",
    "network": "MLP 32-64-64-8, batch 32, a step of gradient descent",
    "large_network": "MLP 784-512-512-10, batch 64, a step of gradient descent",
    "hvp": "Hessian-vector product, MLP 32-64-64-8, batch 32",
}


def serve_library(name: str) -> None:
    """Measure, in one library, what is asked for by name."""
    steps: dict[str, Callable[[], Step]] = {}

    def make(what: str) -> Step | None:
        if not steps:
            steps.update(LIBRARIES[name][1]())
        return steps[what]() if what in steps else None

    serve(make)


def measure(seconds: float) -> tuple[dict[str, dict[str, list[float]]], dict[str, str]]:
    """Times by workload and library; and, of those libraries that did not work, why not."""
    sides = [Side(__file__, name, limit=60.0) for name in LIBRARIES]
    found: dict[str, dict[str, list[float]]] = {}
    troubles: dict[str, str] = {}
    for what in TITLES:
        times = in_turn(sides, seconds, what, rest=0.05)
        found[what] = {side.library: t for side, t in zip(sides, times, strict=True) if t}
        for side in sides:
            if side.trouble:
                troubles.setdefault(side.library, side.trouble)
                print(f"{side.library} is LEFT OUT of {what} ({side.trouble})", file=sys.stderr)
    for side in sides:
        side.end()
    return found, troubles


def main() -> int:
    """Print a table for each workload."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each library and workload")
    parser.add_argument("--serve", choices=LIBRARIES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve_library(arguments.serve)
        return 0
    for name, times in measure(arguments.seconds)[0].items():
        print(TITLES[name])
        medians = {library: statistics.median(t) for library, t in times.items()}
        for library, median in sorted(medians.items(), key=lambda item: item[1]):
            print(f"  {library:16s} {shown(median):>12s}   {median / medians['pluggrad']:6.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
