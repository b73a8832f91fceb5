"""How many threads compute: one number, for the BLAS of the process, for array libraries and for compiled kernels.

BLAS is told by threadpoolctl, an array library with threads of its own by its backend's ``set_num_threads``, and
kernels ask: see :class:`pluggrad.backends.Backend` and the hook ``pluggrad_kernels``.
"""

from __future__ import annotations

import os
import warnings
import weakref
from typing import Any, Protocol

from .errors import ArgumentError

__all__ = ["get_num_threads", "set_num_threads"]


class Follower(Protocol):
    """What is told of each new number."""

    def use_threads(self, count: int) -> None:
        """Use so many threads from now on."""


def _positive(text: str) -> int | None:
    return int(text) if text.isdecimal() and int(text) > 0 else None


def _asked_by_environment() -> int | None:
    text = os.environ.get("PLUGGRAD_NUM_THREADS", "")
    count = _positive(text)
    if text and count is None:
        raise ArgumentError(f"the environment variable PLUGGRAD_NUM_THREADS must be a positive integer, got {text!r}")
    return count


def _usual() -> int:
    """The number if nobody asked for one: OpenMP's variable ("4", or "4,2" for nested levels), else the cores."""
    count = _positive(os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip())
    if count is not None:
        return count
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


#: What was asked for: until something is, libraries are left as they are.
_asked: int | None = _asked_by_environment()
_count: int = _asked or _usual()
_followers: weakref.WeakSet[Follower] = weakref.WeakSet()


def get_num_threads() -> int:
    """How many threads one operation may use.

    Returns
    -------
    int : what :func:`set_num_threads` was last given, else the environment variable ``PLUGGRAD_NUM_THREADS``, else
        ``OMP_NUM_THREADS``, else the number of cores that this process may use. In a forked process 1, until it
        calls :func:`set_num_threads` itself.

    >>> import pluggrad
    >>> pluggrad.get_num_threads() >= 1
    True
    """
    return _count


def set_num_threads(count: int, /) -> None:
    """Choose how many threads one operation may use, in the whole process: matrix products and compiled kernels.

    Results of compiled kernels do not depend on it; a matrix product on several threads may sum in another order.
    The environment variable ``PLUGGRAD_NUM_THREADS`` does the same from outside. A BLAS that is loaded later (SciPy's)
    follows from the next backend, fork or call of this function on.

    Parameters
    ----------
    count : int, at least 1

    Raises
    ------
    ArgumentError : not positive
    TypeError : no integer

    Warns
    -----
    UserWarning : threadpoolctl, by which BLAS is told, is not installed; all else follows.

    >>> import pluggrad
    >>> before = pluggrad.get_num_threads()
    >>> pluggrad.set_num_threads(1)
    >>> pluggrad.get_num_threads()
    1
    >>> pluggrad.set_num_threads(before)
    """
    if not isinstance(count, int) or isinstance(count, bool):
        raise TypeError(f"set_num_threads: expected an int, got {type(count).__name__} {count!r}")
    if count < 1:
        raise ArgumentError(f"set_num_threads: expected a positive integer, got {count}")
    if not use(count):
        warnings.warn(_without_threadpoolctl(count), stacklevel=2)


def _without_threadpoolctl(count: int) -> str:
    return (
        f"{count} thread{'s' * (count > 1)} for compiled kernels, but not for matrix products, whose BLAS is told by "
        "threadpoolctl: pip install threadpoolctl, or set OMP_NUM_THREADS before Python starts"
    )


def use(count: int) -> bool:
    """Choose the number for all; returns whether BLAS could be told."""
    global _asked, _count
    _asked = _count = count
    for follower in tuple(_followers):
        follower.use_threads(count)
    return _limit(_blas(), count)


def follow(follower: Follower) -> None:
    """Tell a backend, whose library has just been imported, of each new number; and of that which was asked for."""
    _followers.add(follower)
    if _asked is not None:
        follower.use_threads(_asked)
        if not _limit(_blas(), _asked):
            warnings.warn(_without_threadpoolctl(_asked), stacklevel=2)


# -- BLAS ----------------------------------------------------------------------------------------------


def _blas() -> Any:
    """Threadpoolctl's handle of each BLAS that is loaded by now; None without threadpoolctl."""
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return None
    return ThreadpoolController().select(user_api="blas")


def _limit(blas: Any, count: int) -> bool:
    if blas is None:
        return False
    blas.limit(limits=count)
    return True


# -- forked processes ----------------------------------------------------------------------------------

#: Looked for before a fork: in the new process, another thread's lock on the list of libraries would stay locked.
_blas_to_inherit: Any = None


def _before_fork() -> None:
    global _blas_to_inherit
    _blas_to_inherit = _blas() if _followers else None


def _in_forked_process() -> None:
    """One thread: the others, of which there is mostly one for each core, have the cores."""
    global _asked, _count
    _asked = _count = 1
    for follower in tuple(_followers):
        follower.use_threads(1)
    _limit(_blas_to_inherit, 1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_child=_in_forked_process)
