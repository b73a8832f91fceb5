"""The engine: accumulation, freeing, orders, targets, depth, threads, leaks."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest

import pluggrad
from pluggrad.autograd import grad


def leaf(*values):
    return pluggrad.tensor(list(values), dtype=pluggrad.float64, requires_grad=True)


def one(*shape):
    return pluggrad.ones(*shape, dtype=pluggrad.float64)


def test_gradients_accumulate_until_set_to_none():
    x = leaf(3.0)
    for times in (1, 2):
        pluggrad.sum(x * x).backward()
        assert x.grad.tolist() == [6.0 * times]
    x.grad = None
    pluggrad.sum(x * x).backward()
    assert x.grad.tolist() == [6.0]


def test_accumulating_writes_into_the_same_grad():
    x = leaf(3.0)
    pluggrad.sum(x * x).backward()
    kept = x.grad
    pluggrad.sum(x * x).backward()
    assert x.grad is kept and kept.tolist() == [12.0]


def test_two_leaves_do_not_share_a_gradient():
    """``add`` hands one cotangent to both arguments; a write to one ``grad`` must not be seen in the other."""
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    (x + y).backward(one(2))
    x.grad.copy_(x.grad * 0.0)
    assert y.grad.tolist() == [1.0, 1.0]


def test_the_gradient_given_by_the_user_is_not_shared_with_grad():
    x, g = leaf(1.0), one(1)
    (x + 0.0).backward(g)
    x.grad.copy_(x.grad * 7.0)
    assert g.tolist() == [1.0]


def test_diamond():
    x = leaf(2.0)
    a = x * 3.0
    b = a * a
    c = a + b
    pluggrad.sum(c * b).backward()
    # c*b = (a + a²)a² = a³ + a⁴, by x: 3(3a² + 4a³) at a = 6
    assert x.grad.tolist() == [3.0 * (3 * 36 + 4 * 216)]


def test_outputs_that_depend_on_each_other():
    x = leaf(2.0)
    y = x * x
    z = y * x
    pluggrad.autograd.backward([y, z], [one(1), one(1)])
    assert x.grad.tolist() == [4.0 + 12.0]


def test_second_backward_needs_retain_graph():
    x = leaf(2.0)
    y = pluggrad.sum(x * x)
    y.backward(retain_graph=True)
    y.backward()
    with pytest.raises(RuntimeError, match=r"second time \(at MulBackward0\).*retain_graph=True"):
        y.backward()


def test_a_graph_that_saved_nothing_can_be_used_again():
    x = leaf(2.0)
    y = pluggrad.sum(x + x)
    y.backward()
    y.backward()
    assert x.grad.tolist() == [4.0]


def test_fourth_order():
    x = leaf(2.0)
    y = pluggrad.sum(x * x * x * x)
    for expected in (32.0, 48.0, 48.0, 24.0):
        (y,) = grad(pluggrad.sum(y), x, create_graph=True)
        assert y.tolist() == [expected]


def test_create_graph_in_backward_gives_a_grad_with_a_graph():
    x = leaf(3.0)
    pluggrad.sum(x * x * x).backward(create_graph=True)
    assert x.grad.requires_grad
    (h,) = grad(pluggrad.sum(x.grad), x)
    assert h.tolist() == [18.0]


def test_grad_leaves_grad_alone_and_computes_only_what_leads_to_the_inputs():
    x, w = leaf(2.0), leaf(5.0)
    calls = []
    y = x * 2.0
    w2 = w * 1.0
    w2.register_hook(lambda g: calls.append("w"))
    (gx,) = grad(pluggrad.sum(y * w2), x)
    assert gx.tolist() == [10.0] and x.grad is None and w.grad is None and calls == []


def test_grad_of_a_non_leaf_and_through_it():
    x = leaf(2.0)
    y = x * x
    z = pluggrad.sum(y * x)
    gy, gx = grad(z, [y, x])
    assert (gy.tolist(), gx.tolist()) == ([2.0], [12.0])


def test_unused_input():
    x, u = leaf(1.0), leaf(1.0)
    z = pluggrad.sum(x * 2.0)
    with pytest.raises(
        RuntimeError, match=r"appears to not have been used in the graph \(input 1\).*allow_unused=True"
    ):
        grad(z, [x, u], retain_graph=True)
    assert grad(z, [x, u], allow_unused=True, retain_graph=True)[1] is None
    assert grad(z, [x, u], materialize_grads=True)[1].tolist() == [0.0]


def test_backward_with_inputs_accumulates_there_only():
    x, w = leaf(2.0), leaf(5.0)
    (x * w).backward(one(1), inputs=[x])
    assert x.grad.tolist() == [5.0] and w.grad is None


def test_backward_with_a_non_leaf_input_keeps_its_gradient():
    x = leaf(2.0)
    y = x * 3.0
    (y * y).backward(one(1), inputs=[y])
    assert y.grad.tolist() == [12.0] and x.grad is None


def test_non_scalar_needs_a_gradient():
    with pytest.raises(RuntimeError, match=r"only for scalar outputs, got shape \(2,\)"):
        (leaf(1.0, 2.0) * 2.0).backward()


def test_gradient_of_a_wrong_shape():
    with pytest.raises(
        RuntimeError, match=r"grad_output\[0\] has a shape of \(3,\) and output\[0\] has a shape of \(2,\)"
    ):
        (leaf(1.0, 2.0) * 2.0).backward(one(3))


def test_nothing_requires_grad():
    with pytest.raises(RuntimeError, match="element 0 of tensors does not require grad"):
        one(1).backward()


def test_integer_cannot_require_grad():
    with pytest.raises(RuntimeError, match=r"only Tensors of floating point and complex dtype.*int64"):
        pluggrad.tensor([1], requires_grad=True)


def test_requires_grad_of_a_non_leaf_cannot_be_cleared():
    y = leaf(1.0) * 2.0
    with pytest.raises(RuntimeError, match="only change requires_grad flags of leaf"):
        y.requires_grad = False


def test_freezing_a_leaf_stops_an_earlier_graph_from_accumulating():
    x, w = leaf(1.0), leaf(2.0)
    y = x * w
    w.requires_grad = False
    y.backward(one(1))
    assert w.grad is None and x.grad.tolist() == [2.0]
    w.requires_grad = True
    (x * w).backward(one(1))
    assert w.grad.tolist() == [1.0]


def test_chain_of_200_000_operations():
    x = leaf(1.0)
    y = x
    for _ in range(200_000):
        y = y + x
    y.backward(one(1))
    assert x.grad.tolist() == [200_001.0]
    del y


@pytest.mark.cpu  # NumPy tells whether an array owns its memory; of others it is not known
def test_a_fresh_gradient_is_kept_without_a_copy(monkeypatch):
    """The array that the last rule made becomes ``grad`` itself."""
    x = leaf(2.0)
    y = pluggrad.sum(x * 3.0)
    copies = []
    kernels = x._type.kernels
    copy = kernels.copy
    monkeypatch.setattr(kernels, "copy", lambda a: copies.append(a) or copy(a))
    y.backward(pluggrad.tensor(1.0))
    assert x.grad.tolist() == [3.0] and copies == []


def test_hooks_see_and_replace_the_gradient():
    x = leaf(2.0)
    y = x * 3.0
    seen = []
    handle = y.register_hook(lambda g: seen.append(g.tolist()))
    y.register_hook(lambda g: g * 10.0)
    (y * 2.0).backward(one(1))
    assert seen == [[2.0]] and x.grad.tolist() == [60.0]
    handle.remove()
    x.grad = None
    (x * 3.0).backward(one(1))
    assert len(seen) == 1 and x.grad.tolist() == [3.0]


def test_hook_on_a_leaf_and_after_accumulation():
    x = leaf(2.0)
    x.register_hook(lambda g: g * 2.0)
    after = []
    x.register_post_accumulate_grad_hook(lambda p: after.append(p.grad.tolist()))
    (x * 3.0).backward(one(1))
    assert x.grad.tolist() == [6.0] and after == [[6.0]]


def test_hook_returning_a_wrong_shape():
    x = leaf(2.0)
    x.register_hook(lambda g: pluggrad.ones(2, dtype=pluggrad.float64))
    with pytest.raises(
        RuntimeError, match=r"hook on AccumulateGrad returned a gradient of shape \(2,\), expected \(1,\)"
    ):
        (x * 3.0).backward(one(1))


def test_node_hooks():
    x = leaf(2.0)
    y = x * 3.0
    seen = []
    y.grad_fn.register_prehook(lambda gs: (gs[0] * 2.0,))
    y.grad_fn.register_hook(lambda inputs, outputs: seen.append((inputs[0].tolist(), outputs[0].tolist())))
    y.backward(one(1))
    assert seen == [([6.0], [2.0])] and x.grad.tolist() == [6.0]


def test_retain_grad():
    x = leaf(2.0)
    y = x * 3.0
    y.retain_grad()
    assert y.retains_grad
    (y * y).backward(one(1))
    assert y.grad.tolist() == [12.0] and x.grad.tolist() == [36.0]


def test_backward_frees_what_was_saved():
    x = leaf(2.0)
    y = x * 3.0
    z = y * y
    buffer = weakref.ref(y._buffer)
    del y
    assert buffer() is not None
    pluggrad.sum(z).backward()
    assert buffer() is None


def test_graphs_are_freed_without_the_collector():
    gc.collect()
    gc.disable()
    try:
        x = leaf(2.0)
        y = x * 3.0
        z = pluggrad.sum(pluggrad.view(y * y, 1) + x)
        watched = [weakref.ref(t) for t in (y, z, y.grad_fn, z.grad_fn, x)]
        z.backward()
        del x, y, z
        assert [ref() for ref in watched] == [None] * len(watched)
    finally:
        gc.enable()


def test_threads_lose_no_gradient_over_shared_leaves():
    x = leaf(*([1.0] * 8))
    start = threading.Barrier(4)

    def work():
        start.wait()
        for _ in range(200):
            pluggrad.sum(x * 2.0).backward()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert x.grad.tolist() == [4 * 200 * 2.0] * 8


def test_grad_mode_belongs_to_a_thread():
    seen = []
    with pluggrad.no_grad():
        t = threading.Thread(target=lambda: seen.append(pluggrad.is_grad_enabled()))
        t.start()
        t.join()
        assert not pluggrad.is_grad_enabled()
    assert seen == [True] and pluggrad.is_grad_enabled()


def test_modes_as_decorators_and_nested():
    x = leaf(1.0)

    @pluggrad.no_grad()
    def f():
        return x * 2.0

    @pluggrad.no_grad
    def g():
        with pluggrad.enable_grad():
            return x * 2.0

    @pluggrad.set_grad_enabled(False)
    def h():
        return x * 2.0

    @pluggrad.inference_mode()
    def k():
        return x * 2.0

    assert [f().requires_grad, g().requires_grad, h().requires_grad, k().requires_grad] == [False, True, False, False]
    assert pluggrad.is_grad_enabled()


def test_no_grad_decorates_a_generator():
    x = leaf(1.0)

    @pluggrad.no_grad()
    def two():
        yield x * 1.0
        yield x * 2.0

    for y in two():
        assert not y.requires_grad
        assert pluggrad.is_grad_enabled()


def test_set_grad_enabled_as_a_function():
    pluggrad.set_grad_enabled(False)
    try:
        assert not (leaf(1.0) * 2.0).requires_grad
    finally:
        pluggrad.set_grad_enabled(True)
    assert (leaf(1.0) * 2.0).requires_grad


def test_a_node_tells_what_it_was_computed_from():
    x = leaf(1.0)
    y = x * 2.0
    z = y + x
    assert z.grad_fn.name() == "AddBackward0"
    (a, i), (b, j) = z.grad_fn.next_functions
    assert (a, i, j) == (y.grad_fn, 0, 0) and b.name() == "AccumulateGrad" and b.variable is x


def test_threads_that_save_one_weight_at_once_share_its_buffer():
    """Of two Buffers over one memory a later write would freeze one only, and the other's gradient would be wrong."""
    for _ in range(200):
        w = leaf(2.0)
        start = threading.Barrier(4)
        buffers = []

        def work(w=w, start=start, buffers=buffers):
            start.wait()
            buffers.append((w * w).grad_fn.saved[0])

        threads = [threading.Thread(target=work) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert len(set(map(id, buffers))) == 1


def test_async_tasks_have_modes_of_their_own():
    import asyncio

    x = leaf(1.0)
    seen = {}

    async def without(ready, go):
        with pluggrad.no_grad():
            ready.set()
            await go.wait()
            seen["without"] = (x * 2.0).requires_grad

    async def main():
        ready, go = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(without(ready, go))
        await ready.wait()
        seen["beside"] = (x * 2.0).requires_grad
        go.set()
        await task

    asyncio.run(main())
    assert seen == {"beside": True, "without": False}


def test_create_graph_without_retain_graph_frees():
    x = leaf(2.0)
    y = pluggrad.sum(x * x)
    grad(y, x, create_graph=True, retain_graph=False)
    with pytest.raises(RuntimeError, match="second time"):
        grad(y, x)


def test_many_cotangents_at_once():
    x = leaf(1.0, 2.0)
    y = x * x
    (j,) = grad(y, x, pluggrad.eye(2, dtype=pluggrad.float64), is_grads_batched=True, retain_graph=True)
    assert j.tolist() == [[2.0, 0.0], [0.0, 4.0]]
    with pytest.raises(RuntimeError, match="the first axis of every grad_output is the batch"):
        grad([y, y], x, [one(2, 2), one(3, 2)], is_grads_batched=True)


def test_backward_by_a_non_leaf_leaves_no_mark_on_it():
    x = leaf(2.0)
    y = x * 3.0
    z = y * y
    z.backward(one(1), inputs=[y], retain_graph=True)
    z.backward(one(1), retain_graph=True)
    assert y.grad.tolist() == [12.0] and not y.retains_grad
