"""Losses of sequences. Gradients: tests/ops/test_ctc.py, through the log_softmax that PyTorch's takes for granted."""

from __future__ import annotations

from ..case import Case, Refusal, function, module, refused, uniform, values

_PROBS = uniform(6, 2, 4, low=-3.0, high=-1.0, grad=False)
_TARGETS = values([[1, 2, 2], [3, 1, 0]])

CASES: list[Case] = [
    module("CTCLoss()", _PROBS, _TARGETS, (6, 5), (3, 2)),
    module("CTCLoss(blank=3, reduction='none')", _PROBS, values([1, 2, 2, 0]), values([6, 5]), values([3, 1])),
    module("CTCLoss(reduction='sum', zero_infinity=True)", _PROBS, _TARGETS, (6, 1), (3, 2)),
    function("ctc_loss", _PROBS, _TARGETS, (6, 5), (3, 0), reduction="none"),
]
REFUSALS: list[Refusal] = [
    refused("ctc_loss", _PROBS, _TARGETS, (7, 5), (3, 2), match="at most 6"),
]
