"""Schedules beside PyTorch."""

from __future__ import annotations

import pytest

import pluggrad

torch = pytest.importorskip("torch")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("StepLR", (3, 0.5)),
        ("CosineAnnealingLR", (10,)),
        ("CosineAnnealingLR", (7, 0.01)),
        ("LambdaLR", (lambda t: 0.9**t,)),
    ],
)
def test_schedules(name, arguments):
    rates = []
    for lib in (pluggrad, torch):
        w = lib.ones(1, requires_grad=True)
        optimizer = lib.optim.SGD([w], lr=0.3)
        schedule = getattr(lib.optim.lr_scheduler, name)(optimizer, *arguments)
        seen = [schedule.get_last_lr()[0]]
        for _ in range(25):
            optimizer.step()
            schedule.step()
            seen.append(schedule.get_last_lr()[0])
        rates.append(seen)
    assert rates[0] == pytest.approx(rates[1], rel=1e-12)


def test_a_schedule_is_resumed_from_its_state():
    w = pluggrad.ones(1, requires_grad=True)
    optimizer = pluggrad.optim.SGD([w], lr=0.3)
    schedule = pluggrad.optim.lr_scheduler.StepLR(optimizer, 2)
    for _ in range(3):
        optimizer.step()
        schedule.step()
    again = pluggrad.optim.lr_scheduler.StepLR(optimizer, 99)
    again.load_state_dict(schedule.state_dict())
    assert again.step_size == 2 and again.last_epoch == 3


def test_a_schedule_stepped_before_its_optimiser_warns():
    optimizer = pluggrad.optim.SGD([pluggrad.ones(1, requires_grad=True)], lr=0.3)
    schedule = pluggrad.optim.lr_scheduler.StepLR(optimizer, 2)
    with pytest.warns(UserWarning, match="before optimizer.step"):
        schedule.step()
