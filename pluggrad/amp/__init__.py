"""Mixed precision under PyTorch's names: regions that compute in half the bits, and a scaler of losses for float16."""

from ..autograd.autocast import autocast, is_autocast_available
from .custom_functions import custom_bwd, custom_fwd
from .grad_scaler import GradScaler

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd", "is_autocast_available"]
