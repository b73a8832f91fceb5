"""Checkpoints: the same gradients as without, beside PyTorch; what is held in between; what is refused."""

from __future__ import annotations

import gc
import weakref

import pytest

import pluggrad
from pluggrad.utils.checkpoint import CheckpointError, checkpoint, checkpoint_sequential, set_checkpoint_early_stop

both = pytest.mark.parametrize("reentrant", [False, True])


def leaf(*values):
    return pluggrad.tensor(list(values), dtype=pluggrad.float64, requires_grad=True)


def part(x, w):
    return pluggrad.tanh(x * w).exp() * x


def gradients(function, *inputs):
    for x in inputs:
        x.grad = None
    out = function(*inputs)
    (out * out).sum().backward()
    return [x.grad.tolist() for x in inputs]


@both
def test_the_same_gradients_as_without(reentrant):
    x, w = leaf(0.3, -1.0), leaf(2.0, 0.7)
    plain = gradients(part, x, w)
    assert gradients(lambda x, w: checkpoint(part, x, w, use_reentrant=reentrant), x, w) == plain
    twice = gradients(lambda x, w: part(part(x, w), w), x, w)

    def chained(x, w):
        first = checkpoint(part, x, w, use_reentrant=reentrant)
        return checkpoint(part, first, w, use_reentrant=reentrant)

    assert gradients(chained, x, w) == twice


@both
def test_captured_parameters_and_several_outputs(reentrant):
    torch = pytest.importorskip("torch")
    from torch.utils.checkpoint import checkpoint as torch_checkpoint

    found = []
    for lib, function in ((pluggrad, checkpoint), (torch, torch_checkpoint)):
        w = lib.tensor([2.0, 3.0], dtype=lib.float64, requires_grad=True)
        x = lib.tensor([0.5, 1.5], dtype=lib.float64, requires_grad=True)
        a, b, c = function(lambda t, k, w=w: (t * w, (t * k).exp(), k), x, 2, use_reentrant=reentrant)
        assert c == 2
        (a * b).sum().backward()
        found.append(w.grad.tolist() + x.grad.tolist())
    assert found[0] == pytest.approx(found[1])


@both
def test_random_numbers_are_the_same_both_times(reentrant):
    masks = []

    def dropout(x):
        mask = (pluggrad.rand(4) > 0.5).to(pluggrad.float64)
        masks.append(mask.tolist())
        return (x * mask).exp()

    x = leaf(1.0, 2.0, 3.0, 4.0)
    pluggrad.manual_seed(0)
    y = checkpoint(dropout, x, use_reentrant=reentrant)
    after = pluggrad.get_rng_state()
    pluggrad.rand(7)
    between = pluggrad.get_rng_state()
    y.sum().backward()
    assert len(masks) == 2 and masks[0] == masks[1]
    assert pluggrad.get_rng_state().tolist() == between.tolist() != after.tolist()
    checkpoint(dropout, x, use_reentrant=reentrant, preserve_rng_state=False).sum().backward()
    assert masks[2] != masks[3]


def test_nothing_inside_is_held_until_backward():
    gc.collect()
    gc.disable()
    try:
        x = leaf(0.5)
        inner = []

        def work(t):
            a = t.exp()
            b = a.sin()
            inner.append(weakref.ref(a))
            inner.append(weakref.ref(a._array))
            inner.append(weakref.ref(b._array))
            return b.exp()

        y = checkpoint(work, x)
        assert [ref() for ref in inner] == [None] * 3
        z = y * 2.0
        watched = [weakref.ref(t) for t in (x, y, z)]
        z.sum().backward()
        assert x.grad is not None
        del x, y, z
        assert [ref() for ref in watched + inner] == [None] * 9
    finally:
        gc.enable()


def test_the_second_run_stops_early():
    steps = []

    def work(t):
        steps.append("first")
        u = t.exp()
        v = u * 1.0 + 2.0
        steps.append("second")
        return v

    x = leaf(1.0)
    checkpoint(work, x).sum().backward()
    assert steps == ["first", "second", "first"]
    steps.clear()
    with set_checkpoint_early_stop(False):
        y = checkpoint(work, x)
    y.sum().backward()
    assert steps == ["first", "second", "first", "second"]
    steps.clear()
    checkpoint(work, x, early_stop=False).sum().backward()
    assert len(steps) == 4


def test_higher_derivatives_and_autograd_grad():
    x = leaf(0.7)
    (g,) = pluggrad.autograd.grad(checkpoint(lambda t: (t * t).exp(), x).sum(), x, create_graph=True)
    (h,) = pluggrad.autograd.grad(g.sum(), x)
    y = leaf(0.7)
    (g2,) = pluggrad.autograd.grad((y * y).exp().sum(), y, create_graph=True)
    (h2,) = pluggrad.autograd.grad(g2.sum(), y)
    assert (g.item(), h.item()) == pytest.approx((g2.item(), h2.item()))


