"""Schedules beside PyTorch: step for step, by their closed forms, resumed, and what they warn of."""

from __future__ import annotations

import warnings
from contextlib import nullcontext

import pytest

import pluggrad

torch = pytest.importorskip("torch")


def S(lib):
    return lib.optim.lr_scheduler


class Halving:
    """A function with a state."""

    def __init__(self):
        self.factor = 0.5

    def __call__(self, step):
        return self.factor**step


#: By name: a function of the library and the optimiser that makes a schedule.
SCHEDULES = {
    "LambdaLR": lambda lib, o: S(lib).LambdaLR(o, [lambda t: 0.9**t, lambda t: 1 / (1 + t)]),
    "LambdaLR object": lambda lib, o: S(lib).LambdaLR(o, Halving()),
    "MultiplicativeLR": lambda lib, o: S(lib).MultiplicativeLR(o, lambda t: 0.95),
    "StepLR": lambda lib, o: S(lib).StepLR(o, 3, 0.5),
    "MultiStepLR": lambda lib, o: S(lib).MultiStepLR(o, [2, 5, 5, 11], 0.3),
    "ConstantLR": lambda lib, o: S(lib).ConstantLR(o, 0.25, 4),
    "LinearLR": lambda lib, o: S(lib).LinearLR(o, 0.2, 0.9, 6),
    "LinearLR down": lambda lib, o: S(lib).LinearLR(o, 1.0, 0.0, 6),
    "ExponentialLR": lambda lib, o: S(lib).ExponentialLR(o, 0.9),
    "PolynomialLR": lambda lib, o: S(lib).PolynomialLR(o, 8, 2.0),
    "CosineAnnealingLR": lambda lib, o: S(lib).CosineAnnealingLR(o, 7, 0.01),
    "CosineAnnealingLR 10": lambda lib, o: S(lib).CosineAnnealingLR(o, 10),
    "WarmRestarts": lambda lib, o: S(lib).CosineAnnealingWarmRestarts(o, 4),
    "WarmRestarts longer": lambda lib, o: S(lib).CosineAnnealingWarmRestarts(o, 3, 2, 0.02),
    "CyclicLR": lambda lib, o: S(lib).CyclicLR(o, 0.1, 1.0, 4, 2),
    "CyclicLR triangular2": lambda lib, o: S(lib).CyclicLR(o, [0.1, 0.2], [1.0, 2.0], 3, mode="triangular2"),
    "CyclicLR exp_range": lambda lib, o: S(lib).CyclicLR(o, 0.1, 1.0, 4, mode="exp_range", gamma=0.9),
    "CyclicLR scale_fn": lambda lib, o: S(lib).CyclicLR(
        o, 0.1, 1.0, 4, scale_fn=lambda x: 0.5**x, scale_mode="iterations"
    ),
    "CyclicLR no momentum": lambda lib, o: S(lib).CyclicLR(o, 0.1, 1.0, 4, cycle_momentum=False),
    "OneCycleLR": lambda lib, o: S(lib).OneCycleLR(o, 0.5, total_steps=30),
    "OneCycleLR linear": lambda lib, o: S(lib).OneCycleLR(
        o, [0.5, 1.0], epochs=6, steps_per_epoch=5, anneal_strategy="linear"
    ),
    "OneCycleLR three phases": lambda lib, o: S(lib).OneCycleLR(
        o, 0.5, total_steps=30, three_phase=True, pct_start=0.4
    ),
    "ChainedScheduler": lambda lib, o: S(lib).ChainedScheduler(
        [S(lib).ConstantLR(o, 0.1, 3), S(lib).ExponentialLR(o, 0.9), S(lib).CosineAnnealingLR(o, 9)]
    ),
    "SequentialLR": lambda lib, o: S(lib).SequentialLR(
        o, [S(lib).LinearLR(o, 0.1, 1.0, 4), S(lib).CosineAnnealingLR(o, 8), S(lib).StepLR(o, 2)], [4, 12]
    ),
    "SequentialLR of warm restarts": lambda lib, o: S(lib).SequentialLR(
        o, [S(lib).ConstantLR(o, 0.1, 2), S(lib).CosineAnnealingWarmRestarts(o, 3)], [5]
    ),
    "SequentialLR in a chain": lambda lib, o: S(lib).ChainedScheduler(
        [S(lib).SequentialLR(o, [S(lib).ConstantLR(o, 0.5, 2), S(lib).ExponentialLR(o, 0.8)], [3]), S(lib).StepLR(o, 4)]
    ),
    "SWALR": lambda lib, o: lib.optim.swa_utils.SWALR(o, 0.05, 6),
    "SWALR linear": lambda lib, o: lib.optim.swa_utils.SWALR(o, [0.05, 2.0], 4, "linear"),
    "SWALR at once": lambda lib, o: lib.optim.swa_utils.SWALR(o, 0.05, 0),
}  # fmt: skip
NAMES = list(SCHEDULES)


