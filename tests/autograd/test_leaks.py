"""After ``del`` nothing is alive, and nothing waits for Python's garbage collector."""

from __future__ import annotations

import gc
import weakref
from collections import Counter

import pytest

import pluggrad
from pluggrad import nn
from pluggrad.autograd import graph
from pluggrad.tensor import Buffer, Cotangents, Node, Tensor
from pluggrad.tensor.memory import Base, View
from pluggrad.utils.checkpoint import checkpoint


def training():
    net = nn.Sequential(
        nn.Conv2d(1, 2, 3),
        nn.BatchNorm2d(2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.5),
        nn.Linear(18, 3),
    )
    optimizer = pluggrad.optim.Adam(net.parameters())
    for _ in range(2):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(pluggrad.randn(2, 1, 8, 8)), pluggrad.tensor([0, 2])).backward()
        optimizer.step()


def writing_in_place():
    x = pluggrad.ones(3, 3, requires_grad=True)
    y = x * 2.0
    view = y[1:].T
    z = y * y
    view.mul_(3.0)
    y[0] = 5.0
    y[y > 5.5] = view[0, 0]
    (z.sum() + y.sum()).backward()


def higher_derivatives():
    x = pluggrad.ones(3, requires_grad=True)
    (g,) = pluggrad.autograd.grad((x * x * x).sum(), x, create_graph=True)
    (h,) = pluggrad.autograd.grad(g.sum(), x, create_graph=True)
    h.sum().backward()


def hooks_of_all_kinds():
    x = pluggrad.ones(3, requires_grad=True)
    y = x * 2.0
    y.register_hook(lambda g: g * 2.0)
    y.retain_grad()
    y.grad_fn.register_hook(lambda a, b: None)
    x.register_post_accumulate_grad_hook(lambda p: None)
    graph.register_multi_grad_hook([x, y], lambda gs: None)
    with graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        z = y.exp()
    z.sum().backward()


def checkpoints():
    x = pluggrad.ones(3, requires_grad=True)
    checkpoint(lambda t: checkpoint(lambda u: u.exp().sin(), t * 2.0).exp(), x).sum().backward()
    checkpoint(lambda t: t.exp().sin(), x, use_reentrant=True).sum().backward()


class Square(pluggrad.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        out = x * x
        ctx.save_for_backward(x, out)
        return out

    @staticmethod
    def backward(ctx, g):
        x, _ = ctx.saved_tensors
        return 2 * g * x


def user_functions():
    x = pluggrad.ones(3, requires_grad=True)
    Square.apply(x).sum().backward()


def graphs_that_are_dropped():
    x = pluggrad.ones(3, requires_grad=True)
    y = Square.apply((x * x).exp())
    values, vectors = pluggrad.linalg.eigh(pluggrad.eye(2).requires_grad_() * 2.0)
    del y, values, vectors


WORK = (
    training, writing_in_place, higher_derivatives, hooks_of_all_kinds, checkpoints, user_functions,
    graphs_that_are_dropped,
)  # fmt: skip


@pytest.mark.parametrize("work", WORK, ids=lambda work: work.__name__)
def test_nothing_is_left_to_the_collector(work):
    work()  # what is made at the first use
    gc.collect()
    gc.disable()
    try:
        gc.set_debug(gc.DEBUG_SAVEALL)
        work()
        gc.collect()
        left = [type(o).__name__ for o in gc.garbage if isinstance(o, Tensor | Node | Buffer | Base | View)]
        assert left == []
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


@pytest.mark.parametrize("work", WORK, ids=lambda work: work.__name__)
def test_nothing_is_alive_after_it(work):
    """Neither a Tensor nor what graphs hold, without the collector; a second time, for what is made at the first."""
    gc.disable()
    try:
        work()
        gc.collect()
        before = alive()
        work()
        assert alive() == before
    finally:
        gc.enable()


def alive():
    """How many there are of each class."""
    return Counter(
        type(o).__name__
        for o in gc.get_objects()
        # Not isinstance, which asks objects for their __class__: some of other libraries warn then.
        if issubclass(type(o), Tensor | Node | Buffer | Base | View | Cotangents)
    )


def test_something_is_alive_that_is_held():
    """The check above sees what it looks for."""
    before = alive()
    x = pluggrad.ones(2, requires_grad=True)
    y = x * x
    assert (alive() - before)["Tensor"] == 2 and (alive() - before)["Node"] == 1
    del y


def test_the_collector_would_have_been_needed_for_a_cycle():
    """The check above sees what it looks for."""
    gc.collect()
    gc.disable()
    try:
        gc.set_debug(gc.DEBUG_SAVEALL)
        x = pluggrad.ones(1)
        x.myself = x
        seen = weakref.ref(x)
        del x
        assert seen() is not None
        gc.collect()
        assert any(isinstance(o, Tensor) for o in gc.garbage)
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
