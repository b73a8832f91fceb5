"""Normalisation of channels: of a batch, and of each sample (instance normalisation)."""

from __future__ import annotations

import warnings
from typing import Any

from ...device import Device
from ...dtypes import DType, int64
from ...errors import ShapeError
from ...ops.creation import empty, ones, tensor, zeros
from ...tensor import Tensor
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .module import Module

__all__ = [
    "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d", "SyncBatchNorm",
]  # fmt: skip


class _ChannelNorm(Module):
    """What batch and instance normalisation of any number of dimensions have in common: weights and statistics."""

    _version = 2
    #: The numbers of axes that the input may have.
    _ndims: tuple[int, ...]

    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True,
        track_running_stats: bool = True, device: Device | str | None = None, dtype: DType | None = None, *,
        bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        for name, wanted in (("weight", affine), ("bias", affine and bias)):
            parameter = Parameter(empty(num_features, device=device, dtype=dtype)) if wanted else None
            self.register_parameter(name, parameter)
        track = track_running_stats
        self.register_buffer("running_mean", zeros(num_features, device=device, dtype=dtype) if track else None)
        self.register_buffer("running_var", ones(num_features, device=device, dtype=dtype) if track else None)
        self.register_buffer("num_batches_tracked", tensor(0, dtype=int64, device=device) if track else None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget the statistics of earlier batches: mean 0, variance 1."""
        if self.track_running_stats:
            self.running_mean.zero_()  # type: ignore[union-attr]
            self.running_var.fill_(1)  # type: ignore[union-attr]
            self.num_batches_tracked.zero_()  # type: ignore[union-attr]

    def reset_parameters(self) -> None:
        """Weights 1, biases 0, no statistics."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def _check_input_dim(self, input: Tensor) -> None:
        if input.ndim not in self._ndims:
            expected = " or ".join(f"{n}D" for n in self._ndims)
            raise ShapeError(f"expected {expected} input (got {input.ndim}D input)")

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )

    def _load_from_state_dict(
        self, state_dict: Any, prefix: str, local_metadata: dict[str, Any], strict: bool, missing_keys: list[str],
        unexpected_keys: list[str], error_msgs: list[str],
    ) -> None:  # fmt: skip
        version = local_metadata.get("version")
        key = f"{prefix}num_batches_tracked"
        if (version is None or version < 2) and self.track_running_stats and key not in state_dict:
            # Version 1 did not count batches.
            state_dict[key] = tensor(0, dtype=int64) if self.num_batches_tracked is None else self.num_batches_tracked
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )


class _BatchNorm(_ChannelNorm):
    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        momentum = 0.0 if self.momentum is None else self.momentum
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:  # the average over all batches
                momentum = 1.0 / self.num_batches_tracked.item()
        has_stats = self.running_mean is not None and self.running_var is not None
        update = not self.training or self.track_running_stats
        return F.batch_norm(
            input, self.running_mean if update else None, self.running_var if update else None, self.weight, self.bias,
            self.training or not has_stats, momentum, self.eps,
        )  # fmt: skip