def test_backward_twice():
    x = leaf(0.7)
    y = checkpoint(lambda t: (t * t).exp(), x).sum()
    y.backward(retain_graph=True)
    once = x.grad.tolist()
    y.backward()
    assert x.grad.tolist() == [2 * once[0]]
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


def test_nested():
    runs = []

    def inner(t):
        runs.append("inner")
        return t.exp().sin()

    def outer(t):
        runs.append("outer")
        u = checkpoint(inner, t * 2.0)
        return checkpoint(inner, u.exp())

    x = leaf(0.3)
    nested = gradients(lambda t: checkpoint(outer, t), x)
    assert nested == gradients(lambda t: (((t * 2.0).exp().sin()).exp()).exp().sin(), x)
    assert runs.count("outer") >= 2


def test_arguments_written_later_are_as_they_were():
    x = leaf(0.5)
    y = x * 1.0
    z = checkpoint(lambda t: t.exp().sin(), y)
    y.mul_(100.0)
    z.backward()
    w = leaf(0.5)
    w.exp().sin().backward()
    assert x.grad.tolist() == w.grad.tolist()


def test_arguments_within_lists_and_by_name():
    x, w = leaf(0.5), leaf(2.0)
    checkpoint(lambda items, *, scale: items[0]["x"].exp() * scale, [{"x": x}], scale=w).backward()
    assert x.grad.item() == pytest.approx(2 * 1.6487212707) and w.grad.item() == pytest.approx(1.6487212707)


def test_context_fn():
    log = []

    class Note:
        def __init__(self, name):
            self.name = name

        def __enter__(self):
            log.append(self.name)

        def __exit__(self, *exc):
            pass

    x = leaf(0.5)
    checkpoint(lambda t: t.exp(), x, context_fn=lambda: (Note("forward"), Note("recompute"))).backward()
    assert log == ["forward", "recompute"]


@pytest.mark.cpu
def test_mixed_precision_is_as_it_was():
    dtypes = []

    def product(a):
        out = a @ a
        dtypes.append(out.dtype)
        return out.float().exp()

    x = pluggrad.ones(2, 2, requires_grad=True)
    with pluggrad.autocast("cpu", dtype=pluggrad.float16):
        y = checkpoint(product, x)
    y.sum().backward()
    assert dtypes == [pluggrad.float16] * 2


def test_under_no_grad_it_just_runs():
    with pluggrad.no_grad():
        assert not checkpoint(lambda t: t.exp(), leaf(1.0)).requires_grad


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (lambda t: t[:1].exp(), r"value 0 .* is \[1\] float64 on .* in the second run, and was \[2\]"),
        (lambda t: t + 1.0, "fewer values"),
        (lambda t: t.exp().exp(), "more values"),
    ],
)
def test_a_second_run_that_differs(second, message):
    runs = []

    def fickle(t):
        runs.append(1)
        return t.exp() if len(runs) == 1 else second(t)

    y = checkpoint(fickle, leaf(1.0, 2.0), early_stop=False)
    with pytest.raises(CheckpointError, match=message):
        y.sum().backward()


def test_what_is_refused():
    x = leaf(1.0)
    with pytest.raises(ValueError, match="Unexpected keyword arguments: scale"):
        checkpoint(lambda t, scale: t, x, use_reentrant=True, scale=2)
    with pytest.raises(ValueError, match="context_fn"):
        checkpoint(lambda t: t, x, use_reentrant=True, context_fn=lambda: ())
    with pytest.raises(ValueError, match="determinism_check"):
        checkpoint(lambda t: t, x, determinism_check="strict")
    y = checkpoint(lambda t: t.exp(), x, use_reentrant=True)
    with pytest.raises(RuntimeError, match=r"incompatible with .grad\(\)"):
        pluggrad.autograd.grad(y, x)


@both
@pytest.mark.parametrize("segments", [1, 2, 3, 7])
def test_sequential(reentrant, segments):
    net = pluggrad.nn.Sequential(*[pluggrad.nn.Linear(3, 3) for _ in range(6)]).double()
    x = pluggrad.randn(2, 3, dtype=pluggrad.float64, requires_grad=True)
    plain = gradients(net, x)
    weights = [p.grad.tolist() for p in net.parameters()]
    net.zero_grad()
    assert gradients(lambda t: checkpoint_sequential(net, segments, t, use_reentrant=reentrant), x) == plain
    assert [p.grad.tolist() for p in net.parameters()] == weights
