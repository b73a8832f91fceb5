"""What takes the time: functions by count, time and memory, and a trace to look at. ``torch.profiler``.

>>> import pluggrad
>>> from pluggrad.profiler import profile, record_function
>>> x = pluggrad.ones(100, 100, requires_grad=True)
>>> with profile() as prof, record_function("my part"):
...     (x @ x).sum().backward()
>>> print(prof.key_averages().table(sort_by="cpu_time_total", row_limit=5))  # doctest: +SKIP
"""

from .averages import EventList, FunctionEventAvg
from .recorder import Event, record_function
from .session import ProfilerAction, ProfilerActivity, profile, schedule, supported_activities

__all__ = [
    "Event", "EventList", "FunctionEventAvg", "ProfilerAction", "ProfilerActivity", "profile", "record_function",
    "schedule", "supported_activities",
]  # fmt: skip
