"""The profiler counts and times what runs, says what it is told to note, and leaves no trace when it is off."""

from __future__ import annotations

import json
import threading

import pytest

import pluggrad
from pluggrad.function import functions
from pluggrad.profiler import ProfilerAction, ProfilerActivity, profile, record_function, schedule, supported_activities


def work(times=3):
    x = pluggrad.ones(4, 4, requires_grad=True)
    y = x
    for _ in range(times):
        y = pluggrad.tanh(y @ x)
    y.sum().backward()


def counts(prof):
    return {e.key: e.count for e in prof.key_averages()}


def test_every_call_is_counted_forward_and_backward():
    with profile() as prof:
        work()
    found = counts(prof)
    assert found["matmul"] == found["tanh"] == 3 and found["sum"] == 1
    assert found["MatmulBackward0"] == found["TanhBackward0"] == 3
    events = prof.events()
    assert all(e.duration >= e.self_duration >= 0 for e in events)
    assert {e.category for e in events} == {"forward", "backward"}


def test_functions_that_were_never_called_before_are_counted_from_the_first_call_on():
    @pluggrad.register_function(name="tst_unwritten", vjp=lambda xp, g: g * 2)
    def unwritten(xp, x, /):
        return x * 2

    try:
        with profile() as prof:
            x = pluggrad.ones(1, requires_grad=True)
            for _ in range(3):
                unwritten(x).backward()
        assert counts(prof)["tst_unwritten"] == counts(prof)["TstUnwrittenBackward0"] == 3
    finally:
        from pluggrad.function import get, remove

        remove(get("tst_unwritten"))


def test_results_are_the_same_and_nothing_is_left_behind():
    def code():
        return {
            (f.name, a): getattr(f, a).__code__
            for f in functions().values()
            for a in ("call", "operator", "reflected", "backward", "backward_graph")
        }

    x = pluggrad.tensor([0.5, 1.5], requires_grad=True)
    work()
    before = code()
    plain = pluggrad.autograd.grad((x * x).exp().sum(), x)[0].tolist()
    with profile():
        assert (2.0 * x).tolist() == [1.0, 3.0] and (x == "a") is False
        assert pluggrad.autograd.grad((x * x).exp().sum(), x)[0].tolist() == plain
        assert pluggrad.nn.functional.linear(x, pluggrad.ones(1, 2)).tolist() == [2.0]  # an optional argument
    after = code()
    assert [k for k in before if before[k] is not after[k] and "lambda" not in before[k].co_name] == []
    assert (x + x).tolist() == [1.0, 3.0]


def test_errors_pass_through():
    with profile() as prof, pytest.raises(RuntimeError, match="do not broadcast"):
        pluggrad.ones(2) + pluggrad.ones(3)
    assert counts(prof) == {"add": 1}


def test_named_parts_hold_what_runs_in_them():
    @record_function("decorated")
    def decorated():
        return pluggrad.ones(3).sum()

    with profile() as prof, record_function("outer"):
        decorated()
    by_name = {e.name: e for e in prof.events()}
    outer, inner, one = by_name["outer"], by_name["decorated"], by_name["sum"]
    assert (outer.depth, inner.depth, one.depth) == (0, 1, 2)
    assert outer.duration >= inner.duration >= one.duration
    assert inner.self_duration == inner.duration - one.duration
    assert decorated().item() == 3.0  # without a profiler


def test_memory_is_that_of_the_arrays_made():
    x = pluggrad.ones(1000, dtype=pluggrad.float64, requires_grad=True)
    with profile(profile_memory=True) as prof, record_function("all"):
        y = x.view(10, 100)  # a view makes none
        z = pluggrad.exp(y)
        z.sum().backward()
    by_name = {e.key: e for e in prof.key_averages()}
    assert by_name["view"].cpu_memory_usage == 0
    assert by_name["exp"].self_cpu_memory_usage == 8000 and by_name["sum"].self_cpu_memory_usage == 8
    assert by_name["ExpBackward0"].self_cpu_memory_usage == 8000
    assert by_name["all"].cpu_memory_usage >= 16008 and by_name["all"].self_cpu_memory_usage == 0