def optimizer_of(lib, kind="SGD"):
    groups = [{"params": [lib.ones(1, requires_grad=True)]}, {"params": [lib.ones(1, requires_grad=True)], "lr": 0.7}]
    return lib.optim.SGD(groups, lr=0.3, momentum=0.9) if kind == "SGD" else lib.optim.Adam(groups, lr=0.3)


def values(optimizer):
    """Everything that a schedule may set."""
    out = []
    for group in optimizer.param_groups:
        out += [float(group["lr"]), *group.get("betas", ()), group.get("momentum", 0.0)]
    return out


def run(optimizer, schedule, steps):
    seen = [values(optimizer)]
    for _ in range(steps):
        optimizer.step()
        schedule.step()
        seen.append(values(optimizer))
    return seen


def assert_same(ours, theirs):
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        assert a == pytest.approx(b, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["SGD", "Adam"])
def test_step_for_step(name, kind):
    both = []
    for lib in (pluggrad, torch):
        optimizer = optimizer_of(lib, kind)
        schedule = SCHEDULES[name](lib, optimizer)
        both.append(run(optimizer, schedule, 29))
        both[-1].append(schedule.get_last_lr())
    assert_same(*both)


@pytest.mark.parametrize("name", [n for n in NAMES if not n.startswith(("Chained", "Sequential"))])
def test_by_the_closed_form(name):
    both = []
    for lib in (pluggrad, torch):
        optimizer = optimizer_of(lib)
        schedule = SCHEDULES[name](lib, optimizer)
        seen = []
        for epoch in (1, 4, 13, 6, 0, 29):
            optimizer.step()
            # Warm restarts are meant to be called with an epoch.
            warned = nullcontext() if "WarmRestarts" in name else pytest.warns(UserWarning, match="epoch parameter")
            with warned:
                schedule.step(epoch)
            seen.append(values(optimizer))
        both.append(seen)
    assert_same(*both)


def test_warm_restarts_within_an_epoch():
    both = []
    for lib in (pluggrad, torch):
        optimizer = optimizer_of(lib)
        schedule = S(lib).CosineAnnealingWarmRestarts(optimizer, 3, 2)
        seen = []
        for batch in range(60):
            optimizer.step()
            schedule.step(batch / 4)
            seen.append(values(optimizer))
        both.append(seen)
    assert_same(*both)


@pytest.mark.parametrize("name", NAMES)
def test_states_go_to_pytorch_and_back(name):
    """Five steps here, then on from that state in a fresh one here, and in one of PyTorch's."""
    optimizer = optimizer_of(pluggrad)
    schedule = SCHEDULES[name](pluggrad, optimizer)
    run(optimizer, schedule, 5)
    state, rates = schedule.state_dict(), [dict(g) for g in optimizer.param_groups]
    rest = run(optimizer, schedule, 12)
    reference = SCHEDULES[name](torch, optimizer_of(torch))
    assert set(state) == set(reference.state_dict())
    for lib in (pluggrad, torch):
        other = optimizer_of(lib)
        again = SCHEDULES[name](lib, other)
        again.load_state_dict(state)
        for group, saved in zip(other.param_groups, rates, strict=True):
            group.update({k: v for k, v in saved.items() if k != "params"})
        assert_same(run(other, again, 12), rest)


@pytest.mark.parametrize("name", [n for n in NAMES if n.startswith(("StepLR", "Cosine", "Linear", "Exp", "Multi"))])
def test_resumed_by_last_epoch(name):
    both = []
    for lib in (pluggrad, torch):
        optimizer = optimizer_of(lib)
        for group in optimizer.param_groups:
            group["initial_lr"] = 2 * group["lr"]
        scheduler = {
            "StepLR": lambda: S(lib).StepLR(optimizer, 3, 0.5, last_epoch=4),
            "MultiplicativeLR": lambda: S(lib).MultiplicativeLR(optimizer, lambda t: 0.9, last_epoch=4),
            "MultiStepLR": lambda: S(lib).MultiStepLR(optimizer, [6], last_epoch=4),
            "LinearLR": lambda: S(lib).LinearLR(optimizer, 0.5, 1.0, 9, last_epoch=4),
            "LinearLR down": lambda: S(lib).LinearLR(optimizer, 1.0, 0.0, 9, last_epoch=4),
            "ExponentialLR": lambda: S(lib).ExponentialLR(optimizer, 0.9, last_epoch=4),
            "CosineAnnealingLR": lambda: S(lib).CosineAnnealingLR(optimizer, 9, last_epoch=4),
            "CosineAnnealingLR 10": lambda: S(lib).CosineAnnealingLR(optimizer, 10, 0.1, last_epoch=4),
        }[name]()
        both.append(run(optimizer, scheduler, 9))
    assert_same(*both)


