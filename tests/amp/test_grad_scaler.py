"""The scaler of losses beside PyTorch's: what it scales, skips, grows, remembers and refuses."""

from __future__ import annotations

import math
import pickle

import pytest

import pluggrad

torch = pytest.importorskip("torch")

#: Gradients by iteration: NaN and infinities among them.
STEPS = [1.0, 2.0, math.inf, 1.0, 1.0, 1.0, math.nan, 0.5, -math.inf, 1.0, 1.0, 1.0, 1.0, 2.0]


def scaler_of(lib, **options):
    return lib.amp.GradScaler("cpu", **options)


@pytest.mark.parametrize(
    "options",
    [
        {"init_scale": 8.0, "growth_interval": 2},
        {"init_scale": 2.0**127, "growth_interval": 1},
        {"init_scale": 4.0, "growth_factor": 4.0, "backoff_factor": 0.25, "growth_interval": 3},
        {"enabled": False},
    ],
    ids=str,
)
@pytest.mark.parametrize("unscale", [False, True])
def test_step_for_step(options, unscale):
    both = []
    for lib in (pluggrad, torch):
        w, v = (lib.ones(2, requires_grad=True) for _ in range(2))
        optimizer, scaler = lib.optim.SGD([w, v], lr=0.1), scaler_of(lib, **options)
        seen = []
        for g in STEPS:
            optimizer.zero_grad()
            loss = (w * lib.tensor([g, 1.0]) * 1e-3).sum()
            scaler.scale(loss).backward()
            if unscale:
                scaler.unscale_(optimizer)
            scaler.step(optimizer)
            scaler.update()
            seen.append((w.tolist(), scaler.get_scale(), scaler.state_dict(), scaler.is_enabled()))
        both.append(seen)
    for (w, scale, state, enabled), (w_, scale_, state_, enabled_) in zip(*both, strict=True):
        assert w == pytest.approx(w_, rel=1e-6, nan_ok=True)
        assert (scale, state, enabled) == (scale_, state_, enabled_)


@pytest.mark.usefixtures("float16")
def test_training_in_float16():
    """Gradients of 1e-8, which float16 does not have, arrive; without the scaler they do not."""
    moved = []
    for enabled in (True, False):
        w = pluggrad.ones(4, 1, requires_grad=True)
        optimizer, scaler = pluggrad.optim.SGD([w], lr=1e7), scaler_of(pluggrad, enabled=enabled)
        for _ in range(3):
            optimizer.zero_grad()
            with pluggrad.autocast(pluggrad.get_default_device().type, dtype=pluggrad.float16):
                y = pluggrad.ones(2, 4) @ w
            scaler.scale((y.to(pluggrad.float32) * 1e-8).mean()).backward()
            scaler.step(optimizer)
            scaler.update()
        moved.append(w[0, 0].item())
    assert moved[0] == pytest.approx(0.7, rel=1e-3) and moved[1] == 1.0


@pytest.mark.usefixtures("float16")
def test_a_half_precision_loss_is_scaled_in_float32():
    loss = pluggrad.tensor(2.0, dtype=pluggrad.float16)
    scaled = scaler_of(pluggrad).scale(loss)
    assert scaled.dtype is pluggrad.float32 and scaled.item() == 2.0**17


def test_lists_of_outputs():
    scaler = scaler_of(pluggrad, init_scale=4.0)
    outputs = scaler.scale([pluggrad.tensor(1.0), (pluggrad.tensor(2.0),)])
    assert outputs[0].item() == 4.0 and outputs[1][0].item() == 8.0
    assert [x.item() for x in scaler.scale(x for x in [pluggrad.tensor(3.0)])] == [12.0]


def test_two_optimisers_one_of_which_overflows():
    w, v = (pluggrad.ones(1, requires_grad=True) for _ in range(2))
    a, b = (pluggrad.optim.SGD([p], lr=0.5) for p in (w, v))
    scaler = scaler_of(pluggrad, init_scale=4.0)
    scaler.scale((w + v * math.inf).sum()).backward()
    scaler.step(a)
    scaler.step(b)
    scaler.update()
    assert (w.item(), v.item(), scaler.get_scale()) == (0.5, 1.0, 2.0)


def test_large_finite_gradients_are_no_overflow():
    w = pluggrad.ones(4, requires_grad=True)
    optimizer, scaler = pluggrad.optim.SGD([w], lr=1e-38), scaler_of(pluggrad, init_scale=1.0, growth_interval=9)
    scaler.scale((w * 3e38).sum()).backward()
    scaler.step(optimizer)
    scaler.update()
    assert scaler.get_scale() == 1.0 and w[0].item() == pytest.approx(-2.0)


