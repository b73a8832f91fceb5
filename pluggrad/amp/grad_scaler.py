"""Losses scaled up, so that small gradients do not vanish in float16."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ..autograd.autocast import is_autocast_available
from ..autograd.mode import no_grad
from ..dtypes import finfo, float16, float32
from ..errors import ExpectationError
from ..ops.creation import tensor
from ..ops.joining import stack
from ..optim.optimizer import Optimizer
from ..tensor import Tensor

__all__ = ["GradScaler"]


class _Stage(Enum):
    """How far an optimiser is in this iteration."""

    READY, UNSCALED, STEPPED = range(3)


@dataclass(slots=True)
class _OfOptimizer:
    """What the scaler knows of an optimiser in this iteration; ``overflow`` is None until gradients were looked at."""

    stage: _Stage = _Stage.READY
    overflow: bool | None = None


class GradScaler:
    """Scales losses, and skips the steps in which gradients overflow (Micikevicius et al., 2018).

    The scale grows while no gradient is infinite or NaN and shrinks when one is. Of use with float16, whose
    smallest number is 6e-8; bfloat16 reaches as far as float32.

    Parameters
    ----------
    device : str, type of the devices that the gradients are on. If no backend here has such devices, the scaler
        does nothing, with a warning
    init_scale : the first scale
    growth_factor : what the scale is multiplied by after ``growth_interval`` steps in a row without overflow
    backoff_factor : what it is multiplied by after a step that was skipped
    growth_interval : int
    enabled : bool, False: all methods pass through

    Raises
    ------
    ValueError : ``growth_factor`` is not above 1, or ``backoff_factor`` not below

    >>> import pluggrad
    >>> w = pluggrad.ones(2, requires_grad=True)
    >>> optimizer, scaler = pluggrad.optim.SGD([w], lr=0.5), GradScaler("cpu", init_scale=1024.0)
    >>> with pluggrad.autocast("cpu", dtype=pluggrad.float16):
    ...     loss = (w @ w) / 2
    >>> scaler.scale(loss).backward()
    >>> scaler.step(optimizer)
    >>> scaler.update()
    >>> w
    tensor([0.5000, 0.5000], requires_grad=True)
    """

    def __init__(
        self, device: str = "cuda", init_scale: float = 2.0**16, growth_factor: float = 2.0,
        backoff_factor: float = 0.5, growth_interval: int = 2000, enabled: bool = True,
    ) -> None:  # fmt: skip
        self._device, self._enabled = device, enabled
        if enabled and not is_autocast_available(device):
            warnings.warn(
                f"GradScaler is enabled, but no backend here has devices of type {device!r}. Disabling.",
                UserWarning,
                stacklevel=2,
            )
            self._enabled = False
        self._init_scale = init_scale
        self._scale: float | None = None  # none yet: nothing was scaled
        self.set_growth_factor(growth_factor)
        self.set_backoff_factor(backoff_factor)
        self._growth_interval, self._growth_tracker = growth_interval, 0
        self._per_optimizer: dict[int, _OfOptimizer] = {}

    def scale(self, outputs: Any) -> Any:
        """Multiply by the scale a loss, or tensors in lists and tuples; half precision gives float32.

        Raises
        ------
        ValueError : something else than tensors
        """
        if not self._enabled:
            return outputs
        if self._scale is None:
            self._scale = float(self._init_scale)
        if isinstance(outputs, Tensor):
            if outputs.dtype.bits == 16:  # to which the scale itself may be infinite
                return outputs * tensor(self._scale, dtype=float32, device=outputs.device)
            return outputs * self._scale
        if isinstance(outputs, Iterable) and not isinstance(outputs, str):
            scaled = (self.scale(output) for output in outputs)
            return type(outputs)(scaled) if isinstance(outputs, list | tuple) else scaled
        raise ValueError(f"outputs must be a Tensor or an iterable of Tensors, got {type(outputs).__name__}")

    def unscale_(self, optimizer: Optimizer) -> None:
        """Divide the gradients of an optimiser by the scale, before they are clipped, say; :meth:`step` does it else.

        Raises
        ------
        RuntimeError : called twice, or after :meth:`step`, since the last :meth:`update`; nothing was scaled yet
        ValueError : gradients in float16, as only a model has whose weights are: they are to stay in float32
        """
        if not self._enabled:
            return
        scale, known = self._scale_for("unscale_"), self._of(optimizer)
        if known.stage is _Stage.UNSCALED:
            raise RuntimeError("unscale_() has already been called on this optimizer since the last update().")
        if known.stage is _Stage.STEPPED:
            raise RuntimeError("unscale_() is being called after step().")
        known.overflow = _unscale(optimizer, 1.0 / scale)
        known.stage = _Stage.UNSCALED

    def step(self, optimizer: Optimizer, *args: Any, **kwargs: Any) -> Any:
        """Take ``optimizer.step(*args, **kwargs)``, unless a gradient is infinite or NaN.

        Returns
        -------
        what the step returned; None if it was skipped

        Raises
        ------
        RuntimeError : called twice since the last :meth:`update`; nothing was scaled yet; with a closure
        """
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if "closure" in kwargs:
            raise RuntimeError("Closure use is not currently supported if GradScaler is enabled.")
        self._scale_for("step")
        known = self._of(optimizer)
        if known.stage is _Stage.STEPPED:
            raise RuntimeError("step() has already been called since the last update().")
        if known.stage is _Stage.READY:
            self.unscale_(optimizer)
        if known.overflow is None:
            raise RuntimeError("No inf checks were recorded for this optimizer: none of its parameters has a gradient.")
        result = None if known.overflow else optimizer.step(*args, **kwargs)
        known.stage = _Stage.STEPPED
        return result

    def update(self, new_scale: float | Tensor | None = None) -> None:
        """Set the scale of the next iteration, from what the gradients of this one were or to ``new_scale``.

        Raises
        ------
        RuntimeError : no gradients were looked at, or nothing was scaled yet
        """
        if not self._enabled:
            return
        scale = self._scale_for("update")
        if new_scale is not None:
            self._scale = float(new_scale)
        else:
            overflows = [s.overflow for s in self._per_optimizer.values() if s.overflow is not None]
            if not overflows:
                raise RuntimeError("No inf checks were recorded prior to update.")
            if any(overflows):
                self._scale, self._growth_tracker = scale * self._backoff_factor, 0
            else:
                self._growth_tracker += 1
                if self._growth_tracker == self._growth_interval:
                    grown = scale * self._growth_factor
                    self._scale = grown if grown <= finfo(float32).max else scale
                    self._growth_tracker = 0
        self._per_optimizer = {}

    def _scale_for(self, method: str) -> float:
        if self._scale is None:
            raise ExpectationError(
                f"Attempted {method} but _scale is None.  This may indicate your script did not use "
                f"scaler.scale(loss or outputs) earlier in the iteration."
            )
        return self._scale

    def _of(self, optimizer: Optimizer) -> _OfOptimizer:
        return self._per_optimizer.setdefault(id(optimizer), _OfOptimizer())

    def get_scale(self) -> float:
        """The scale now; 1 if this scaler does nothing."""
        if not self._enabled:
            return 1.0
        return float(self._init_scale) if self._scale is None else self._scale

    def get_growth_factor(self) -> float:
        """What the scale grows by."""
        return self._growth_factor

    def set_growth_factor(self, new_factor: float) -> None:
        """Choose what the scale grows by.

        Raises
        ------
        ValueError : not above 1
        """
        if not new_factor > 1.0:
            raise ExpectationError("The growth factor must be > 1.0.")
        self._growth_factor = new_factor

    def get_backoff_factor(self) -> float:
        """What the scale is multiplied by after an overflow."""
        return self._backoff_factor

    def set_backoff_factor(self, new_factor: float) -> None:
        """Choose what the scale is multiplied by after an overflow.

        Raises
        ------
        ValueError : not below 1
        """
        if not new_factor < 1.0:
            raise ExpectationError("The backoff factor must be < 1.0.")
        self._backoff_factor = new_factor

    def get_growth_interval(self) -> int:
        """After how many steps without overflow the scale grows."""
        return self._growth_interval

    def set_growth_interval(self, new_interval: int) -> None:
        """Choose after how many steps without overflow the scale grows."""
        self._growth_interval = new_interval

    def is_enabled(self) -> bool:
        """Whether this scaler does anything."""
        return self._enabled

    def state_dict(self) -> dict[str, Any]:
        """Scale, factors and the number of steps without overflow, as in PyTorch; empty if it does nothing."""
        if not self._enabled:
            return {}
        return {
            "scale": self.get_scale(), "growth_factor": self._growth_factor, "backoff_factor": self._backoff_factor,
            "growth_interval": self._growth_interval, "_growth_tracker": self._growth_tracker,
        }  # fmt: skip

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state from :meth:`state_dict`, of pluggrad's or of PyTorch's.

        Raises
        ------
        RuntimeError : an empty one
        """
        if not self._enabled:
            return
        if not state_dict:
            raise RuntimeError(
                "The source state dict is empty, possibly because it was saved from a disabled instance of GradScaler."
            )
        self._init_scale = float(state_dict["scale"])
        if self._scale is not None:
            self._scale = self._init_scale
        self._growth_factor, self._backoff_factor = state_dict["growth_factor"], state_dict["backoff_factor"]
        self._growth_interval = state_dict["growth_interval"]
        self._growth_tracker = int(state_dict["_growth_tracker"])

    def __getstate__(self) -> dict[str, Any]:
        if self._enabled and self._per_optimizer:
            raise RuntimeError(
                "A GradScaler instance may only be pickled at the beginning of an iteration, or at the end after "
                "scaler.update()."
            )
        return self.__dict__.copy()


@no_grad()
def _unscale(optimizer: Optimizer, factor: float) -> bool | None:
    """Multiply all gradients; whether one was infinite or NaN, None if there are none."""
    grads = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
    for g in grads:
        if g.dtype is float16:
            raise ValueError("Attempting to unscale FP16 gradients.")
    overflow = bool(grads) and not _all_finite(grads)
    for g in grads:
        g.mul_(factor)
    return overflow if grads else None


def _all_finite(grads: Sequence[Tensor]) -> bool:
    """Whether no gradient has an infinity or a NaN: Python waits once for each device, twice in case of doubt."""
    by_device: dict[Any, list[Tensor]] = {}
    for g in grads:
        by_device.setdefault(g.device, []).append(g)
    for here in by_device.values():
        # A sum of finite numbers may be infinite: then, which is rare, each number is looked at.
        if not math.isfinite(stack([_sum(g) for g in here]).sum().item()):
            if not stack([g.isfinite().all() for g in here]).all().item():
                return False
    return True


def _sum(x: Tensor) -> Tensor:
    """Infinite or NaN if a number of ``x`` is; float32."""
    total = x.sum()
    return (total.abs() if total.dtype.is_complex else total).to(float32)