def test_resuming_asks_for_the_initial_rates():
    with pytest.raises(KeyError, match=r"'initial_lr' is not specified in param_groups\[0\]"):
        pluggrad.optim.lr_scheduler.StepLR(optimizer_of(pluggrad), 3, last_epoch=2)


METRICS = [5.0, 4.0, 4.0, 3.9, 3.9, 3.9, 3.9, 3.8999, 4.2, 3.9, 3.9, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0]


@pytest.mark.parametrize(
    "options",
    [
        {"patience": 1}, {"patience": 2, "cooldown": 2}, {"patience": 1, "mode": "max"},
        {"patience": 1, "threshold": 0.2, "threshold_mode": "abs"},
        {"patience": 1, "threshold": 0.2, "threshold_mode": "abs", "mode": "max"},
        {"patience": 0, "min_lr": [0.01, 0.1], "factor": 0.5}, {"patience": 0, "eps": 0.1}, {"threshold": 0.3},
    ],
    ids=str,
)  # fmt: skip
def test_reduce_on_plateau(options):
    both, states = [], []
    for lib in (pluggrad, torch):
        optimizer = optimizer_of(lib)
        schedule = S(lib).ReduceLROnPlateau(optimizer, **options)
        seen = []
        for metric in METRICS:
            schedule.step(lib.tensor(metric) if len(seen) % 2 else metric)
            seen.append([*values(optimizer), *schedule.get_last_lr()])
        both.append(seen)
        states.append(schedule.state_dict())
    assert_same(*both)
    assert set(states[0]) == set(states[1])
    again = S(pluggrad).ReduceLROnPlateau(optimizer_of(pluggrad))
    again.load_state_dict(states[1])
    assert again.best == states[0]["best"] and again.patience == states[0]["patience"]


def test_plateau_and_a_group_added_later():
    optimizer = pluggrad.optim.SGD([pluggrad.ones(1, requires_grad=True)], lr=1.0)
    one = pluggrad.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, min_lr=0.05)
    several = pluggrad.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, min_lr=[0.05])
    optimizer.add_param_group({"params": pluggrad.ones(1, requires_grad=True)})
    for metric in (1.0, 1.0):
        one.step(metric)
    assert [g["lr"] for g in optimizer.param_groups] == [0.1, 0.1]
    several.step(1.0)
    with pytest.raises(RuntimeError, match="number of param groups"):
        several.step(1.0)


def test_a_tensor_as_learning_rate_is_written():
    lr = pluggrad.tensor(0.5)
    optimizer = pluggrad.optim.SGD([pluggrad.ones(1, requires_grad=True)], lr=lr)
    schedule = pluggrad.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    optimizer.step()
    schedule.step()
    assert optimizer.param_groups[0]["lr"] is lr and lr.item() == 0.25
    assert schedule.base_lrs[0].item() == 0.5 and schedule.get_last_lr()[0] is not lr


def warnings_of(lib, act):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        act(lib)
    return [(w.category, str(w.message).split(".")[0]) for w in seen]


def right_order(lib):
    optimizer = optimizer_of(lib)
    run(optimizer, S(lib).StepLR(optimizer, 2), 3)


def wrong_order(lib):
    schedule = S(lib).StepLR(optimizer_of(lib), 2)
    schedule.step()
    schedule.step()


def stepped_before_the_schedule_was_made(lib):
    optimizer = optimizer_of(lib)
    optimizer.step()
    S(lib).StepLR(optimizer, 2).step()


def two_schedules(lib):
    optimizer = optimizer_of(lib)
    first, second = S(lib).StepLR(optimizer, 2), S(lib).ExponentialLR(optimizer, 0.9)
    optimizer.step()
    first.step()
    second.step()


def step_overridden(lib):
    optimizer = optimizer_of(lib)
    schedule = S(lib).StepLR(optimizer, 2)
    optimizer.step = lambda: None
    optimizer.step()
    schedule.step()


def get_lr_from_outside(lib):
    S(lib).StepLR(optimizer_of(lib), 2).get_lr()


def with_an_epoch(lib):
    optimizer = optimizer_of(lib)
    schedule = S(lib).StepLR(optimizer, 2)
    optimizer.step()
    schedule.step(3)


@pytest.mark.parametrize(
    "act",
    [
        right_order, wrong_order, stepped_before_the_schedule_was_made, two_schedules, step_overridden,
        get_lr_from_outside, with_an_epoch,
    ],
)  # fmt: skip
def test_warnings_are_pytorchs(act):
    ours, theirs = warnings_of(pluggrad, act), warnings_of(torch, act)
    assert [c for c, _ in ours] == [c for c, _ in theirs]
    for (_, a), (_, b) in zip(ours, theirs, strict=True):
        assert a[:40] == b[:40]


