"""The checker checks: right rules pass, planted wrong ones are named, in every mode."""

from __future__ import annotations

import pytest

import pluggrad
from pluggrad.autograd import Function, gradcheck, gradgradcheck
from pluggrad.autograd.gradcheck import GradcheckError


class WrongSquare(Function):
    """x², whose backward forgets the factor 2."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * x


class WrongSecond(Function):
    """x³, whose backward is right but hides part of its own dependence on x."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 3.0 * x * x.detach()


def leaf(*values, dtype=pluggrad.float64):
    return pluggrad.tensor(list(values), dtype=dtype, requires_grad=True)


@pytest.mark.parametrize("fast", [False, True])
def test_right_rules_pass(fast):
    x, y = leaf(0.3, -1.2), leaf(2.0, 0.7)
    assert gradcheck(lambda a, b: (a * b, pluggrad.exp(a)), (x, y), fast_mode=fast)
    assert gradgradcheck(lambda a, b: a * b * a, (x, y), fast_mode=fast)


@pytest.mark.parametrize("fast", [False, True])
def test_complex_functions(fast):
    x = leaf(0.3 + 1j, -1.2 - 0.4j, dtype=pluggrad.complex128)
    y = leaf(1.0, 2.0)
    for f in (
        lambda a: a * a,
        pluggrad.conj,
        lambda a: pluggrad.real(a * pluggrad.conj(a)),
        lambda a: a * pluggrad.conj(a),
    ):
        assert gradcheck(f, x, fast_mode=fast)
    assert gradcheck(lambda a, b: a * b, (x, y), fast_mode=fast)
    assert gradgradcheck(lambda a: a * a * pluggrad.conj(a), x, fast_mode=fast)


def test_a_planted_wrong_rule_is_named_and_shown():
    message = (
        r"output 0 with respect to input 1.*\nnumerical:\n\[\[3, 0\],\n \[0, 4\]\]\n"
        r"analytical:\n\[\[1\.5, 0\],\n \[0, 2\]\]"
    )
    with pytest.raises(GradcheckError, match=message):
        gradcheck(lambda a, b: a + WrongSquare.apply(b), (leaf(1.0, 1.0), leaf(1.5, 2.0)))
    with pytest.raises(GradcheckError, match="fast mode.*numerical: .*analytical: "):
        gradcheck(WrongSquare.apply, leaf(1.5, 2.0), fast_mode=True)


def test_a_planted_wrong_second_derivative():
    x = leaf(1.5)
    assert gradcheck(WrongSecond.apply, x)
    with pytest.raises(GradcheckError, match="Jacobian mismatch"):
        gradgradcheck(WrongSecond.apply, x)


def test_returns_false_on_request():
    assert gradcheck(WrongSquare.apply, leaf(1.5), raise_exception=False) is False


def test_inputs_that_cannot_be_checked():
    with pytest.raises(ValueError, match="at least one input tensor to require gradient"):
        gradcheck(pluggrad.exp, pluggrad.ones(2, dtype=pluggrad.float64))
    with pytest.raises(ValueError, match="returned no tensor"):
        gradcheck(lambda x: 3, leaf(1.0))
    with pytest.raises(ValueError, match="at least one of check_forward_ad or check_backward_ad"):
        gradcheck(pluggrad.exp, leaf(1.0), check_backward_ad=False)
    with pytest.raises(ValueError, match="at least one of check_fwd_over_rev or check_rev_over_rev"):
        gradgradcheck(pluggrad.exp, leaf(1.0), check_rev_over_rev=False)


def test_low_precision_is_a_warning():
    with pytest.warns(
        UserWarning, match=r"input 0 requires a gradient and is float32; central differences need float64"
    ):
        assert gradcheck(pluggrad.exp, leaf(1.0, dtype=pluggrad.float32), eps=1e-2, atol=1e-1, rtol=1e-1)


