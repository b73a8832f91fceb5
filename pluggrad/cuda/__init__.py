"""NVIDIA GPUs: devices, memory, streams, events, as ``torch.cuda`` has them.

Nothing here knows an array library: the backend of the device ``"cuda"`` does what is asked (its ``accelerator``, see
:class:`pluggrad.backends.protocol.Accelerator`). Where none can be used, :func:`is_available` is False and all that
would need a GPU raises :class:`pluggrad.errors.BackendUnavailable`, which names the cause: not-installed, two-wheels,
import-failed, no-driver, driver-too-old, no-device, cuda-error, or no-toolkit.

>>> import pluggrad
>>> device = "cuda" if pluggrad.cuda.is_available() else "cpu"
"""

from ..dtypes import bfloat16, bool_, float16, float32, float64, int8, int16, int32, int64, uint8
from ..errors import OutOfMemoryError
from ..typed import TensorType
from . import nvtx
from .devices import (
    can_device_access_peer,
    current_device,
    device,
    device_count,
    device_of,
    get_arch_list,
    get_device_capability,
    get_device_name,
    get_device_properties,
    get_sync_debug_mode,
    host_copies,
    init,
    is_available,
    is_bf16_supported,
    is_initialized,
    set_device,
    set_sync_debug_mode,
    synchronize,
    unavailable_reason,
)  # fmt: skip
from .memory import (
    empty_cache,
    max_memory_allocated,
    max_memory_reserved,
    mem_get_info,
    memory_allocated,
    memory_reserved,
    memory_stats,
    memory_summary,
    reset_peak_memory_stats,
    set_per_process_memory_fraction,
)  # fmt: skip
from .random import (
    get_rng_state,
    get_rng_state_all,
    initial_seed,
    manual_seed,
    manual_seed_all,
    seed,
    seed_all,
    set_rng_state,
    set_rng_state_all,
)  # fmt: skip
from .streams import (
    Event,
    ExternalStream,
    Stream,
    StreamContext,
    current_stream,
    default_stream,
    set_stream,
    stream,
)  # fmt: skip

FloatTensor, DoubleTensor = TensorType(float32, "cuda"), TensorType(float64, "cuda")
HalfTensor, BFloat16Tensor = TensorType(float16, "cuda"), TensorType(bfloat16, "cuda")
ByteTensor, CharTensor, BoolTensor = TensorType(uint8, "cuda"), TensorType(int8, "cuda"), TensorType(bool_, "cuda")
ShortTensor, IntTensor, LongTensor = (
    TensorType(int16, "cuda"),
    TensorType(int32, "cuda"),
    TensorType(int64, "cuda"),
)

__all__ = [
    "BFloat16Tensor", "BoolTensor", "ByteTensor", "CharTensor", "DoubleTensor", "Event", "ExternalStream",
    "FloatTensor", "HalfTensor", "IntTensor", "LongTensor", "OutOfMemoryError", "ShortTensor", "Stream",
    "StreamContext", "can_device_access_peer", "current_device", "current_stream", "default_stream", "device",
    "device_count", "device_of", "empty_cache", "get_arch_list", "get_device_capability", "get_device_name",
    "get_device_properties", "get_rng_state", "get_rng_state_all", "get_sync_debug_mode", "host_copies", "init",
    "initial_seed", "is_available", "is_bf16_supported", "is_initialized", "manual_seed", "manual_seed_all",
    "max_memory_allocated", "max_memory_reserved", "mem_get_info", "memory_allocated", "memory_reserved",
    "memory_stats", "memory_summary", "nvtx", "reset_peak_memory_stats", "seed", "seed_all", "set_device",
    "set_per_process_memory_fraction", "set_rng_state", "set_rng_state_all", "set_stream", "set_sync_debug_mode",
    "stream", "synchronize", "unavailable_reason",
]  # fmt: skip
