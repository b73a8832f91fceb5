"""Testing: sample inputs of every registered function, and the conformance suite that any backend can be checked with.

The suite is run by pytest or, which is the same, from the command line::

    pytest --pluggrad-device=NAME --pyargs pluggrad.testing.conformance
    python -m pluggrad conformance --device NAME
"""

from .run import run_conformance

__all__ = ["run_conformance"]
