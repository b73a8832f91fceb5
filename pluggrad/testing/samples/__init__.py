"""Sample inputs of every registered function: what the gradient checks and the conformance suite run on.

>>> from pluggrad.testing.samples import samples_of
>>> samples_of("negative")[0].arrays[0].kind
'real'
"""

from importlib import import_module

from .spec import Sample, Spec, all_samples, determined, samples_of

for _name in (
    "elementwise",
    "fft",
    "indexing",
    "larger",
    "linalg",
    "logic",
    "manipulation",
    "neural",
    "reductions",
    "sequences",
    "special",
):
    import_module(f".{_name}", __name__)

__all__ = ["Sample", "Spec", "all_samples", "determined", "samples_of"]
