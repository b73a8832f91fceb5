"""How times are taken: each library in a process of its own, which measures what it is asked to and sleeps meanwhile.

A process each, since threads of one library that wait for work would take the cores from another. The libraries are
asked in turn, several times each, so that a drift of the machine meets all of them.
"""

from __future__ import annotations

import gc
import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

Step = Callable[[], Any]
#: Makes a step from the words of a request; None where the library has no such step.
Maker = Callable[..., Step | None]

#: How often each library is asked for the times of one thing.
ROUNDS = 4


def repeated(step: Step, seconds: float, least: int = 3) -> list[float]:
    """Times of a step in seconds, over so many seconds, and so often at least unless it takes long."""
    step()
    start = time.perf_counter()
    step()
    once = time.perf_counter() - start
    if once > 3 * seconds:
        return [once]
    inner = max(1, int(1e-3 / max(once, 1e-7)))  # so many calls in a row that the clock does not matter
    times: list[float] = []
    end = time.perf_counter() + seconds
    while (start := time.perf_counter()) < end or (len(times) < least and start < end + 2 * seconds):
        for _ in range(inner):
            step()
        times.append((time.perf_counter() - start) / inner)
    return times


class Side:
    """A library in a process of its own: ``program --serve library``, which calls :func:`serve`."""

    def __init__(self, program: str, library: str, limit: float = 120.0) -> None:
        self.library = library
        self.limit = limit
        self.command = [sys.executable, program, "--serve", library]
        self.process = self._begin()
        #: Why it has no times of what it was last asked for.
        self.trouble = ""

    def _begin(self) -> subprocess.Popen[str]:
        return subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def times(self, seconds: float, *what: Any) -> list[float]:
        """Times of a step; none where the library has no such step, or fails, or takes longer than the limit."""
        if self.process.poll() is not None:  # the last thing that it was asked for was too much
            self.process = self._begin()
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        guard = threading.Timer(self.limit, self.process.kill)
        guard.start()
        try:
            print(json.dumps([seconds, *what]), file=self.process.stdin, flush=True)
            line = self.process.stdout.readline()
        except OSError:
            line = ""
        finally:
            guard.cancel()
        answer = json.loads(line) if line else {"trouble": "its process ended"}
        self.trouble = answer.get("trouble", "")
        return answer.get("times", [])

    def end(self) -> None:
        """Let the process end."""
        self.process.communicate()


def serve(make: Maker, least: int = 3) -> None:
    """Measure the steps that requests name, until there are no more."""
    answers, sys.stdout = sys.stdout, sys.stderr  # what a library prints is no answer
    gc.disable()  # as timeit does: a collection belongs to no step in particular
    made: dict[tuple[Any, ...], Step | None] = {}
    for line in sys.stdin:
        seconds, *what = json.loads(line)
        try:
            if tuple(what) not in made:
                made = {}  # the step before is gone with its memory
                gc.collect()
                made = {tuple(what): make(*what)}
            step = made[tuple(what)]
            answer: dict[str, Any] = {"times": [] if step is None else repeated(step, seconds, least)}
        except Exception as error:
            answer = {"trouble": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


def in_turn(sides: Sequence[Side], seconds: float, *what: Any, rounds: int = ROUNDS, rest: float = 0.3) -> list[Any]:
    """The times of each side, asked in turn; between them a rest, until threads have gone to sleep."""
    times: list[list[float]] = [[] for _ in sides]
    for _ in range(rounds):
        for side, collected in zip(sides, times, strict=True):
            found = side.times(seconds / rounds, *what)
            collected += found
            if found:
                time.sleep(rest)
    return times


def shown(seconds: float) -> str:
    """A time with three digits and a unit that suits it."""
    for unit, scale in (("s", 1.0), ("ms", 1e3)):
        if seconds * scale >= 1:
            return f"{float(f'{seconds * scale:.3g}'):g} {unit}"
    return f"{float(f'{seconds * 1e6:.3g}'):g} µs"


def spread(times: Sequence[float]) -> str:
    """Median, and between which times the middle half lies."""
    if len(times) < 2:
        return shown(times[0])
    low, middle, high = statistics.quantiles(times, n=4)
    unit, scale = ("s", 1.0) if middle >= 1 else ("ms", 1e3) if middle >= 1e-3 else ("µs", 1e6)
    low, middle, high = (float(f"{v * scale:.3g}") for v in (low, middle, high))
    return f"{middle:g} {unit} ({low:g} to {high:g})"
