"""What a run has to show, written for TensorBoard: :class:`SummaryWriter`, as in PyTorch.

Needs the package ``tensorboard``: ``pip install "pluggrad[tensorboard]"``.
"""

from .writer import SummaryWriter

__all__ = ["SummaryWriter"]
