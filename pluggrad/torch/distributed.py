"""Several processes: there is one. What programs ask before they use others has an answer; using them is an error."""

from __future__ import annotations

from typing import Any, NoReturn

__all__ = [
    "ReduceOp", "all_gather", "all_reduce", "barrier", "broadcast", "destroy_process_group", "get_backend", "get_rank",
    "get_world_size", "init_process_group", "is_available", "is_gloo_available", "is_initialized", "is_mpi_available",
    "is_nccl_available", "is_torchelastic_launched",
]  # fmt: skip


def is_available() -> bool:
    """False: pluggrad runs in one process."""
    return False


def is_initialized() -> bool:
    """False: there is no group of processes."""
    return False


def is_nccl_available() -> bool:
    """False."""
    return False


def is_gloo_available() -> bool:
    """False."""
    return False


def is_mpi_available() -> bool:
    """False."""
    return False


def is_torchelastic_launched() -> bool:
    """False."""
    return False


def init_process_group(*args: Any, **kwargs: Any) -> NoReturn:
    """Refuse: pluggrad runs in one process.

    Raises
    ------
    RuntimeError
    """
    raise RuntimeError("init_process_group: pluggrad runs in one process; run the program without torchrun, as one")


def _needs_group(name: str) -> Any:
    def call(*args: Any, **kwargs: Any) -> NoReturn:
        raise ValueError(
            f"{name}: Default process group has not been initialized, and pluggrad has none: ask "
            "torch.distributed.is_initialized() first"
        )

    call.__name__ = call.__qualname__ = name
    call.__doc__ = "Refuse, as PyTorch does without a group of processes.\n\n    Raises\n    ------\n    ValueError"
    return call


(
    get_rank, get_world_size, get_backend, all_reduce, all_gather, barrier, broadcast, destroy_process_group
) = map(_needs_group, (
    "get_rank", "get_world_size", "get_backend", "all_reduce", "all_gather", "barrier", "broadcast",
    "destroy_process_group",
))  # fmt: skip


class ReduceOp:
    """How values of several processes would be combined."""

    SUM, AVG, PRODUCT, MIN, MAX = "sum", "avg", "product", "min", "max"
