"""``torch.cuda.amp``: mixed precision as programs had it before ``torch.amp``, always for the device type "cuda"."""

from __future__ import annotations

from functools import partial

from .. import amp
from ..dtypes import DType, float16

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd"]

custom_fwd = partial(amp.custom_fwd, device_type="cuda")
custom_bwd = partial(amp.custom_bwd, device_type="cuda")


class autocast(amp.autocast):
    """:class:`pluggrad.amp.autocast` for the device type "cuda".

    Parameters
    ----------
    enabled, dtype, cache_enabled : as there
    """

    def __init__(self, enabled: bool = True, dtype: DType = float16, cache_enabled: bool = True) -> None:
        super().__init__("cuda", dtype=dtype, enabled=enabled, cache_enabled=cache_enabled)


class GradScaler(amp.GradScaler):
    """:class:`pluggrad.amp.GradScaler` for the device type "cuda".

    Parameters
    ----------
    init_scale, growth_factor, backoff_factor, growth_interval, enabled : as there
    """

    def __init__(
        self, init_scale: float = 2.0**16, growth_factor: float = 2.0, backoff_factor: float = 0.5,
        growth_interval: int = 2000, enabled: bool = True,
    ) -> None:  # fmt: skip
        super().__init__("cuda", init_scale, growth_factor, backoff_factor, growth_interval, enabled)