def test_shapes_and_lines():
    with profile(record_shapes=True, with_stack=True) as prof:
        pluggrad.ones(2, 3).sum()
        pluggrad.ones(5).sum()  # another line
    by_shape = prof.key_averages(group_by_input_shape=True)
    assert [(e.key, e.count, e.input_shapes) for e in by_shape] == [("sum", 1, ((2, 3),)), ("sum", 1, ((5,),))]
    by_line = prof.key_averages(group_by_stack_n=1)
    assert len(by_line) == 2 and "test_profiler.py" in by_line[0].stack[0]
    assert "test_profiler.py" in by_line.table() and "[[2, 3]]" in by_shape.table()


def test_the_table():
    with profile(profile_memory=True) as prof:
        work()
    averages = prof.key_averages()
    table = averages.table(sort_by="count", row_limit=2, header="Mine")
    lines = table.splitlines()
    assert lines[0] == "Mine" and len(lines) == 8
    assert lines[2].split() == "Name Self CPU % Self CPU CPU total CPU time avg # of Calls CPU Mem Self CPU Mem".split()
    assert lines[-1].startswith("Self CPU time total: ")
    assert len(averages.table(row_limit=-1).splitlines()) == len(averages) + 5
    total = [e.cpu_time_total for e in sorted(averages, key=lambda e: -e.cpu_time_total)]
    assert total == sorted(total, reverse=True) and averages.self_cpu_time_total > 0
    with pytest.raises(ValueError, match="sort_by must be one of"):
        averages.table(sort_by="name")


def test_the_trace(tmp_path):
    with profile(record_shapes=True) as prof, record_function("mine"):
        work(1)
    path = tmp_path / "trace.json"
    prof.export_chrome_trace(str(path))
    events = [e for e in json.loads(path.read_text())["traceEvents"] if e["ph"] == "X"]
    names = [e["name"] for e in events]
    assert names[0] == "mine" and names.count("matmul") == 1
    (mine,) = [e for e in events if e["cat"] == "user_annotation"]
    assert all(mine["ts"] <= e["ts"] and e["ts"] + e["dur"] <= mine["ts"] + mine["dur"] + 1 for e in events)
    assert [p.name for p in tmp_path.iterdir()] == ["trace.json"]


def test_threads_are_apart():
    with profile() as prof:
        start = threading.Barrier(3)
        threads = [threading.Thread(target=lambda: (start.wait(), work())) for _ in range(3)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    assert counts(prof)["tanh"] == 9 and len({e.thread for e in prof.events()}) == 3


def test_a_schedule():
    seen = []
    with profile(
        schedule=schedule(wait=1, warmup=1, active=2, repeat=2, skip_first=1),
        on_trace_ready=lambda p: seen.append((p.step_num, counts(p)["add"])),
    ) as prof:
        for i in range(12):
            for _ in range(i + 1):
                pluggrad.ones(1) + pluggrad.ones(1)
            prof.step()
    assert seen == [(4, 4 + 5), (8, 8 + 9)]


def test_actions_of_a_schedule():
    torch = pytest.importorskip("torch")
    for arguments in (
        dict(wait=2, warmup=1, active=3, repeat=2, skip_first=3),
        dict(wait=2, warmup=1, active=1, skip_first_wait=1),
    ):
        ours, theirs = schedule(**arguments), torch.profiler.schedule(**arguments)
        assert [ours(i).name for i in range(30)] == [theirs(i).name for i in range(30)]
    assert ProfilerAction.RECORD.value == torch.profiler.ProfilerAction.RECORD.value
    with pytest.raises(ValueError, match="active must be positive"):
        schedule(wait=0, warmup=0, active=0)


def test_steps_of_optimisers():
    net = pluggrad.nn.Linear(2, 2)
    opt = pluggrad.optim.SGD(net.parameters(), lr=0.1)
    with profile() as prof:
        net(pluggrad.ones(1, 2)).sum().backward()
        opt.step()
    assert counts(prof)["Optimizer.step#SGD.step"] == 1


def test_one_at_a_time_and_activities():
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as prof:
        with pytest.raises(RuntimeError, match="cannot be used within each other"):
            profile().start()
        pluggrad.ones(1) + pluggrad.ones(1)
    assert counts(prof) == {"add": 1} and ProfilerActivity.CPU in supported_activities()
    with profile() as again:
        pass
    assert again.key_averages() == []