def test_a_new_scale_and_new_factors():
    scaler = scaler_of(pluggrad, init_scale=4.0)
    scaler.scale(pluggrad.tensor(1.0))
    scaler.update(32.0)
    assert scaler.get_scale() == 32.0
    scaler.update(pluggrad.tensor(16.0))
    scaler.set_growth_factor(3.0)
    scaler.set_backoff_factor(0.3)
    scaler.set_growth_interval(7)
    assert (scaler.get_scale(), scaler.get_growth_factor(), scaler.get_backoff_factor()) == (16.0, 3.0, 0.3)
    assert scaler.get_growth_interval() == 7


def test_states_go_to_pytorch_and_back():
    w = pluggrad.ones(1, requires_grad=True)
    optimizer, scaler = pluggrad.optim.SGD([w]), scaler_of(pluggrad, init_scale=4.0, growth_interval=9)
    for _ in range(3):
        scaler.scale(w.sum()).backward()
        scaler.step(optimizer)
        scaler.update()
    theirs = scaler_of(torch)
    theirs.load_state_dict(scaler.state_dict())
    again = scaler_of(pluggrad)
    again.load_state_dict(theirs.state_dict())
    assert again.state_dict() == scaler.state_dict() == theirs.state_dict()
    assert pickle.loads(pickle.dumps(scaler)).state_dict() == scaler.state_dict()


def iteration(lib, scaler):
    w = lib.ones(1, requires_grad=True)
    optimizer = lib.optim.SGD([w], lr=0.1)
    scaler.scale(w.sum()).backward()
    return optimizer


def twice_unscaled(lib):
    scaler = scaler_of(lib)
    optimizer = iteration(lib, scaler)
    scaler.unscale_(optimizer)
    scaler.unscale_(optimizer)


def unscaled_after_the_step(lib):
    scaler = scaler_of(lib)
    optimizer = iteration(lib, scaler)
    scaler.step(optimizer)
    scaler.unscale_(optimizer)


def two_steps(lib):
    scaler = scaler_of(lib)
    optimizer = iteration(lib, scaler)
    scaler.step(optimizer)
    scaler.step(optimizer)


def with_a_closure(lib):
    scaler = scaler_of(lib)
    scaler.step(iteration(lib, scaler), closure=lambda: None)


def half_precision_gradients(lib):
    w = lib.ones(1, requires_grad=True, dtype=lib.float16)
    scaler = scaler_of(lib)
    scaler.scale(w.sum()).backward()
    scaler.unscale_(lib.optim.SGD([w]))


def an_empty_state(lib):
    scaler_of(lib).load_state_dict({})


@pytest.mark.parametrize(
    "act",
    [
        twice_unscaled, unscaled_after_the_step, two_steps, with_a_closure, half_precision_gradients, an_empty_state,
    ],
)  # fmt: skip
def test_mistakes_in_pytorchs_words(act, request):
    if act is half_precision_gradients:
        request.getfixturevalue("float16")
    caught = []
    for lib in (pluggrad, torch):
        with pytest.raises((RuntimeError, ValueError)) as error:
            act(lib)
        caught.append((error.type, str(error.value)))
    assert caught[0] == caught[1]


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda s, o: s.step(o), RuntimeError, "did not use scaler.scale"),
        (lambda s, o: s.update(), RuntimeError, "Attempted update but _scale is None"),
        (lambda s, o: (s.scale(pluggrad.tensor(1.0)), s.update()), RuntimeError, "No inf checks were recorded prior"),
        (
            lambda s, o: (s.scale(pluggrad.tensor(1.0)), s.step(o)),
            RuntimeError,
            "none of its parameters has a gradient",
        ),
        (lambda s, o: (s.scale(pluggrad.tensor(1.0)), s._of(o), pickle.dumps(s)), RuntimeError, "may only be pickled"),
        (lambda s, o: s.scale(3), ValueError, "outputs must be a Tensor or an iterable of Tensors, got int"),
        (lambda s, o: s.set_growth_factor(1.0), ValueError, "growth factor must be > 1"),
        (lambda s, o: s.set_backoff_factor(1.0), ValueError, "backoff factor must be < 1"),
    ],
)
def test_mistakes(act, error, message):
    with pytest.raises(error, match=message):
        act(scaler_of(pluggrad), pluggrad.optim.SGD([pluggrad.ones(1, requires_grad=True)]))


def test_a_device_that_is_not_here_switches_it_off():
    with pytest.warns(UserWarning, match="no backend here has devices of type 'nowhere'. Disabling"):
        scaler = pluggrad.amp.GradScaler("nowhere")
    assert not scaler.is_enabled() and scaler.get_scale() == 1.0 and scaler.state_dict() == {}
    loss = pluggrad.tensor(1.0)
    assert scaler.scale(loss) is loss
