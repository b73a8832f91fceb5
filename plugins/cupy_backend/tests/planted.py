"""Wrong kernels for the conformance suite to find: loaded by ``-p planted`` in the process of the simulation."""

from __future__ import annotations

import functools
from collections.abc import Callable

from pluggrad_cupy import launch

#: By file of kernels: what stands there, and what is to stand there instead.
DEFECTS = {
    "softmax": ("LOG ? shifted - scale", "LOG ? shifted"),  # log_softmax without the logarithm of the sum
    "norms": ("/ W(n) + W(eps)", "/ W(n - 1) + W(eps)"),  # the unbiased variance
}


def _planted(honest: Callable[[str], str], file: str) -> str:
    text = honest(file)
    if file not in DEFECTS:
        return text
    right, wrong = DEFECTS[file]
    assert right in text, f"{file}.cu has changed: plant another defect"
    return text.replace(right, wrong)


launch.text = functools.cache(functools.partial(_planted, launch.text))
