"""Autograd: recording, modes, the engine, hooks, in-place operations."""

from .function import Function
from .gradcheck import gradcheck, gradgradcheck
from .gradients import backward, grad
from .mode import enable_grad, inference_mode, is_grad_enabled, is_inference_mode_enabled, no_grad, set_grad_enabled
from .recorder import source

__all__ = [
    "Function", "backward", "enable_grad", "grad", "gradcheck", "gradgradcheck", "inference_mode", "is_grad_enabled",
    "is_inference_mode_enabled", "no_grad", "set_grad_enabled", "source",
]  # fmt: skip
