"""``pluggrad.autograd.graph``: hooks on saved values and on several gradients, edges, what nodes tell."""

from __future__ import annotations

import gc
import weakref

import pytest

import pluggrad
from pluggrad.autograd import graph

torch = pytest.importorskip("torch")


@pytest.fixture(params=[pluggrad, torch], ids=["pluggrad", "torch"])
def lib(request):
    return request.param


def leaf(lib, *values):
    return lib.tensor(list(values), dtype=lib.float64, requires_grad=True)


# -- hooks on saved values ---------------------------------------------------------------------------


def test_each_saved_value_is_packed_and_unpacked(lib):
    x, w = leaf(lib, 1.0, 2.0), leaf(lib, 3.0, 4.0)
    packed, unpacked = [], []

    def pack(t):
        packed.append(t.tolist())
        return len(packed) - 1

    def unpack(i):
        unpacked.append(i)
        return lib.tensor(packed[i], dtype=lib.float64)

    with lib.autograd.graph.saved_tensors_hooks(pack, unpack):
        y = (x * w).exp()
    z = y * y  # outside: not packed
    assert len(packed) == 3 and sorted(packed[:2]) == [[1.0, 2.0], [3.0, 4.0]]
    z.sum().backward()
    assert sorted(unpacked) == [0, 1, 2]
    y = (x.detach() * w.detach()).exp()
    assert x.grad.tolist() == pytest.approx((2 * y * y * w.detach()).tolist())


def test_what_unpack_returns_is_what_backward_uses(lib):
    x = leaf(lib, 2.0)
    with lib.autograd.graph.saved_tensors_hooks(lambda t: t * 10, lambda t: t):
        y = x.exp()
    y.backward()
    assert x.grad.tolist() == pytest.approx([10 * y.item()])


def test_the_innermost_hooks_count_and_may_be_refused(lib):
    saved_tensors_hooks = lib.autograd.graph.saved_tensors_hooks
    x = leaf(lib, 2.0)
    calls = []

    def named(name):
        return saved_tensors_hooks(lambda t: calls.append(name) or t, lambda t: t)

    with named("outer"), named("inner"):
        x.exp()
    assert calls == ["inner"]
    with (
        pytest.raises(RuntimeError, match="not today"),
        lib.autograd.graph.disable_saved_tensors_hooks("not today"),
        named("never"),
    ):
        pass
    with named("outer"), lib.no_grad():
        x.exp()
    assert calls == ["inner"]


def test_unpack_must_return_a_tensor(lib):
    x = leaf(lib, 2.0)
    with lib.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: 3):
        y = x.exp()
    with pytest.raises(TypeError, match="unpack_hook expected to be a Tensor"):
        y.backward()


def test_hooks_and_higher_derivatives(lib):
    x = leaf(lib, 2.0)
    with lib.autograd.graph.saved_tensors_hooks(lambda t: t.clone(), lambda t: t):
        y = x * x * x
        (g,) = lib.autograd.grad(y.sum(), x, create_graph=True)
        (h,) = lib.autograd.grad(g.sum(), x)
    assert (g.tolist(), h.tolist()) == ([12.0], [12.0])


def test_identity_hooks_do_not_lose_the_promise_of_in_place_writes():
    x = leaf(pluggrad, 2.0)
    with graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        y = x * 1.0
        z = y * y
    y.mul_(100.0)
    z.backward()
    assert x.grad.tolist() == [4.0]


