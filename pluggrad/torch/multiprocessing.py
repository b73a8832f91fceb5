"""``torch.multiprocessing``: Python's own :mod:`multiprocessing`, and :func:`spawn`. Tensors are copied, not shared.

What is sent to another process is a copy there: writes are seen only by the process that makes them. So ``Process``,
``Queue`` and ``Pool`` work as in Python, and what needs shared memory (``share_memory_``) is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from multiprocessing import *  # noqa: F403
from multiprocessing import get_context as _get_context
from multiprocessing.process import BaseProcess
from traceback import format_exc
from typing import Any

__all__ = [  # noqa: PLE0604 (Python's names, by what it exports)
    *(n for n in dir() if not n.startswith("_") and n not in ("annotations", "Any", "Callable", "Sequence")),
    "ProcessContext", "ProcessException", "ProcessRaisedException", "get_all_sharing_strategies",
    "get_sharing_strategy", "set_sharing_strategy", "spawn", "start_processes",
]  # fmt: skip


class ProcessException(Exception):
    """A process of :func:`spawn` did not end well.

    Attributes
    ----------
    error_index : which one
    pid : its number
    """

    def __init__(self, msg: str, error_index: int, pid: int | None) -> None:
        super().__init__(msg)
        self.msg, self.error_index, self.pid = msg, error_index, pid


class ProcessRaisedException(ProcessException):
    """A process of :func:`spawn` raised an exception; its traceback is the message."""


def _run(function: Callable[..., Any], index: int, args: tuple[Any, ...], errors: Any) -> None:
    try:
        function(index, *args)
    except KeyboardInterrupt:
        pass  # the parent was interrupted, too, and says so
    except Exception:
        errors.send(format_exc())
        raise SystemExit(1) from None


class ProcessContext:
    """Processes that :func:`spawn` started, to be waited for.

    Attributes
    ----------
    processes : the processes
    """

    def __init__(self, processes: Sequence[BaseProcess], errors: Sequence[Any]) -> None:
        self.processes, self._errors = processes, errors

    def pids(self) -> list[int | None]:
        """The numbers of the processes."""
        return [p.pid for p in self.processes]

    def join(self, timeout: float | None = None) -> bool:
        """Wait until one fails or all have ended; if one fails, end the others.

        Returns
        -------
        whether all have ended well; False after ``timeout`` seconds

        Raises
        ------
        ProcessRaisedException : a process raised an exception
        ProcessException : a process ended in another way, with an exit status that is not 0
        """
        from multiprocessing.connection import wait

        running = {p.sentinel: i for i, p in enumerate(self.processes) if p.is_alive()}
        ended = [i for i, p in enumerate(self.processes) if not p.is_alive()]
        if running:
            ended += [running[s] for s in wait(list(running), timeout)]  # type: ignore[index]
        for i in ended:
            self.processes[i].join()
            status = self.processes[i].exitcode
            if status:
                self._fail(i, status)
        return not any(p.is_alive() for p in self.processes)

    def _fail(self, index: int, status: int) -> None:
        failed = self.processes[index]
        for other in self.processes:
            if other.is_alive():
                other.terminate()
            other.join()
        if self._errors[index].poll():
            text = f"\n\n-- Process {index} terminated with the following error:\n{self._errors[index].recv()}"
            raise ProcessRaisedException(text, index, failed.pid)
        raise ProcessException(f"process {index} terminated with exit code {status}", index, failed.pid)


def start_processes(
    fn: Callable[..., Any], args: tuple[Any, ...] = (), nprocs: int = 1, join: bool = True, daemon: bool = False,
    start_method: str = "spawn",
) -> ProcessContext | None:  # fmt: skip
    """Call ``fn(i, *args)`` in ``nprocs`` processes, for i from 0.

    Parameters
    ----------
    fn : a function at the top of a module, so that another process finds it
    args : its arguments after the first
    nprocs : the number of processes
    join : wait for all of them
    daemon : whether they end when this process does
    start_method : "spawn", "fork" or "forkserver"

    Returns
    -------
    None; without ``join``, what they can be waited for with

    Raises
    ------
    ProcessRaisedException : a process raised an exception
    ProcessException : a process ended with an exit status that is not 0
    """
    context = _get_context(start_method)
    processes: list[BaseProcess] = []
    errors = []
    for i in range(nprocs):
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_run, args=(fn, i, args, theirs), daemon=daemon)  # type: ignore[attr-defined]
        process.start()
        theirs.close()
        processes.append(process)
        errors.append(ours)
    made = ProcessContext(processes, errors)
    if not join:
        return made
    while not made.join():
        pass
    return None


def spawn(
    fn: Callable[..., Any], args: tuple[Any, ...] = (), nprocs: int = 1, join: bool = True, daemon: bool = False,
    start_method: str = "spawn",
) -> ProcessContext | None:  # fmt: skip
    """:func:`start_processes`, by default with new interpreters."""
    return start_processes(fn, args, nprocs, join, daemon, start_method)


def get_all_sharing_strategies() -> set[str]:
    """Copying, under the name that PyTorch has everywhere."""
    return {"file_system"}


def get_sharing_strategy() -> str:
    """The name of a strategy; tensors are copied under any."""
    return "file_system"


def set_sharing_strategy(new_strategy: str) -> None:
    """Accepted, without effect: tensors are copied.

    Raises
    ------
    ValueError : neither "file_system" nor "file_descriptor"
    """
    if new_strategy not in ("file_system", "file_descriptor"):
        raise ValueError(f"set_sharing_strategy: expected 'file_system' or 'file_descriptor', got {new_strategy!r}")
