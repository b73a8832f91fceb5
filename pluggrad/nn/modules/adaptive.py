"""A softmax over very many classes, of which the rare ones are computed only where they are needed."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence
from typing import Any

from ...device import Device
from ...dtypes import DType
from ...errors import ShapeError
from ...ops.gathering import gather, index_add
from ...ops.joining import concat
from ...tensor import Tensor
from .. import functional as F
from .container import ModuleList, Sequential
from .linear import Linear
from .module import Module

__all__ = ["AdaptiveLogSoftmaxWithLoss"]

_ASMoutput = namedtuple("_ASMoutput", ["output", "loss"])  # noqa: PYI024 (its fields are PyTorch's)


class AdaptiveLogSoftmaxWithLoss(Module):
    """The adaptive softmax of Grave et al., "Efficient softmax approximation for GPUs", 2017.

    Classes are numbered by falling frequency. The first ``cutoffs[0]`` are in the head; the others in clusters between
    the cutoffs, each of them one class of the head, and with a projection that is smaller the rarer they are.

    Parameters
    ----------
    in_features : the last size of the input
    n_classes : how many classes there are
    cutoffs : where the clusters begin, rising, from 1 to ``n_classes - 1``
    div_value : the projection of cluster i has in_features // div_value**(i + 1) features
    head_bias : whether the head has a bias
    device, dtype : of the parameters

    Attributes
    ----------
    head : Linear
    tail : ModuleList of two Linear without bias each

    Called with an input (N, in_features) or (in_features) and the target classes, (N) or (), it gives a named tuple:
    ``output``, the log-probabilities of the targets, and ``loss``, minus their mean.

    Raises
    ------
    ValueError : cutoffs that do not rise from 1 to n_classes - 1

    >>> import pluggrad
    >>> layer = pluggrad.nn.AdaptiveLogSoftmaxWithLoss(16, 100, cutoffs=[10, 50])
    >>> layer(pluggrad.zeros(3, 16), pluggrad.tensor([0, 20, 99])).output.shape
    pluggrad.Size([3])
    >>> layer.log_prob(pluggrad.zeros(3, 16)).shape, layer.predict(pluggrad.zeros(3, 16)).shape
    (pluggrad.Size([3, 100]), pluggrad.Size([3]))
    """

    def __init__(
        self, in_features: int, n_classes: int, cutoffs: Sequence[int], div_value: float = 4.0, head_bias: bool = False,
        device: Device | str | None = None, dtype: DType | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        given = list(cutoffs)
        if not given:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        if given != sorted(set(given)) or given[0] <= 0 or given[-1] > n_classes - 1 or any(int(c) != c for c in given):
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each "
                f"value is between 1 and n_classes-1, got {given}"
            )
        self.in_features, self.n_classes, self.cutoffs = in_features, n_classes, [*given, n_classes]
        self.div_value, self.head_bias = div_value, head_bias
        self.shortlist_size, self.n_clusters = given[0], len(given)
        self.head_size = self.shortlist_size + self.n_clusters
        options: dict[str, Any] = {"device": device, "dtype": dtype}
        self.head = Linear(in_features, self.head_size, bias=head_bias, **options)
        self.tail = ModuleList()
        for i in range(self.n_clusters):
            hidden, size = int(in_features // div_value ** (i + 1)), self.cutoffs[i + 1] - self.cutoffs[i]
            self.tail.append(
                Sequential(
                    Linear(in_features, hidden, bias=False, **options), Linear(hidden, size, bias=False, **options)
                )
            )

    def reset_parameters(self) -> None:
        """Draw the weights of head and clusters anew."""
        for module in self.modules():
            if isinstance(module, Linear):
                module.reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> Any:
        single = target_.ndim == 0
        if target_.ndim > 1 or input_.ndim != target_.ndim + 1 or (not single and len(input_) != len(target_)):
            raise ShapeError(
                "AdaptiveLogSoftmaxWithLoss: expected input (N, in_features) with target (N), of the same size in the "
                f"batch dimension, or (in_features) with (), got shapes {tuple(input_.shape)}, {tuple(target_.shape)}"
            )
        x, target = (input_.unsqueeze(0), target_.unsqueeze(0)) if single else (input_, target_)
        if bool(((target < 0) | (target >= self.n_classes)).any()):
            raise RuntimeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range "
                f"[{target.min().item()}, {target.max().item()}] were found."
            )
        output = x.new_zeros(target.shape[0])
        number = target  # in the head: the class, or its cluster
        for i, cluster in enumerate(self.tail):
            low, high = self.cutoffs[i], self.cutoffs[i + 1]
            mask = (target >= low) & (target < high)
            rows = mask.nonzero().reshape(-1)
            if not rows.shape[0]:
                continue
            number = number.masked_fill(mask, self.shortlist_size + i)
            local = F.log_softmax(cluster(x[rows]), dim=1)
            output = index_add(output, 0, rows, gather(local, 1, (target[rows] - low).unsqueeze(1)).reshape(-1))
        head = F.log_softmax(self.head(x), dim=1)
        output = output + gather(head, 1, number.unsqueeze(1)).reshape(-1)
        return _ASMoutput(output.reshape(()) if single else output, (-output).mean())

    def log_prob(self, input: Tensor) -> Tensor:
        """The log-probabilities of all classes, (N, n_classes), of an input (N, in_features)."""
        head = F.log_softmax(self.head(input), dim=1)
        parts = [head[:, : self.shortlist_size]]
        for i, cluster in enumerate(self.tail):
            parts.append(F.log_softmax(cluster(input), dim=1) + head[:, self.shortlist_size + i].unsqueeze(1))
        return concat(parts, 1)

    def predict(self, input: Tensor) -> Tensor:
        """The class of the highest probability, (N), of an input (N, in_features).

        Where the likeliest class of the head is no cluster, it is that class: no other can be likelier.
        """
        best = self.head(input).argmax(1)
        rare = best >= self.shortlist_size
        return best.where(~rare, self.log_prob(input).argmax(1)) if bool(rare.any()) else best
