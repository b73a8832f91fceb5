"""Random numbers: seeded generators, the same stream on every backend, and the tensors drawn from them.

>>> import pluggrad
>>> _ = pluggrad.random.manual_seed(0)
>>> pluggrad.random.randint(10, (3,))
tensor([9, 8, 9])
"""

from .discrete import bernoulli, binomial, multinomial, poisson
from .generator import (
    Generator,
    default_generator,
    fork_rng,
    get_rng_state,
    initial_seed,
    manual_seed,
    seed,
    set_rng_state,
)  # fmt: skip
from .sampling import normal, rand, rand_like, randint, randint_like, randn, randn_like, randperm

__all__ = [
    "Generator", "bernoulli", "binomial", "default_generator", "fork_rng", "get_rng_state", "initial_seed",
    "manual_seed", "multinomial", "normal", "poisson", "rand", "rand_like", "randint", "randint_like", "randn",
    "randn_like", "randperm", "seed", "set_rng_state",
]  # fmt: skip
