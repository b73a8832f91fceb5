"""A user's ``Function`` under the transforms of ``pluggrad.func``: the same text for both libraries, beside PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

torch = pytest.importorskip("torch")

import pluggrad  # noqa: E402
from pluggrad.autograd import forward_ad  # noqa: E402

#: PyTorch compiles decompositions, in a way that it calls deprecated, when forward mode is first used.
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script:DeprecationWarning")


def define(lib: ModuleType) -> Any:
    """The functions under test: one that leaves the library in its forward, one of two outputs, one of two batches."""
    Function = lib.autograd.Function

    def through_numpy(array: Any) -> Any:
        return lib.tensor(array, dtype=lib.float64)

    class Cube(Function):
        @staticmethod
        def forward(x):
            return through_numpy(x.detach().cpu().numpy() ** 3)

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)
            ctx.save_for_forward(*inputs)

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * 3 * x * x

        @staticmethod
        def jvp(ctx, t):
            (x,) = ctx.saved_tensors
            return 3 * x * x * t

        @staticmethod
        def vmap(info, in_dims, x):
            return Cube.apply(x), in_dims[0]

    class Both(Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(x, y):
            return x * y, x + y

        setup_context = Cube.setup_context

        @staticmethod
        def backward(ctx, g, h):
            x, y = ctx.saved_tensors
            return g * y + h, g * x + h

        @staticmethod
        def jvp(ctx, t, s):
            x, y = ctx.saved_tensors
            return t * y + s * x, t + s

    class Times(Function):
        @staticmethod
        def forward(x, y):
            return through_numpy(x.detach().cpu().numpy() * y.detach().cpu().numpy())

        setup_context = Cube.setup_context

        @staticmethod
        def backward(ctx, g):
            x, y = ctx.saved_tensors
            return Times.apply(g, y), Times.apply(g, x)

        @staticmethod
        def jvp(ctx, t, s):
            x, y = ctx.saved_tensors
            return Times.apply(t, y) + Times.apply(x, s)

        @staticmethod
        def vmap(info, in_dims, x, y):
            ranks = [a.ndim - (d is not None) for a, d in zip((x, y), in_dims, strict=True)]

            def spread(a, dim):
                if dim is None:
                    return a
                a = a.movedim(dim, 0)
                return a.reshape((a.shape[0],) + (1,) * (max(ranks) - a.ndim + 1) + tuple(a.shape[1:]))

            return Times.apply(spread(x, in_dims[0]), spread(y, in_dims[1])), 0

    return SimpleNamespace(cube=Cube.apply, both=lambda x, y: sum(Both.apply(x, y)), times=Times.apply)


#: What is done with them: of (func, functions, x, w, t) with x and t of shape (3, 2), w of shape (2,).
ONE: dict[str, Callable[..., Any]] = {
    "vmap": lambda f, one, x, w, t: f.vmap(one)(x),
    "vmap of columns": lambda f, one, x, w, t: f.vmap(one, in_dims=1, out_dims=1)(x),
    "jvp": lambda f, one, x, w, t: f.jvp(one, (x,), (t,)),
    "grad of vmap": lambda f, one, x, w, t: f.grad(lambda y: f.vmap(one)(y).sum())(x),
    "vmap of grad": lambda f, one, x, w, t: f.vmap(f.grad(lambda y: one(y).sum()))(x),
    "vmap of jvp": lambda f, one, x, w, t: f.vmap(lambda a, b: f.jvp(one, (a,), (b,))[1])(x, t),
    "jvp of vmap": lambda f, one, x, w, t: f.jvp(f.vmap(one), (x,), (t,)),
    "jvp of grad": lambda f, one, x, w, t: f.jvp(f.grad(lambda y: one(y).sum()), (x,), (t,)),
    "grad of jvp": lambda f, one, x, w, t: f.grad(lambda y: f.jvp(one, (y,), (t,))[1].sum())(x),
    "jacrev": lambda f, one, x, w, t: f.jacrev(one)(w),
    "jacfwd": lambda f, one, x, w, t: f.jacfwd(one)(w),
    "hessian": lambda f, one, x, w, t: f.hessian(lambda y: one(y).sum())(w),
}
TWO: dict[str, Callable[..., Any]] = {
    "vmap": lambda f, two, x, w, t: f.vmap(two, in_dims=(0, None))(x, w),
    "jvp": lambda f, two, x, w, t: f.jvp(two, (x, w), (t, w)),
    "grad of vmap": lambda f, two, x, w, t: f.grad(
        lambda x, w: f.vmap(two, in_dims=(0, None))(x, w).sum(), argnums=(0, 1)
    )(x, w),
    "vmap of grad": lambda f, two, x, w, t: f.vmap(
        f.grad(lambda x, w: two(x, w).sum(), argnums=(0, 1)), in_dims=(0, None)
    )(x, w),
    "jvp of vmap": lambda f, two, x, w, t: f.jvp(f.vmap(two, in_dims=(0, None)), (x, w), (t, w)),
    "jvp of vmap of grad": lambda f, two, x, w, t: f.jvp(
        f.vmap(f.grad(lambda x, w: (two(x, w) ** 2).sum(), argnums=(0, 1)), in_dims=(0, None)), (x, w), (t, w)
    ),
    "vmap of hessian": lambda f, two, x, w, t: f.vmap(
        f.hessian(lambda x, w: (two(x, w) ** 2).sum(), argnums=(0, 1)), in_dims=(0, None)
    )(x, w),
    "jacrev of vmap of jvp": lambda f, two, x, w, t: f.jacrev(
        f.vmap(lambda r: f.jvp(lambda r: two(r, w), (r,), (w,))[1])
    )(x),
}
CASES = [("cube", how) for how in ONE] + [(name, how) for name in ("both", "times") for how in TWO]
POINTS = ([[1.0, 2.0], [3.0, 4.0], [5.0, 0.5]], [0.3, -0.7], [[1.0, -2.0], [0.3, 4.0], [0.5, 0.5]])


def flat(value: Any) -> list[Any]:
    return [leaf for part in value for leaf in flat(part)] if isinstance(value, tuple) else [value]


@pytest.mark.parametrize(("name", "how"), CASES)
def test_nested_transforms(name: str, how: str) -> None:
    results = []
    for lib in (torch, pluggrad):
        given = [lib.tensor(p, dtype=lib.float64) for p in POINTS]
        table = ONE if name == "cube" else TWO
        results.append(flat(table[how](lib.func, getattr(define(lib), name), *given)))
    want, got = results
    assert len(want) == len(got)
    for a, b in zip(want, got, strict=True):
        assert torch.allclose(a, torch.tensor(b.tolist(), dtype=torch.float64)) and a.shape == b.shape


class Straight(pluggrad.autograd.Function):
    """Rounds, with the gradient of the identity. No jvp."""

    @staticmethod
    def forward(ctx, x):
        return x.round()

    @staticmethod
    def backward(ctx, g):
        return g


def test_forward_mode_without_jvp_follows_backward_not_forward() -> None:
    x, t = pluggrad.tensor([0.4, 1.6]), pluggrad.tensor([2.0, 3.0])
    out, slope = pluggrad.func.jvp(Straight.apply, (x,), (t,))
    assert out.tolist() == [0.0, 2.0] and slope.tolist() == [2.0, 3.0]
    rows = pluggrad.stack([x, x])
    slope = pluggrad.func.jvp(pluggrad.vmap(Straight.apply), (rows,), (pluggrad.ones_like(rows),))[1]
    assert slope.tolist() == [[1.0, 1.0], [1.0, 1.0]]
    assert pluggrad.func.hessian(lambda x: (Straight.apply(x) ** 2).sum())(x).tolist() == [[2.0, 0.0], [0.0, 2.0]]


def test_second_forward_derivative_of_jvp() -> None:
    # PyTorch gives zeros here: it loses the inner tangent's own.
    cube = define(pluggrad).cube
    x, t = (pluggrad.tensor(v, dtype=pluggrad.float64) for v in ([1.0, 2.0], [1.0, -2.0]))
    slope = pluggrad.func.jvp(lambda y: pluggrad.func.jvp(cube, (y,), (t,))[1], (x,), (t,))[1]
    assert slope.tolist() == pytest.approx((6 * x * t * t).tolist())


@pytest.mark.parametrize("lib", [torch, pluggrad], ids=["torch", "pluggrad"])
def test_forward_ad_with_a_forward_that_takes_ctx(lib: ModuleType) -> None:
    seen = []

    class Scaled(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x, y, by):
            ctx.by = by
            ctx.save_for_forward(x)
            return x * by + y

        @staticmethod
        def jvp(ctx, t, s, by):
            seen.append((s.tolist(), by))
            assert len(ctx.saved_tensors) == 1
            return t * ctx.by + s

    ad = forward_ad if lib is pluggrad else torch.autograd.forward_ad
    with ad.dual_level():
        x = ad.make_dual(lib.tensor([1.0, 2.0]), lib.tensor([1.0, 1.0]))
        out = ad.unpack_dual(Scaled.apply(x, lib.tensor([5.0, 6.0]), 3.0))
    assert out.primal.tolist() == [8.0, 12.0] and out.tangent.tolist() == [3.0, 3.0]
    assert seen == [([0.0, 0.0], None)]  # zeros where there is no tangent, None for what is no tensor


@pytest.mark.parametrize("lib", [torch, pluggrad], ids=["torch", "pluggrad"])
def test_materialize_grads_off_gives_jvp_none(lib: ModuleType) -> None:
    class First(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            ctx.set_materialize_grads(False)
            return x + y

        @staticmethod
        def jvp(ctx, t, s):
            assert s is None
            return t

    ad = forward_ad if lib is pluggrad else torch.autograd.forward_ad
    with ad.dual_level():
        x = ad.make_dual(lib.tensor([1.0]), lib.tensor([4.0]))
        assert ad.unpack_dual(First.apply(x, lib.tensor([5.0]))).tangent.tolist() == [4.0]


@pytest.mark.parametrize("lib", [torch, pluggrad], ids=["torch", "pluggrad"])
def test_what_vmap_is_told(lib: ModuleType) -> None:
    seen = []

    class Told(lib.autograd.Function):
        @staticmethod
        def forward(x, factor):
            return x * factor

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

        @staticmethod
        def vmap(info, in_dims, x, factor):
            seen.append((info.batch_size, info.randomness, in_dims[1], tuple(x.shape), factor))
            return Told.apply(x, factor), in_dims[0]

    x = lib.ones(3, 2)
    out = lib.func.vmap(lambda r: Told.apply(r, 2.0), randomness="same")(x)
    assert seen == [(3, "same", None, (3, 2), 2.0)] and out.tolist() == [[2.0, 2.0]] * 3


def broken(lib: ModuleType, **methods: Any) -> Any:
    class Broken(lib.autograd.Function):
        @staticmethod
        def forward(x):
            return x * 2

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

        @staticmethod
        def backward(ctx, g):
            return g * 2

    for name, method in methods.items():
        setattr(Broken, name, method)
    return Broken


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "two tangents": (
        {"jvp": staticmethod(lambda ctx, t: (t, t))},
        r"invalid number of forward gradients \(expected 1 but got 2\)",
    ),
    "shape of the tangent": (
        {"jvp": staticmethod(lambda ctx, t: t[0])},
        "forward gradient that has a different size than that of the original",
    ),
    "no tensor": ({"jvp": staticmethod(lambda ctx, t: 3.0)}, r"expected Variable or None \(got float\)"),
    "both kinds of vmap": (
        {"vmap": staticmethod(lambda info, in_dims, x: (x, 0)), "generate_vmap_rule": True},
        "both generate_vmap_rule=True and an overridden vmap staticmethod",
    ),
    "no out_dims": (
        {"vmap": staticmethod(lambda info, in_dims, x: x)},
        "Expected the vmap staticmethod to have two returns",
    ),
    "out_dims of two": (
        {"vmap": staticmethod(lambda info, in_dims, x: (x, (0, 0)))},
        r"returned an incompatible \(output, out_dims\) tuple",
    ),
}


@pytest.mark.parametrize("lib", [torch, pluggrad], ids=["torch", "pluggrad"])
@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes(lib: ModuleType, mistake: str) -> None:
    methods, message = MISTAKES[mistake]
    apply = broken(lib, **methods).apply
    x = lib.ones(3, 2)
    with pytest.raises((RuntimeError, ValueError), match=message):
        lib.func.jvp(apply, (x,), (x,)) if "jvp" in methods else lib.func.vmap(apply)(x)


def test_a_vmap_that_leaves_the_library_keeps_the_gradient() -> None:
    def vmap(info: Any, in_dims: Any, x: Any) -> Any:
        return pluggrad.tensor(x.detach().cpu().numpy() * 2), in_dims[0]

    apply = broken(pluggrad, vmap=staticmethod(vmap)).apply
    x = pluggrad.ones(3, 2)
    # PyTorch loses the first of these in silence.
    assert pluggrad.func.grad(lambda x: pluggrad.vmap(apply)(x).sum())(x).tolist() == [[2.0, 2.0]] * 3
    assert pluggrad.vmap(pluggrad.func.grad(lambda r: apply(r).sum()))(x).tolist() == [[2.0, 2.0]] * 3


def test_a_jvp_that_leaves_the_library_loses_no_gradient_in_silence() -> None:
    apply = broken(pluggrad, jvp=staticmethod(lambda ctx, t: pluggrad.tensor(t.detach().cpu().numpy() * 2))).apply
    x = pluggrad.ones(2)
    assert pluggrad.func.jvp(apply, (x,), (x,))[1].tolist() == [2.0, 2.0]
    with pytest.raises(pluggrad.errors.GradientError, match="the tangent of output 0 has no graph"):
        pluggrad.func.jvp(pluggrad.func.grad(lambda y: apply(y).sum()), (x,), (x,))


def test_a_function_that_writes_in_place() -> None:
    class Doubled(pluggrad.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            return x.mul_(2.0)

        @staticmethod
        def backward(ctx, g):
            return g * 2

        @staticmethod
        def vmap(info, in_dims, x):
            return Doubled.apply(x), in_dims[0]

    def f(x: Any) -> Any:
        y = x * x  # saves x, and gives what is written to
        z = y * y
        assert Doubled.apply(y) is y
        return (y * z).sum()  # 2 x**6

    x = pluggrad.tensor([[1.0, 2.0], [3.0, -1.0]], dtype=pluggrad.float64)
    want = 12 * x**5
    assert pluggrad.allclose(pluggrad.func.grad(f)(x), want)
    assert pluggrad.allclose(pluggrad.vmap(pluggrad.func.grad(f))(x), want)
    assert pluggrad.allclose(pluggrad.func.grad(lambda x: pluggrad.vmap(f)(x).sum())(x), want)
    assert pluggrad.allclose(pluggrad.func.jvp(f, (x,), (pluggrad.ones_like(x),))[1], want.sum())
    assert pluggrad.allclose(pluggrad.func.jvp(pluggrad.vmap(f), (x,), (pluggrad.ones_like(x),))[1], want.sum(1))