def test_hooks_reach_user_functions_and_functions_of_several_outputs(lib):
    class Square(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 2 * g * x

    packed = []
    with lib.autograd.graph.saved_tensors_hooks(lambda t: packed.append(1) or t, lambda t: t):
        x = leaf(lib, 3.0)
        y = Square.apply(x)
        assert packed == [1]
        q, _ = lib.linalg.qr(lib.eye(2, dtype=lib.float64) * x)
        count = len(packed)
        assert count > 1
    (y.sum() + q.sum()).backward()
    assert x.grad.tolist() == pytest.approx([6.0])


def test_save_on_cpu(lib):
    x = leaf(lib, 3.0)
    with lib.autograd.graph.save_on_cpu():
        y = x * x
    y.backward()
    assert x.grad.tolist() == [6.0]


def test_save_on_cpu_from_another_device():
    x = pluggrad.tensor([3.0], device="strict:device1", requires_grad=True)
    with graph.save_on_cpu():
        y = x * x
    (s, _) = y.grad_fn.saved
    assert s._value[1].device.type == "cpu"
    y.backward(pluggrad.ones(1, device="strict:device1"))
    assert x.grad.tolist() == [6.0] and str(x.grad.device) == "strict:device1"


def test_packed_values_are_freed_without_the_collector():
    gc.collect()
    gc.disable()
    try:
        x = leaf(pluggrad, 2.0)
        seen = []
        with graph.saved_tensors_hooks(lambda t: seen.append(weakref.ref(t)) or t, lambda t: t):
            y = x * 3.0
            z = y.exp()
        watched = [weakref.ref(t) for t in (x, y, z)] + seen
        z.backward()
        del x, y, z
        assert [ref() for ref in watched] == [None] * len(watched)
    finally:
        gc.enable()


# -- edges and several gradients ---------------------------------------------------------------------


def test_gradient_edges(lib):
    x = leaf(lib, 2.0)
    y = x * x
    edge = lib.autograd.graph.get_gradient_edge(y)
    assert edge.node is y.grad_fn and edge.output_nr == 0
    z = (y * 3).sum()
    assert lib.autograd.grad(z, edge, retain_graph=True)[0].tolist() == [3.0]
    assert lib.autograd.grad(edge, x, lib.ones(1, dtype=lib.float64), retain_graph=True)[0].tolist() == [4.0]
    del y
    lib.autograd.backward(edge, lib.ones(1, dtype=lib.float64))
    assert x.grad.tolist() == [4.0]
    with pytest.raises(RuntimeError, match="do not require|does not require"):
        lib.autograd.graph.get_gradient_edge(lib.ones(1))


def test_gradient_edge_of_one_of_several_outputs(lib):
    x = lib.tensor([[2.0, 1.0]], requires_grad=True)
    a, b = x.unbind(1)
    edge = lib.autograd.graph.get_gradient_edge(b)
    assert edge.output_nr == 1
    assert lib.autograd.grad((a * b).sum(), edge)[0].tolist() == [2.0]


@pytest.mark.parametrize("mode", ["all", "any"])
def test_multi_grad_hook(lib, mode):
    a, b, c = leaf(lib, 1.0), leaf(lib, 2.0), leaf(lib, 3.0)
    seen = []

    def hook(gs):
        seen.append([None if g is None else g.tolist() for g in gs] if mode == "all" else gs.tolist())

    handle = lib.autograd.graph.register_multi_grad_hook([a, b, c], hook, mode=mode)
    (a * b).backward()
    assert seen == ([[[2.0], [1.0], None]] if mode == "all" else seen[:1]) and len(seen) == 1
    (a * b * c).backward()
    assert len(seen) == 2
    handle.remove()
    (a * b).backward()
    assert len(seen) == 2


def test_multi_grad_hook_within_grad():
    """Where PyTorch gives up on leaves."""
    a, b = leaf(pluggrad, 1.0), leaf(pluggrad, 2.0)
    seen = []
    graph.register_multi_grad_hook([a, b], seen.append)
    pluggrad.autograd.grad(a * b, b)
    assert [None if g is None else g.tolist() for g in seen[0]] == [None, [1.0]]


def test_multi_grad_hook_refuses(lib):
    with pytest.raises(ValueError, match="mode to be one of"):
        lib.autograd.graph.register_multi_grad_hook([leaf(lib, 1.0)], print, mode="some")
    with pytest.raises(AssertionError if lib is torch else RuntimeError):
        lib.autograd.graph.register_multi_grad_hook([lib.ones(1)], print)


def test_hooks_registered_before_a_write_see_the_old_value_and_retained_ones_the_new(lib):
    x = leaf(lib, 1.0)
    y = x * 2
    y.retain_grad()
    seen = []
    y.register_hook(lambda g: seen.append(g.tolist()))
    y.mul_(3)
    y.backward()
    assert seen == [[3.0]] and y.grad.tolist() == [1.0] and x.grad.tolist() == [6.0]


# -- what a node tells ---------------------------------------------------------------------------------


def test_saved_values_of_a_node(lib):
    x, w = leaf(lib, 2.0), leaf(lib, 3.0)
    y = x * w
    assert y.grad_fn._saved_self.tolist() == [2.0] and y.grad_fn._saved_other.tolist() == [3.0]
    assert y.exp().grad_fn._saved_result.tolist() == pytest.approx(y.exp().tolist())
    with pytest.raises(AttributeError):
        y.grad_fn._saved_nothing  # noqa: B018
    y.backward()
    with pytest.raises(RuntimeError, match="second time"):
        y.grad_fn._saved_self  # noqa: B018


def test_a_node_of_a_user_function_shows_its_context(lib):
    class Scale(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x, by):
            ctx.by = by
            ctx.save_for_backward(x)
            return x * by

        @staticmethod
        def backward(ctx, g):
            return g * ctx.by, None

    x = leaf(lib, 2.0)
    node = Scale.apply(x, 3.0).grad_fn
    assert node.by == 3.0 and node.saved_tensors[0].tolist() == [2.0]
    assert isinstance(node, lib.autograd.graph.Node) and node.name() == "ScaleBackward"


def test_notes_on_a_node(lib):
    node = (leaf(lib, 1.0) * 2).grad_fn
    node.metadata["where"] = "here"
    assert node.metadata == {"where": "here"} and node.next_functions[1] == (None, 0)


@pytest.mark.cpu
def test_telling_of_a_write_by_other_means():
    x = leaf(pluggrad, 2.0)
    y = x * 1.0
    z = y * y
    graph.increment_version([y])
    y.detach().numpy()[...] = 100.0
    z.backward()
    assert x.grad.tolist() == [4.0]


def test_accepted_for_the_sake_of_pytorch(lib):
    with lib.autograd.graph.allow_mutation_on_saved_tensors(), lib.autograd.set_multithreading_enabled(False):
        x = leaf(lib, 2.0)
        y = x * 1.0
        z = y * y
        y.mul_(5)
        z.backward()
    assert x.grad.tolist() == [4.0]
