"""User-defined functions, beside PyTorch's where it answers."""

from __future__ import annotations

import pytest

import pluggrad
from pluggrad.autograd import Function
from pluggrad.autograd.function import once_differentiable


class Cube(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 3.0 * x * x


class SplitScale(Function):
    """Two outputs and an argument that is no tensor."""

    @staticmethod
    def forward(ctx, x, factor):
        ctx.factor = factor
        return x * factor, x + factor

    @staticmethod
    def backward(ctx, g1, g2):
        return g1 * ctx.factor + g2, None


def leaf(*values):
    return pluggrad.tensor(list(values), dtype=pluggrad.float64, requires_grad=True)


def test_forward_records_one_node():
    y = Cube.apply(leaf(2.0))
    assert y.grad_fn.name() == "CubeBackward" and y.tolist() == [8.0]


def test_backward_to_any_order():
    x = leaf(2.0)
    (g,) = pluggrad.autograd.grad(pluggrad.sum(Cube.apply(x)), x, create_graph=True)
    (h,) = pluggrad.autograd.grad(pluggrad.sum(g), x, create_graph=True)
    (k,) = pluggrad.autograd.grad(pluggrad.sum(h), x)
    assert (g.tolist(), h.tolist(), k.tolist()) == ([12.0], [12.0], [6.0])


def test_two_outputs_and_an_argument_without_gradient():
    x = leaf(1.0, 2.0)
    a, b = SplitScale.apply(x, 3.0)
    pluggrad.autograd.backward(pluggrad.sum(a) + pluggrad.sum(b * 2.0))
    assert x.grad.tolist() == [5.0, 5.0]


def test_an_output_nobody_used_gets_zeros():
    x = leaf(1.0)
    a, _ = SplitScale.apply(x, 3.0)
    a.backward(pluggrad.ones(1, dtype=pluggrad.float64))
    assert x.grad.tolist() == [3.0]


def test_materialize_grads_off_gives_none():
    seen = []

    class Two(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 1.0, x * 2.0

        @staticmethod
        def backward(ctx, g1, g2):
            seen.append((g1 is None, g2 is None))
            return g2 * 2.0

    x = leaf(1.0)
    Two.apply(x)[1].backward(pluggrad.ones(1, dtype=pluggrad.float64))
    assert seen == [(True, False)] and x.grad.tolist() == [2.0]


def test_setup_context():
    class Square(Function):
        @staticmethod
        def forward(x):
            return x * x

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * 2.0 * x

    x = leaf(3.0)
    Square.apply(x).backward(pluggrad.ones(1, dtype=pluggrad.float64))
    assert x.grad.tolist() == [6.0]


def test_needs_input_grad():
    seen = []

    class Product(Function):
        @staticmethod
        def forward(ctx, a, b):
            seen.append(ctx.needs_input_grad)
            return a * b

        @staticmethod
        def backward(ctx, g):
            return g, None

    Product.apply(leaf(1.0), pluggrad.ones(1, dtype=pluggrad.float64))
    Product.apply(pluggrad.ones(1), pluggrad.ones(1))
    assert seen == [(True, False), (False, False)]


def test_mark_non_differentiable():
    class Sign(Function):
        @staticmethod
        def forward(ctx, x):
            s = x * 0.0 + 1.0
            ctx.mark_non_differentiable(s)
            return x * 2.0, s

        @staticmethod
        def backward(ctx, g, _):
            return g * 2.0

    y, s = Sign.apply(leaf(1.0))
    assert y.requires_grad and not s.requires_grad


def test_mark_dirty_makes_the_input_the_output():
    class DoubleInPlace(Function):
        @staticmethod
        def forward(ctx, x):
            x.copy_(x * 2.0)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 2.0

    x = leaf(1.0)
    y = x * 3.0
    z = DoubleInPlace.apply(y)
    assert z is y and y.tolist() == [6.0]
    z.backward(pluggrad.ones(1, dtype=pluggrad.float64))
    assert x.grad.tolist() == [6.0]


def test_returning_the_input_gives_an_alias():
    class Same(Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 5.0

    x = leaf(1.0)
    y = Same.apply(x)
    assert y is not x and x.is_leaf
    y.backward(pluggrad.ones(1, dtype=pluggrad.float64))
    assert x.grad.tolist() == [5.0]


def test_a_saved_input_keeps_its_value_when_it_is_overwritten():
    x = leaf(2.0)
    y = x * 1.0
    z = Cube.apply(y)
    y.copy_(pluggrad.zeros(1, dtype=pluggrad.float64))
    z.backward(pluggrad.ones(1, dtype=pluggrad.float64))
    assert x.grad.tolist() == [12.0]


def test_second_backward_through_freed_values_is_an_error():
    y = Cube.apply(leaf(2.0))
    one = pluggrad.ones(1, dtype=pluggrad.float64)
    y.backward(one)
    with pytest.raises(RuntimeError, match="CubeBackward.*retain_graph=True"):
        y.backward(one)


def test_wrong_number_of_gradients():
    class Wrong(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1.0

        @staticmethod
        def backward(ctx, g):
            return g, g

    with pytest.raises(
        RuntimeError, match=r"WrongBackward returned an incorrect number of gradients \(expected 1, got 2\)"
    ):
        Wrong.apply(leaf(1.0)).backward(pluggrad.ones(1, dtype=pluggrad.float64))


def test_wrong_shape_of_gradient():
    class Wrong(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1.0

        @staticmethod
        def backward(ctx, g):
            return pluggrad.ones(3, dtype=pluggrad.float64)

    with pytest.raises(
        RuntimeError, match=r"WrongBackward returned an invalid gradient at index 0 - got \[3\] but expected .*\[2\]"
    ):
        Wrong.apply(leaf(1.0, 2.0)).backward(pluggrad.ones(2, dtype=pluggrad.float64))


def test_saving_something_else_than_a_tensor():
    class Wrong(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(3)
            return x

    with pytest.raises(TypeError, match="save_for_backward can only save tensors, got int"):
        Wrong.apply(leaf(1.0))


def test_once_differentiable():
    class Once(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @once_differentiable
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * 2.0 * x

    x = leaf(3.0)
    (g,) = pluggrad.autograd.grad(pluggrad.sum(Once.apply(x)), x, create_graph=True)
    assert g.tolist() == [6.0]
    with pytest.raises(RuntimeError, match="once_differentiable"):
        pluggrad.autograd.grad(pluggrad.sum(g * x), x)


# -- beside PyTorch ------------------------------------------------------------------------------------


@pytest.fixture(params=["pluggrad", "torch"])
def lib(request):
    return pluggrad if request.param == "pluggrad" else pytest.importorskip("torch")


def doubles(lib, *values):
    return lib.tensor(list(values), dtype=lib.float64, requires_grad=True)


def test_keyword_arguments_and_defaults(lib):
    class Scaled(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x, factor=2.0):
            ctx.factor = factor
            return x * factor

        @staticmethod
        def backward(ctx, g):
            rest = () if len(ctx.needs_input_grad) == 1 else (g * 10 if ctx.needs_input_grad[1] else None,)
            return (g * ctx.factor, *rest)

    x, w = doubles(lib, 1.0), doubles(lib, 4.0)
    Scaled.apply(x, factor=3.0).backward()
    Scaled.apply(x).backward()
    Scaled.apply(x, factor=w).backward()
    assert x.grad.tolist() == [9.0] and w.grad.tolist() == [10.0]


def test_setup_context_is_given_the_defaults_of_forward(lib):
    class Power(lib.autograd.Function):
        @staticmethod
        def forward(x, n=3):
            return x**n

        @staticmethod
        def setup_context(ctx, inputs, output):
            x, ctx.n = inputs
            ctx.save_for_backward(x)

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * ctx.n * x ** (ctx.n - 1), None

    x = doubles(lib, 2.0)
    Power.apply(x).backward()
    assert x.grad.tolist() == [12.0]


def test_vjp_is_another_name_for_backward(lib):
    class Double(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def vjp(ctx, g):
            return g * 2

    x = doubles(lib, 2.0)
    Double.apply(x).backward()
    assert x.grad.tolist() == [2.0]


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (lambda lib, g: (g, g), "returned an incorrect number of gradients"),
        (lambda lib, g: lib.ones(3, dtype=lib.float64), "returned an invalid gradient at index 0"),
        (lambda lib, g: 3, "expected (Variable|a Tensor) or None"),
    ],
)
def test_what_backward_may_not_return(lib, returned, message):
    class Wrong(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return returned(lib, g)

    with pytest.raises(RuntimeError) as caught:
        Wrong.apply(doubles(lib, 1.0, 2.0)).sum().backward()
    import re

    # One line of PyTorch's message for a wrong type says which, ours says what came, too.
    assert re.search(message, str(caught.value))


def test_what_is_not_implemented(lib):
    class Nothing(lib.autograd.Function):
        pass

    class NoBackward(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

    with pytest.raises(NotImplementedError, match="must implement the forward function"):
        Nothing.apply(doubles(lib, 1.0))
    with pytest.raises(NotImplementedError, match="either the backward or vjp method"):
        NoBackward.apply(doubles(lib, 1.0)).backward()


def test_a_view_that_is_marked_dirty_changes_its_base(lib):
    class DoubleInPlace(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            return x.mul_(2)

        @staticmethod
        def backward(ctx, g):
            return g * 2

    x = doubles(lib, 1.0, 2.0)
    y = x * 1
    DoubleInPlace.apply(y[0])
    y.sum().backward()
    assert y.tolist() == [2.0, 2.0] and x.grad.tolist() == [2.0, 1.0]


def test_outputs_that_are_no_tensors(lib):
    class Mixed(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2, "text", None, lib.tensor([1])

        @staticmethod
        def backward(ctx, g, *others):
            return g * 2

    x = doubles(lib, 1.0)
    a, text, nothing, integer = Mixed.apply(x)
    a.backward()
    assert (text, nothing, integer.requires_grad, x.grad.tolist()) == ("text", None, False, [2.0])


def test_no_gradient_is_lost_in_silence():
    """PyTorch gives tensors without a gradient here."""

    class Listed(Function):
        @staticmethod
        def forward(ctx, x, *, scale=None):
            return [x * 2, x * 3]

    with pytest.raises(RuntimeError, match="returned a list of tensors.*return a tuple"):
        Listed.apply(leaf(1.0))
    with pytest.raises(RuntimeError, match="cannot be a keyword-only argument"):
        Listed.apply(leaf(1.0), scale=leaf(2.0))