@pytest.mark.parametrize("fast", [False, True])
def test_everything_that_can_be_checked(fast):
    everything = dict(check_undefined_grad=True, check_grad_dtypes=True, check_batched_grad=True, fast_mode=fast)
    x, y = leaf(0.3, -1.2), leaf(2.0, 0.7)
    z = leaf(0.3 + 1j, -1.2 - 0.4j, dtype=pluggrad.complex128)
    assert gradcheck(lambda a, b: (a * b, pluggrad.exp(a)), (x, y), check_forward_ad=True, **everything)
    assert gradcheck(lambda a, b: a * pluggrad.conj(a) * b, (z, y), check_forward_ad=True, **everything)
    assert gradgradcheck(
        lambda a, b: a * b * a, (x, y), check_fwd_over_rev=True, gen_non_contig_grad_outputs=True, **everything
    )


def test_the_argument_and_the_element_are_named():
    with pytest.raises(GradcheckError, match=r"with respect to input 1 \(second\)") as caught:
        gradcheck(lambda first, second: first + WrongSquare.apply(second), (leaf(1.0, 1.0), leaf(1.5, 2.0)))
    assert "2 of 4 differ, most of all element 1 of the input and 1 of the output: numerical 4, analytical 2" in str(
        caught.value
    )


def test_fast_mode_shows_the_jacobians_where_they_differ():
    with pytest.raises(GradcheckError, match=r"in fast mode(.|\n)*In slow mode:\nJacobian mismatch"):
        gradcheck(WrongSquare.apply, leaf(1.5, 2.0), fast_mode=True)


