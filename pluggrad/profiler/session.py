"""``profile``: when to record, and what comes of it."""

from __future__ import annotations

import enum
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Self

from ..backends import plugins
from .averages import EventList, average
from .recorder import Event, Options, Recorder


class ProfilerActivity(enum.Enum):
    """What to look at: the host, or a GPU, whose work is then waited for after each call."""

    CPU = "CPU"
    CUDA = "CUDA"


class ProfilerAction(enum.Enum):
    """What a profiler does in one step of a schedule."""

    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3


def supported_activities() -> set[ProfilerActivity]:
    """What can be looked at here."""
    usable = any(b.device_type == "cuda" and b.usable for b in plugins.status())
    return {ProfilerActivity.CPU} | ({ProfilerActivity.CUDA} if usable else set())


def schedule(
    *, wait: int, warmup: int, active: int, repeat: int = 0, skip_first: int = 0, skip_first_wait: int = 0
) -> Callable[[int], ProfilerAction]:
    """A schedule in rounds: so many steps of waiting, of warming up, of recording.

    Parameters
    ----------
    wait, warmup, active : steps of one round; what is recorded in ``warmup`` is dropped
    repeat : so many rounds; 0: on and on
    skip_first : steps before the first round
    skip_first_wait : not 0: the first round begins without ``wait``

    >>> from pluggrad.profiler import schedule
    >>> [schedule(wait=1, warmup=1, active=2)(step).name for step in range(5)]
    ['NONE', 'WARMUP', 'RECORD', 'RECORD_AND_SAVE', 'NONE']
    """
    if min(wait, warmup, repeat, skip_first) < 0 or active < 1:
        raise ValueError(
            f"schedule: wait, warmup, repeat and skip_first must not be negative and active must be positive, got "
            f"wait={wait}, warmup={warmup}, active={active}, repeat={repeat}, skip_first={skip_first}"
        )
    length = wait + warmup + active

    def action(step: int) -> ProfilerAction:
        step -= skip_first
        if step < 0:
            return ProfilerAction.NONE
        step += wait if skip_first_wait else 0
        if repeat and step >= repeat * length:
            return ProfilerAction.NONE
        place = step % length
        if place < wait:
            return ProfilerAction.NONE
        if place < wait + warmup:
            return ProfilerAction.WARMUP
        return ProfilerAction.RECORD_AND_SAVE if place == length - 1 else ProfilerAction.RECORD

    return action


class profile:
    """Record the functions that are called inside: how often, how long, how much memory.

    While none is open, functions run the code that they always run: profiling costs nothing when it is off.

    Parameters
    ----------
    activities : of :class:`ProfilerActivity`; with CUDA, each call waits for the GPU, whose time is then seen
    schedule : says what to do in each step (:func:`schedule`); the program calls :meth:`step` after each. Default:
        record from beginning to end
    on_trace_ready : called with this profiler when a round of the schedule is over, and at the end
    record_shapes : note the shapes of the tensors that functions take
    profile_memory : note the bytes of the arrays that they make
    with_stack : note the lines of the program that call them
    acc_events, with_flops, with_modules : accepted for PyTorch's sake

    Raises
    ------
    RuntimeError : another profiler is running

    >>> import pluggrad
    >>> from pluggrad.profiler import profile
    >>> x = pluggrad.ones(3, requires_grad=True)
    >>> with profile(profile_memory=True) as prof:
    ...     (x * x).sum().backward()
    >>> [(e.key, e.count, e.cpu_memory_usage) for e in prof.key_averages()][:2]
    [('multiply', 1, 12), ('sum', 1, 4)]
    """

    def __init__(
        self,
        *,
        activities: Iterable[ProfilerActivity] | None = None,
        schedule: Callable[[int], ProfilerAction] | None = None,
        on_trace_ready: Callable[[profile], Any] | None = None,
        record_shapes: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_flops: bool = False,
        with_modules: bool = False,
        acc_events: bool = False,
    ) -> None:
        chosen = {ProfilerActivity.CPU} if activities is None else set(activities)
        self._options = Options(record_shapes, profile_memory, with_stack, ProfilerActivity.CUDA in chosen)
        self._schedule = schedule
        self.on_trace_ready = on_trace_ready
        self.step_num = 0
        self._action = ProfilerAction.NONE
        self._recorder: Recorder | None = None
        self._events: list[Event] = []

    # -- when ------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin, as the ``with`` statement does."""
        self.step_num = 0
        self._begin(self._wanted())

    def stop(self) -> None:
        """End."""
        recorded = self._action in (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE)
        self._end()
        self._action = ProfilerAction.NONE
        if recorded and self.on_trace_ready is not None:
            self.on_trace_ready(self)

    def step(self) -> None:
        """Say that a step of the program is over, of one with a schedule."""
        before = self._action
        if before is ProfilerAction.RECORD_AND_SAVE:
            self._end()
            if self.on_trace_ready is not None:
                self.on_trace_ready(self)
        self.step_num += 1
        wanted = self._wanted()
        recording = (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE)
        if before is ProfilerAction.RECORD and wanted in recording:
            self._action = wanted  # the same round goes on
        else:
            self._end(keep=before in recording)
            self._begin(wanted)

    def _wanted(self) -> ProfilerAction:
        return ProfilerAction.RECORD if self._schedule is None else self._schedule(self.step_num)

    def _begin(self, action: ProfilerAction) -> None:
        self._action = action
        if action is not ProfilerAction.NONE:
            recorder = Recorder(self._options)
            recorder.install()
            self._recorder = recorder

    def _end(self, keep: bool = True) -> None:
        if self._recorder is not None:
            self._recorder.uninstall()
            if keep and self._action is not ProfilerAction.WARMUP:
                self._events = self._recorder.events
            self._recorder = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    # -- what came of it ---------------------------------------------------------------------------------

    def events(self) -> list[Event]:
        """Every call, in the order in which they ended."""
        return list(self._events if self._recorder is None else self._recorder.events)

    def key_averages(self, group_by_input_shape: bool = False, group_by_stack_n: int = 0) -> EventList:
        """The calls added up by function.

        Parameters
        ----------
        group_by_input_shape : tell calls on other shapes apart (with ``record_shapes``)
        group_by_stack_n : tell calls from other places of the program apart, by so many lines (with ``with_stack``)
        """
        return average(self.events(), group_by_input_shape, group_by_stack_n)

    def export_chrome_trace(self, path: str | os.PathLike[str]) -> None:
        """Write the calls over time as JSON, for chrome://tracing or https://ui.perfetto.dev.

        The file is written beside its place and renamed into it.
        """
        pid = os.getpid()
        events: list[dict[str, Any]] = [
            {"ph": "M", "name": "process_name", "pid": pid, "tid": 0, "args": {"name": "pluggrad"}}
        ]
        for e in sorted(self.events(), key=lambda e: e.start):
            notes: dict[str, Any] = {"memory": e.memory} if e.memory else {}
            if e.shapes:
                notes["Input Dims"] = [list(s) for s in e.shapes]
            if e.stack:
                notes["Call stack"] = ";".join(e.stack[::-1])
            events.append({
                "ph": "X", "cat": "user_annotation" if e.category == "user" else "cpu_op", "name": e.name,
                "pid": pid, "tid": e.thread, "ts": e.start / 1e3, "dur": e.duration / 1e3, "args": notes,
            })  # fmt: skip
        target = Path(path)
        beside = target.with_name(f"{target.name}.{pid}.part")
        beside.write_text(json.dumps({"displayTimeUnit": "ms", "traceEvents": events}), encoding="utf-8")
        beside.replace(target)