class BatchNorm1d(_BatchNorm):
    """Batch normalisation of (N, C) or (N, C, L); see :class:`BatchNorm2d`.

    >>> import pluggrad
    >>> pluggrad.nn.BatchNorm1d(1)(pluggrad.tensor([[1.0], [3.0]])).detach()
    tensor([[-1.0000],
            [ 1.0000]])
    """

    _ndims = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Normalise each channel of images, (N, C, H, W), to mean 0 and variance 1, then scale and shift it.

    Parameters
    ----------
    num_features : C
    eps : added to the variance
    momentum : how far the running statistics move toward those of a batch; None: they average over all batches
    affine : whether to scale and shift
    bias : whether to shift
    track_running_stats : whether to keep running statistics, by which inputs are normalised in evaluation mode
    device, dtype : of the parameters

    Attributes
    ----------
    weight, bias : Parameter, shape (C), 1 and 0 at first, or None
    running_mean, running_var, num_batches_tracked : buffers

    >>> import pluggrad
    >>> pluggrad.nn.BatchNorm2d(3)(pluggrad.zeros(2, 3, 4, 4)).shape
    pluggrad.Size([2, 3, 4, 4])
    """

    _ndims = (4,)


class BatchNorm3d(_BatchNorm):
    """Batch normalisation of (N, C, D, H, W); see :class:`BatchNorm2d`."""

    _ndims = (5,)


class SyncBatchNorm(_BatchNorm):
    """Batch normalisation whose statistics are those of all processes; in one process it is :class:`BatchNorm2d`.

    It takes inputs of any number of axes, (N, C, ...), and the arguments of :class:`BatchNorm2d`, and besides

    Parameters
    ----------
    process_group : the processes to share statistics with; kept for PyTorch's sake

    >>> import pluggrad
    >>> pluggrad.nn.SyncBatchNorm(3)(pluggrad.zeros(2, 3, 4)).shape
    pluggrad.Size([2, 3, 4])
    """

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True,
        track_running_stats: bool = True, process_group: Any = None, device: Device | str | None = None,
        dtype: DType | None = None, *, bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self.process_group = process_group

    def _check_input_dim(self, input: Tensor) -> None:
        if input.ndim < 2:
            raise ShapeError(f"expected at least 2D input (got {input.ndim}D input)")
        if input.shape[1] == 0:
            raise ShapeError("SyncBatchNorm number of input channels should be non-zero")

    @classmethod
    def convert_sync_batchnorm(cls, module: Module, process_group: Any = None) -> Module:
        """Put a SyncBatchNorm, with the same parameters and statistics, in the place of every batch normalisation.

        Returns
        -------
        the module, or what has taken its place

        >>> import pluggrad
        >>> net = pluggrad.nn.Sequential(pluggrad.nn.BatchNorm1d(3))
        >>> pluggrad.nn.SyncBatchNorm.convert_sync_batchnorm(net)[0].__class__.__name__
        'SyncBatchNorm'
        """
        out = module
        if isinstance(module, _BatchNorm):
            new = cls(
                module.num_features, module.eps, module.momentum, module.affine, module.track_running_stats,
                process_group, bias=module.bias is not None,
            )  # fmt: skip
            for name in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
                setattr(new, name, getattr(module, name))
            out = new.train(module.training)
        for name, child in module.named_children():
            out.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return out


class _InstanceNorm(_ChannelNorm):
    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float = 0.1, affine: bool = False,
        track_running_stats: bool = False, device: Device | str | None = None, dtype: DType | None = None, *,
        bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        batched = input.ndim == max(self._ndims)
        axis = 1 if batched else 0
        if input.shape[axis] != self.num_features:
            if self.affine:
                raise ShapeError(
                    f"expected input's size at dim={axis} to match num_features ({self.num_features}), but got: "
                    f"{input.shape[axis]}."
                )
            warnings.warn(
                f"input's size at dim={axis} does not match num_features. You can silence this warning by not "
                "passing in num_features, which is not used because affine=False",
                stacklevel=3,
            )
        out = F.instance_norm(
            input if batched else input.unsqueeze(0), self.running_mean, self.running_var, self.weight, self.bias,
            self.training or not self.track_running_stats, 0.0 if self.momentum is None else self.momentum, self.eps,
        )  # fmt: skip
        return out if batched else out.squeeze(0)


class InstanceNorm1d(_InstanceNorm):
    """Instance normalisation of (N, C, L) or (C, L); see :class:`InstanceNorm2d`."""

    _ndims = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """Normalise each channel of each image, (N, C, H, W) or (C, H, W), to mean 0 and variance 1.

    Parameters
    ----------
    num_features : C
    eps : added to the variance
    momentum : how far the running statistics move toward those of a batch
    affine : whether to scale and shift
    track_running_stats : whether to keep running statistics, by which inputs are normalised in evaluation mode
    bias : whether to shift
    device, dtype : of the parameters

    >>> import pluggrad
    >>> pluggrad.nn.InstanceNorm2d(1)(pluggrad.tensor([[[1.0, 3.0]]]))
    tensor([[[-1.0000,  1.0000]]])
    """

    _ndims = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """Instance normalisation of (N, C, D, H, W) or (C, D, H, W); see :class:`InstanceNorm2d`."""

    _ndims = (4, 5)
