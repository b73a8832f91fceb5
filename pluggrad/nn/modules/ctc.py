"""The loss of sequences whose places in time are unknown."""

from __future__ import annotations

from collections.abc import Sequence

from ...tensor import Tensor
from .. import functional as F
from .loss import _Loss

__all__ = ["CTCLoss"]


class CTCLoss(_Loss):
    """Connectionist temporal classification: see :func:`pluggrad.nn.functional.ctc_loss`.

    >>> import pluggrad
    >>> log_probs = pluggrad.zeros(5, 2, 4).log_softmax(2)
    >>> loss = pluggrad.nn.CTCLoss(reduction="none")
    >>> loss(log_probs, pluggrad.tensor([[1, 2], [3, 3]]), (5, 5), (2, 2)).shape
    pluggrad.Size([2])
    """

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(reduction=reduction)
        self.blank, self.zero_infinity = blank, zero_infinity

    def forward(
        self, log_probs: Tensor, targets: Tensor, input_lengths: Tensor | Sequence[int],
        target_lengths: Tensor | Sequence[int],
    ) -> Tensor:  # fmt: skip
        return F.ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction, self.zero_infinity
        )
