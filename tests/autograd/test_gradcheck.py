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

    with pytest.raises(GradcheckError, match="undefined or zero when all output grads are"):
        gradcheck(NotLinear.apply, leaf(1.0))
    assert gradcheck(NotLinear.apply, leaf(1.0), check_undefined_grad=False)


def test_a_second_derivative_is_seen_in_forward_mode():
    x = leaf(1.5)
    with pytest.raises(GradcheckError, match="Directional derivative mismatch"):
        gradgradcheck(WrongSecond.apply, x, check_fwd_over_rev=True, check_rev_over_rev=False)