@pytest.mark.parametrize(
    "make",
    [
        lambda lib, o: S(lib).StepLR("x", 3),
        lambda lib, o: S(lib).LambdaLR(o, [lambda t: t]),
        lambda lib, o: S(lib).MultiplicativeLR(o, [1.0, 2.0]),
        lambda lib, o: S(lib).ConstantLR(o, 1.5),
        lambda lib, o: S(lib).LinearLR(o, 0.0),
        lambda lib, o: S(lib).LinearLR(o, 0.5, 1.5),
        lambda lib, o: S(lib).CosineAnnealingWarmRestarts(o, 0),
        lambda lib, o: S(lib).CosineAnnealingWarmRestarts(o, 3, 0),
        lambda lib, o: S(lib).CosineAnnealingWarmRestarts(o, 3, eta_min="0"),
        lambda lib, o: S(lib).CosineAnnealingWarmRestarts(o, 3).step(-1),
        lambda lib, o: S(lib).CyclicLR(o, [0.1], 1.0),
        lambda lib, o: S(lib).CyclicLR(o, 0.1, 1.0, mode="square"),
        lambda lib, o: S(lib).CyclicLR(lib.optim.Adagrad([lib.ones(1)]), 0.1, 1.0),
        lambda lib, o: S(lib).OneCycleLR(o, 1.0),
        lambda lib, o: S(lib).OneCycleLR(o, 1.0, total_steps=-1),
        lambda lib, o: S(lib).OneCycleLR(o, 1.0, epochs=0, steps_per_epoch=1),
        lambda lib, o: S(lib).OneCycleLR(o, 1.0, epochs=1, steps_per_epoch=1.5),
        lambda lib, o: S(lib).OneCycleLR(o, 1.0, total_steps=10, pct_start=2.0),
        lambda lib, o: S(lib).OneCycleLR(o, 1.0, total_steps=10, anneal_strategy="square"),
        lambda lib, o: run(o, S(lib).OneCycleLR(o, 1.0, total_steps=3), 5),
        lambda lib, o: S(lib).ReduceLROnPlateau(o, factor=1.0),
        lambda lib, o: S(lib).ReduceLROnPlateau(o, mode="least"),
        lambda lib, o: S(lib).ReduceLROnPlateau(o, threshold_mode="least"),
        lambda lib, o: S(lib).ReduceLROnPlateau(o, min_lr=[0.1]),
        lambda lib, o: S(lib).ReduceLROnPlateau("x"),
        lambda lib, o: S(lib).ChainedScheduler([]),
        lambda lib, o: S(lib).ChainedScheduler([S(lib).ReduceLROnPlateau(o)]),
        lambda lib, o: S(lib).SequentialLR(o, [], []),
        lambda lib, o: S(lib).SequentialLR(o, [S(lib).StepLR(o, 3)], [1]),
        lambda lib, o: S(lib).SequentialLR(o, [S(lib).StepLR(o, 3), "x"], [1]),
        lambda lib, o: lib.optim.swa_utils.SWALR(o, 0.1, anneal_strategy="square"),
        lambda lib, o: lib.optim.swa_utils.SWALR(o, 0.1, anneal_epochs=-1),
        lambda lib, o: lib.optim.swa_utils.SWALR(o, [0.1]),
    ],
)
def test_mistakes_in_pytorchs_words(make):
    caught = []
    for lib in (pluggrad, torch):
        with pytest.raises((ValueError, TypeError)) as error:
            make(lib, optimizer_of(lib))
        caught.append((error.type, str(error.value).rstrip("!.")))
    assert caught[0] == caught[1]


def test_schedules_of_two_optimisers_do_not_mix():
    a, b = optimizer_of(pluggrad), optimizer_of(pluggrad)
    step = pluggrad.optim.lr_scheduler.StepLR
    with pytest.raises(ValueError, match="expects all schedulers to belong to the same optimizer"):
        pluggrad.optim.lr_scheduler.ChainedScheduler([step(a, 2), step(b, 2)])


def test_a_schedule_of_a_users_own():
    class Warmup(pluggrad.optim.lr_scheduler._LRScheduler):
        def get_lr(self):
            return [base * min(1.0, (self.last_epoch + 1) / 4) for base in self.base_lrs]

    optimizer = optimizer_of(pluggrad)
    seen = run(optimizer, Warmup(optimizer), 5)
    assert [s[0] for s in seen] == pytest.approx([0.075, 0.15, 0.225, 0.3, 0.3, 0.3])
    with pytest.raises(NotImplementedError, match="LRScheduler must implement get_lr"):
        pluggrad.optim.lr_scheduler.LRScheduler(optimizer)