def test_a_backward_that_is_not_the_same_twice():
    calls = []

    class Fickle(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            calls.append(1)
            return g * (2 + 1e-7 * len(calls))

    for fast in (False, True):
        with pytest.raises(GradcheckError, match="not reentrant"):
            gradcheck(Fickle.apply, leaf(1.0), fast_mode=fast)
        assert gradcheck(Fickle.apply, leaf(1.0), nondet_tol=1e-5, fast_mode=fast)


def test_gradients_of_zero_cotangents():
    class NotLinear(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2 + 1e-7

    for undefined in (True, False):
        with pytest.raises(GradcheckError, match="backward not multiplied by grad_output"):
            gradcheck(NotLinear.apply, leaf(1.0), check_undefined_grad=undefined)


def test_outputs_without_a_cotangent():
    class OfBoth(Function):
        """Two outputs, whose backward is wrong where one has no cotangent."""

        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, a, b):
            return 2 * a + 3 * b if a is not None and b is not None else (a if b is None else b) * 2 + 1

    assert gradcheck(lambda x: sum(OfBoth.apply(x)), leaf(1.0))
    with pytest.raises(GradcheckError, match=r"Jacobian mismatch"):
        gradcheck(OfBoth.apply, leaf(1.0))

    class Late(OfBoth):
        """Right where one alone has a cotangent that is not zero."""

        @staticmethod
        def backward(ctx, a, b):
            total = (0 if a is None else 2 * a) + (0 if b is None else 3 * b)
            return total if a is None or b is None else total * 1.0

    assert gradcheck(Late.apply, leaf(1.0))

    class Undefined(OfBoth):
        @staticmethod
        def backward(ctx, a, b):
            if a is None and not bool((b != 0).any()):
                return b + 1
            return (0 if a is None else 2 * a) + (0 if b is None else 3 * b)

    with pytest.raises(GradcheckError, match="undefined or zero when all output grads are undefined or zero"):
        gradcheck(Undefined.apply, leaf(1.0))
    assert gradcheck(Undefined.apply, leaf(1.0), check_undefined_grad=False)


def test_a_second_derivative_is_seen_in_forward_mode():
    x = leaf(1.5)
    with pytest.raises(GradcheckError, match="Jacobian computed with forward mode mismatch"):
        gradgradcheck(WrongSecond.apply, x, check_fwd_over_rev=True, check_rev_over_rev=False)


# -- forward mode --------------------------------------------------------------------------------------


def product(tangent):
    """The product of two tensors, with a forward-mode rule of its own."""

    class Product(Function):
        @staticmethod
        def forward(x, y):
            return x * y

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.set_materialize_grads(False)
            ctx.save_for_backward(*inputs)
            ctx.save_for_forward(*inputs)

        @staticmethod
        def backward(ctx, g):
            x, y = ctx.saved_tensors
            return g * y.conj(), g * x.conj()

        @staticmethod
        def jvp(ctx, t, u):
            return tangent(*ctx.saved_tensors, t, u)

    return Product.apply


def right(x, y, t, u):
    terms = [a * b for a, b in ((t, y), (u, x)) if a is not None]
    return sum(terms[1:], terms[0])


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("dtype", [pluggrad.float64, pluggrad.complex128])
def test_a_wrong_forward_rule(fast, dtype):
    x, y = leaf(0.3, -1.2, dtype=dtype), leaf(2.0, 0.7, dtype=dtype)
    every = {"check_forward_ad": True, "check_batched_forward_grad": True, "check_grad_dtypes": True, "fast_mode": fast}
    for backward in (True, False):
        assert gradcheck(product(right), (x, y), check_backward_ad=backward, **every)
    wrong = product(lambda x, y, t, u: right(x, y, t, None if u is None else 2 * u))
    assert gradcheck(wrong, (x, y), fast_mode=fast)
    for backward in (True, False):
        message = r"Jacobian computed with forward mode mismatch for output 0 with respect to input 1(.|\n)*numerical:"
        with pytest.raises(GradcheckError, match=message):
            gradcheck(wrong, (x, y), check_backward_ad=backward, **every)


def test_the_part_of_a_complex_input_is_named():
    z = leaf(0.3 + 1j, dtype=pluggrad.complex128)

    def of_real_parts(x, y, t, u):
        return pluggrad.real(t) * y + 0j if t is not None else u * x

    with pytest.raises(GradcheckError, match="While considering the imaginary part of complex inputs only, Jacobian"):
        gradcheck(product(of_real_parts), (z, leaf(2j, dtype=pluggrad.complex128)), check_forward_ad=True)


def test_a_backward_that_is_wrong_passes_where_forward_mode_alone_is_checked():
    x = leaf(1.5, 2.0)

    class Half(WrongSquare):
        @staticmethod
        def jvp(ctx, t):
            return 2.0 * t * ctx.saved_tensors[0]

    assert gradcheck(Half.apply, x, check_forward_ad=True, check_backward_ad=False)
    with pytest.raises(GradcheckError, match="Jacobian mismatch"):
        gradcheck(Half.apply, x, check_forward_ad=True)


def test_an_input_without_a_tangent():
    """Its rule gives something else for None than for zeros."""
    wrong = product(lambda x, y, t, u: right(x, y, t, u) * (2.0 if t is None and bool((u != 0).all()) else 1.0))
    points = leaf(0.3, -1.2), leaf(2.0, 0.7)
    options = {"check_forward_ad": True, "check_backward_ad": False}
    with pytest.raises(GradcheckError, match="for output with index: 0 when input: 0 has an undefined tangent value"):
        gradcheck(wrong, points, **options)
    assert gradcheck(wrong, points, check_undefined_grad=False, **options)


def test_a_wrong_batching_rule():
    class Doubled(Function):
        """Twice a tensor; its batching rule counts the members."""

        @staticmethod
        def forward(x):
            return 2.0 * x

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

        @staticmethod
        def backward(ctx, g):
            return 2.0 * g

        @staticmethod
        def jvp(ctx, t):
            return 2.0 * t

        @staticmethod
        def vmap(info, in_dims, x):
            return 2.0 * x * pluggrad.arange(1.0, info.batch_size + 1, dtype=x.dtype)[:, None], 0

    f = product(lambda x, y, t, u: right(x, y, *(None if a is None else Doubled.apply(a) / 2 for a in (t, u))))
    points = leaf(0.3, -1.2), leaf(2.0, 0.7)
    assert gradcheck(f, points, check_forward_ad=True)
    with pytest.raises(GradcheckError, match="For output 0 and input 0:(.|\\n)*testing batched gradient(.|\\n)*Got:"):
        gradcheck(f, points, check_forward_ad=True, check_batched_forward_grad=True)


def test_an_error_of_a_batched_check_is_told():
    def to_number(x, y, t, u):
        return right(x, y, t, u) * float((t if t is not None else u).sum() * 0 + 1)

    points = leaf(0.3, -1.2), leaf(2.0, 0.7)
    options = {"check_forward_ad": True, "check_undefined_grad": False}
    assert gradcheck(product(to_number), points, **options)
    with pytest.raises(GradcheckError, match="While computing batched gradients, got: vmap"):
        gradcheck(product(to_number), points, check_batched_forward_grad=True, **options)
