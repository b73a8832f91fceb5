"""Events added up by function, and the table of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from .recorder import Event


@dataclass(slots=True)
class FunctionEventAvg:
    """All calls of one function.

    Attributes
    ----------
    key : the function's name; ``count``: how often it was called
    cpu_time_total, self_cpu_time_total : microseconds in it, with and without the functions that it called
    cpu_memory_usage, self_cpu_memory_usage : bytes of the arrays that it made, with and without theirs
    input_shapes, stack : if the calls were told apart by them
    """

    key: str
    count: int = 0
    cpu_time_total: float = 0.0
    self_cpu_time_total: float = 0.0
    cpu_memory_usage: int = 0
    self_cpu_memory_usage: int = 0
    input_shapes: tuple[tuple[int, ...], ...] = ()
    stack: tuple[str, ...] = field(default=())

    @property
    def cpu_time(self) -> float:
        """Microseconds of one call, on average."""
        return self.cpu_time_total / self.count if self.count else 0.0

    def add(self, event: Event) -> None:
        """One call more."""
        self.count += 1
        self.cpu_time_total += event.duration / 1e3
        self.self_cpu_time_total += event.self_duration / 1e3
        self.cpu_memory_usage += event.memory
        self.self_cpu_memory_usage += event.self_memory


#: What a table can be sorted by.
SORT_KEYS: Final = (
    "count", "cpu_time", "cpu_time_total", "self_cpu_time_total", "cpu_memory_usage", "self_cpu_memory_usage",
)  # fmt: skip


class EventList(list[FunctionEventAvg]):
    """Functions with what their calls took; :meth:`table` shows them."""

    @property
    def self_cpu_time_total(self) -> float:
        """Microseconds in all functions together."""
        return sum(e.self_cpu_time_total for e in self)

    def table(
        self,
        sort_by: str | None = None,
        row_limit: int = 100,
        max_src_column_width: int = 75,
        max_name_column_width: int = 55,
        header: str | None = None,
        top_level_events_only: bool = False,
    ) -> str:
        """The functions as text.

        Parameters
        ----------
        sort_by : "count", "cpu_time", "cpu_time_total", "self_cpu_time_total", "cpu_memory_usage" or
            "self_cpu_memory_usage", the largest first; None: in the order of the first calls
        row_limit : show so many rows; -1: all
        max_name_column_width, max_src_column_width : cut longer names and lines of the program
        header : a line above
        top_level_events_only : accepted for PyTorch's sake

        Raises
        ------
        ValueError : another ``sort_by``
        """
        if sort_by is not None and sort_by not in SORT_KEYS:
            raise ValueError(f"table: sort_by must be one of {SORT_KEYS} or None, got {sort_by!r}")
        found: Sequence[FunctionEventAvg] = self
        if sort_by is not None:
            found = sorted(self, key=lambda e: getattr(e, sort_by), reverse=True)
        total = self.self_cpu_time_total
        columns = ["Name", "Self CPU %", "Self CPU", "CPU total", "CPU time avg", "# of Calls"]
        memory = any(e.cpu_memory_usage for e in self)
        shapes, stacks = any(e.input_shapes for e in self), any(e.stack for e in self)
        columns += ["CPU Mem", "Self CPU Mem"] if memory else []
        columns += (["Input Shapes"] if shapes else []) + (["Source Location"] if stacks else [])
        rows = []
        for e in found if row_limit < 0 else found[:row_limit]:
            row = [
                _cut(e.key, max_name_column_width), f"{100 * e.self_cpu_time_total / total:.2f}%" if total else "-",
                show_time(e.self_cpu_time_total), show_time(e.cpu_time_total), show_time(e.cpu_time), str(e.count),
            ]  # fmt: skip
            row += [show_bytes(e.cpu_memory_usage), show_bytes(e.self_cpu_memory_usage)] if memory else []
            row += [str([list(s) for s in e.input_shapes])] if shapes else []
            row += [_cut(e.stack[0], max_src_column_width, keep_end=True) if e.stack else ""] if stacks else []
            rows.append(row)
        widths = [max(len(r[i]) for r in [columns, *rows]) for i in range(len(columns))]
        text_columns = {0, *range(6 + 2 * memory, len(columns))}
        rule = "  ".join("-" * w for w in widths)

        def line(cells: list[str]) -> str:
            aligned = (
                c.ljust(w) if i in text_columns else c.rjust(w)
                for i, (c, w) in enumerate(zip(cells, widths, strict=True))
            )
            return "  ".join(aligned).rstrip()

        lines = [*([header] if header else []), rule, line(columns), rule, *map(line, rows), rule]
        return "\n".join([*lines, f"Self CPU time total: {show_time(total)}"])

    __str__ = table


def average(events: Iterable[Event], by_shapes: bool, stack_lines: int) -> EventList:
    """Add events up by name, and perhaps by shapes and by the innermost lines of the program."""
    found: dict[tuple[object, ...], FunctionEventAvg] = {}
    for event in sorted(events, key=lambda e: e.start):
        shapes = event.shapes if by_shapes else ()
        stack = event.stack[:stack_lines]
        key = (event.name, shapes, stack)
        if key not in found:
            found[key] = FunctionEventAvg(event.name, input_shapes=shapes, stack=stack)
        found[key].add(event)
    return EventList(found.values())


def show_time(microseconds: float) -> str:
    """A time for people.

    >>> show_time(3.2), show_time(4500), show_time(2.5e6)
    ('3.200us', '4.500ms', '2.500s')
    """
    for unit, size in (("s", 1e6), ("ms", 1e3)):
        if abs(microseconds) >= size:
            return f"{microseconds / size:.3f}{unit}"
    return f"{microseconds:.3f}us"


def show_bytes(count: int) -> str:
    """A size for people.

    >>> show_bytes(12), show_bytes(4096)
    ('12 B', '4.00 KiB')
    """
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if abs(count) >= size:
            return f"{count / size:.2f} {unit}"
    return f"{count} B"


def _cut(text: str, width: int, keep_end: bool = False) -> str:
    if len(text) <= width:
        return text
    return "..." + text[3 - width :] if keep_end else text[: width - 3] + "..."
